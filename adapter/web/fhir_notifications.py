"""``/subscriptions/<source>``: what a FHIR server's subscription sends us, rest-hook of R4 or Backport of R5."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from adapter.fhir.receipts import FhirAnswer, refusal
from adapter.outcome import NOWHERE, Problem
from adapter.web.faults import Fault, RefusedError
from adapter.web.fhir_in import ID, answered, check_media_type, read_body
from adapter.web.hl7v2_messages import BodyLimits

PATH = "/subscriptions/{source:[A-Za-z0-9._-]{1,64}}"


class SubscriptionDoor(Protocol):
    """Who takes the requests of one subscription; each answer is given when what it says is on disk."""

    def admits(self, shown: str | None, /) -> bool:
        """Is it the subscription's own secret?"""
        ...

    async def ping(self) -> FhirAnswer:
        """Take an empty request."""
        ...

    async def deleted(self) -> FhirAnswer:
        """Take the deletion of a report."""
        ...

    async def report(self, body: bytes, id_: str, /) -> FhirAnswer:
        """Take a report."""
        ...

    async def bundle(self, body: bytes, /) -> FhirAnswer:
        """Take a notification, or a Bundle of reports."""
        ...


@dataclass(frozen=True, slots=True)
class NotifiedSource:
    """A source's door, and the header in which its server shows the secret."""

    door: SubscriptionDoor
    header: str


@dataclass(slots=True)
class NotificationRoutes:
    """Takes notifications of the sources by name; who does not show the secret learns nothing, not even the names."""

    sources: Mapping[str, NotifiedSource]
    limits: BodyLimits = field(default_factory=BodyLimits)
    _in_hand: int = field(default=0, init=False)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        for path in (PATH, f"{PATH}/"):
            router.add_post(path, self.post)
        router.add_put(f"{PATH}/DiagnosticReport/{ID}", self.put_report)
        router.add_delete(f"{PATH}/DiagnosticReport/{ID}", self.delete_report)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer a notification, or a request without a body."""
        door = self._door(request)
        if not request.body_exists:
            return await answered(await door.ping())

        async def take(body: bytes) -> FhirAnswer:
            return await (door.bundle(body) if body.strip() else door.ping())

        return await self._take(request, take)

    async def put_report(self, request: web.Request) -> web.StreamResponse:
        """Answer a report that was created or changed."""
        door, id_ = self._door(request), request.match_info["id"]
        return await self._take(request, lambda body: door.report(body, id_))

    async def delete_report(self, request: web.Request) -> web.StreamResponse:
        """Answer a report that was deleted."""
        return await answered(await self._door(request).deleted())

    def _door(self, request: web.Request) -> SubscriptionDoor:
        source = self.sources.get(request.match_info["source"])
        if source is None or not source.door.admits(request.headers.get(source.header)):
            raise RefusedError(Fault.NOT_AUTHENTICATED, "this request does not show the subscription's secret")
        return source.door

    async def _take(self, request: web.Request, take: Callable[[bytes], Awaitable[FhirAnswer]]) -> web.Response:
        if request.content_length != 0:
            check_media_type(request)
        if self._in_hand >= self.limits.outstanding:
            return await answered(refusal(Problem.OVERLOADED, NOWHERE, "too many bodies at one time"))
        self._in_hand += 1
        try:
            body = await read_body(request, self.limits)
            if body is None:
                return await answered(refusal(Problem.BLOCK_TOO_LARGE, NOWHERE, "the body is larger than the limit"))
            return await answered(await take(body))
        finally:
            self._in_hand -= 1
