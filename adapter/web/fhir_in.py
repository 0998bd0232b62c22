"""``POST /fhir``, ``POST|PUT /fhir/DiagnosticReport``: reports in, each on disk before it is answered."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from adapter.arrival import Origin
from adapter.fhir.receipts import FhirAnswer
from adapter.outcome import Problem, Refused
from adapter.web.access import CLIENT, may
from adapter.web.answers import fhir_answer
from adapter.web.faults import Fault, RefusedError
from adapter.web.hl7v2_messages import RETRY_AFTER, BodyLimits
from adapter.web.own_address import FHIR_PATH

MEDIA_TYPES = frozenset({"application/fhir+json", "application/json", "application/json+fhir", "text/json"})
VERSIONS = frozenset({"4.0", "4.0.1"})
"""What ``fhirVersion`` of the Content-Type may say."""
REPORT = f"{FHIR_PATH}/DiagnosticReport"
ID = "{id:[A-Za-z0-9.-]{1,64}}"


class FhirReceiver(Protocol):
    """Who keeps the reports."""

    def origin(self, peer: str, client: str | None, tls: ssl.SSLObject | None, /) -> Origin | None:
        """Turn what a request shows of its sender into where it comes from; None: it may not send."""
        ...

    def refuse(self, refused: Refused, origin: Origin, /) -> FhirAnswer:
        """Turn a refusal that was found before the body was looked at into its answer."""
        ...

    async def bundle(self, body: bytes, origin: Origin, /) -> FhirAnswer:
        """Turn a Bundle into its answer; what is accepted in it is on disk."""
        ...

    async def report(self, body: bytes, origin: Origin, id_: str | None, /, *, updated: bool) -> FhirAnswer:
        """Turn a DiagnosticReport into its answer; it is on disk then."""
        ...


@dataclass(slots=True)
class FhirInRoutes:
    """Takes bodies of FHIR from who may write; that is decided before anything of the body is read."""

    receiver: FhirReceiver
    limits: BodyLimits = field(default_factory=BodyLimits)
    _in_hand: int = field(default=0, init=False)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        for base in (FHIR_PATH, f"{FHIR_PATH}/"):
            router.add_post(base, self.post_bundle)
        router.add_post(REPORT, self.post_report)
        router.add_put(REPORT, self.put_report)
        router.add_put(f"{REPORT}/{ID}", self.put_report)

    async def post_bundle(self, request: web.Request) -> web.StreamResponse:
        """Answer a Bundle."""
        return await self._take(request, "c", self.receiver.bundle)

    async def post_report(self, request: web.Request) -> web.StreamResponse:
        """Answer a new DiagnosticReport."""
        return await self._take(
            request, "c", lambda body, origin: self.receiver.report(body, origin, None, updated=False)
        )

    async def put_report(self, request: web.Request) -> web.StreamResponse:
        """Answer a DiagnosticReport that its sender knows by an id, or by a search."""
        id_ = request.match_info.get("id")
        return await self._take(
            request, "u", lambda body, origin: self.receiver.report(body, origin, id_, updated=True)
        )

    async def _take(self, request: web.Request, right: str, receive: "Receive") -> web.StreamResponse:
        origin = self._origin(request, right)
        check_media_type(request)
        if self._in_hand >= self.limits.outstanding:
            refused = Refused(Problem.OVERLOADED, rule="too many bodies at one time")
            return await answered(self.receiver.refuse(refused, origin))
        self._in_hand += 1
        try:
            body = await read_body(request, self.limits)
            if body is None:
                refused = Refused(Problem.BLOCK_TOO_LARGE, rule="the body is larger than the limit")
                return await answered(self.receiver.refuse(refused, origin))
            return await answered(await receive(body, origin))
        finally:
            self._in_hand -= 1

    def _origin(self, request: web.Request, right: str) -> Origin:
        tls = request.get_extra_info("ssl_object")
        origin = self.receiver.origin(request.remote or "::", request.get(CLIENT), tls)
        if origin is None or not may(request, "DiagnosticReport", right):
            raise RefusedError(Fault.NOT_AUTHORISED, "this credential may not write reports")
        return origin


class Receive(Protocol):
    """Turns a body and its origin into the answer."""

    async def __call__(self, body: bytes, origin: Origin, /) -> FhirAnswer:
        """Receive."""
        ...


def check_media_type(request: web.Request) -> None:
    """Turn a body that is no FHIR JSON of R4 into RefusedError, 415."""
    content_type = request.content_type
    version = _parameter(request, "fhirVersion")
    charset = (request.charset or "utf-8").lower()
    wrong_kind = content_type not in MEDIA_TYPES or "Content-Encoding" in request.headers
    if wrong_kind or charset not in ("utf-8", "utf8") or (version and version not in VERSIONS):
        raise RefusedError(Fault.MEDIA_TYPE, "bodies are application/fhir+json of R4, in UTF-8, not compressed")


def _parameter(request: web.Request, name: str) -> str:
    for part in request.headers.get("Content-Type", "").split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name.lower():
            return value.strip().strip('"')
    return ""


async def read_body(request: web.Request, limits: BodyLimits) -> bytes | None:
    """Turn a request into its body, None for one that is too large; raises RefusedError for one that is late."""
    if (request.content_length or 0) > limits.size:
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limits.size:
                    return None
    except TimeoutError:
        raise RefusedError(Fault.BODY_LATE, "the body did not arrive in time") from None
    return bytes(body)


async def answered(answer: FhirAnswer) -> web.Response:
    """Turn an answer into the HTTP response that brings it."""
    headers = {"Location": f"{FHIR_PATH}/{answer.location}"} if answer.location else {}
    if answer.problem in RETRY_AFTER:
        headers["Retry-After"] = RETRY_AFTER[answer.problem]
    response = await fhir_answer(answer.resource, headers)
    response.set_status(answer.status)
    return response
