"""``/messages``: what was kept, in which state and why, and the closing of problems and of answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from adapter.web.access import client_with_key
from adapter.web.faults import Fault, RefusedError
from adapter.web.request_body import body_of

PATH = "/messages"
ONE = f"{PATH}/{{id:[A-Za-z0-9.-]{{1,64}}}}"
STATES = frozenset({"received", "read", "held", "ignored", "closed"})


class CloseRequest(BaseModel):
    """Why a problem is closed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class MessagesControl(Protocol):
    """Who knows the messages; each call may raise StoreUnavailableError."""

    async def standing(self, states: tuple[str, ...], before: int | None) -> Mapping[str, Any]:
        """Give the messages in these states (none: all), the last received first, with ``next`` for the page after."""
        ...

    async def message(self, message_id: str) -> Mapping[str, Any]:
        """Give what is known of a message, without what it says; raises RefusedError."""
        ...

    async def close(self, message_id: str, reason: str, client: str) -> Mapping[str, Any]:
        """Close a message's problem for a client; raises RefusedError for none, or one that has no problem."""
        ...

    async def close_answer(self, message_id: str, reason: str, client: str) -> Mapping[str, Any]:
        """Close a message's answer that was given up; raises RefusedError for none, or one that was not."""
        ...


@dataclass(frozen=True, slots=True)
class KeptMessageRoutes:
    """Answers in JSON, without a patient's value; a closing needs an API key, on loopback too."""

    control: MessagesControl

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_get(PATH, self.list)
        router.add_get(ONE, self.get)
        router.add_post(f"{ONE}/close", self.close)
        router.add_post(f"{ONE}/answer/close", self.close_answer)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Answer a page of messages, of the states that ``state`` names, with commas between them."""
        states = tuple(state for state in request.query.get("state", "").split(",") if state)
        if set(states) - STATES:
            raise RefusedError(Fault.PARAMETER_INVALID, f"state is of: {', '.join(sorted(STATES))}", "state")
        before = request.query.get("before", "")
        if before and not (before.isascii() and before.isdigit() and len(before) < 19):
            raise RefusedError(Fault.PARAMETER_INVALID, "before is what next said of the page before", "before")
        return web.json_response(dict(await self.control.standing(states, int(before) if before else None)))

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer what is known of a message."""
        return web.json_response(dict(await self.control.message(request.match_info["id"])))

    async def close(self, request: web.Request) -> web.StreamResponse:
        """Answer that a problem is closed: 409 where there is none."""
        return web.json_response(dict(await self.control.close(*await _asked_closing(request))))

    async def close_answer(self, request: web.Request) -> web.StreamResponse:
        """Answer that an answer which was given up is closed: 409 where it was not."""
        return web.json_response(dict(await self.control.close_answer(*await _asked_closing(request))))


async def _asked_closing(request: web.Request) -> tuple[str, str, str]:
    """Turn a request into its message, its reason and the client whose key it showed; raises RefusedError."""
    client = client_with_key(request)
    asked = await body_of(request, CloseRequest, 'say why in JSON: {"reason": "..."}, at most 500 characters')
    return request.match_info["id"], asked.reason, client
