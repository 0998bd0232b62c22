"""The outermost ring: whatever happens inside, a client gets an OperationOutcome, and one line says that it did."""

import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from adapter.outcome import StoreUnavailableError
from adapter.web.answers import refusal
from adapter.web.faults import Fault, RefusedError
from adapter.web.telling import Tell, tell_safely

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_URL = 8192
"""Characters of path and query; a longer search goes by form."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BY_STATUS = {
    400: (Fault.REQUEST_UNREADABLE, "the request cannot be read"),
    404: (Fault.NOT_FOUND, "nothing is served under this path"),
    405: (Fault.METHOD, "this path does not take this method"),
    413: (Fault.BODY_TOO_LARGE, "the body is larger than a search can be"),
}
_RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Boundary:
    """Turns everything that a handler may raise into an answer, and tells of each request without its words."""

    tell: Tell

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stand around every handler and every other middleware."""
        started = time.monotonic()
        response = await self._answer(request, handler)
        tell_safely(
            self.tell,
            "request",
            route=route_name(request),
            method=request.method if request.method in _METHODS else "other",
            status=response.status,
            seconds=round(time.monotonic() - started, 6),
        )
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if len(request.raw_path) > MAX_URL:
                raise RefusedError(Fault.URL_TOO_LONG, "search by form: POST to _search")  # noqa: TRY301 - one table
            return await handler(request)
        except RefusedError as error:
            return refusal(error)
        except StoreUnavailableError:
            rule = "what is kept cannot be read now"
            return refusal(RefusedError(Fault.STORE_UNAVAILABLE, rule, headers=dict(_RETRY_AFTER)))
        except web.HTTPException as error:
            return refusal(_translated(error))
        except (ConnectionError, web.RequestPayloadError):
            return refusal(RefusedError(Fault.REQUEST_UNREADABLE, "the body broke off"))
        except Exception as error:  # noqa: BLE001 - nothing of what went wrong inside may reach the client
            tell_safely(self.tell, "request-failed", route=route_name(request), error=_where(error))
            return refusal(RefusedError(Fault.INTERNAL, "the request could not be answered; it was logged"))


def route_name(request: web.Request) -> str:
    """Turn a request into the pattern of the path that it took, never the path itself."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def _translated(error: web.HTTPException) -> RefusedError:
    fault, rule = _BY_STATUS.get(error.status, _BY_STATUS[400])
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return RefusedError(fault, rule, headers=allow)


def _where(error: Exception) -> str:
    """The kind of an error and the line that raised it; its text may hold anything."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"
