"""``POST /hl7v2``: a message or a batch in a body, its acknowledgement in the response (HL7 over HTTP)."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from adapter.arrival import Origin, Response
from adapter.fhir.operation_outcome import http_status
from adapter.outcome import Problem, Refused
from adapter.web.access import CLIENT
from adapter.web.faults import Fault, RefusedError

PATH = "/hl7v2"
MEDIA_TYPE = "application/hl7-v2"
MEDIA_TYPES = frozenset({MEDIA_TYPE, "application/hl7-v2+er7", "x-application/hl7-v2+er7"})
"""The last one is what most senders in the field say; XML (``+xml``) is not read."""
HEAD = 64 * 1024
"""Bytes of a body that is too large which are looked at for the message that its answer has to name."""
RETRY_AFTER = {Problem.OVERLOADED: "1", Problem.STORE_UNAVAILABLE: "10"}
"""Seconds after which the same body may be sent again."""


class MessageReceiver(Protocol):
    """Who keeps the messages."""

    def origin(self, peer: str, client: str | None, tls: ssl.SSLObject | None, /) -> Origin | None:
        """Turn what a request shows of its sender into where it comes from; None: it may not send."""
        ...

    def knows(self, charset: str, /) -> bool:
        """Is the name one of a character set that is known?"""
        ...

    async def receive(self, body: bytes, origin: Origin, charset: str, /) -> Response:
        """Turn a body into its response; what is accepted in it is on disk."""
        ...

    def refuse(self, head: bytes, origin: Origin, refused: Refused, /) -> Response:
        """Turn what came of a body into its NAK."""
        ...


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes of one body, bodies at one time, and seconds that one may take to arrive."""

    size: int = 16 * 1024 * 1024
    outstanding: int = 32
    seconds: float = 30.0


@dataclass(slots=True)
class MessageRoute:
    """Takes bodies of HL7 v2: 200 or 204 only when all of one is on disk, else by the table of every problem's status.

    Who may send is decided before anything of the body is read.
    """

    receiver: MessageReceiver
    limits: BodyLimits = BodyLimits()
    _in_hand: int = field(default=0, init=False)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the path."""
        router.add_post(PATH, self.post)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer a body with what became of its messages."""
        tls = request.get_extra_info("ssl_object")
        origin = self.receiver.origin(request.remote or "::", request.get(CLIENT), tls)
        if origin is None:
            raise RefusedError(Fault.NOT_AUTHORISED, "this credential belongs to no sender of messages")
        charset = self._charset(request)
        if self._in_hand >= self.limits.outstanding:
            return self._refused(b"", origin, Refused(Problem.OVERLOADED, rule="too many bodies at one time"))
        self._in_hand += 1
        try:
            return await self._take(request, origin, charset)
        finally:
            self._in_hand -= 1

    async def _take(self, request: web.Request, origin: Origin, charset: str) -> web.Response:
        body, is_whole = await self._body(request)
        if not is_whole:
            refused = Refused(Problem.BLOCK_TOO_LARGE, rule="the body is larger than the limit")
            return self._refused(body, origin, refused)
        return _answer(await self.receiver.receive(body, origin, charset))

    def _refused(self, head: bytes, origin: Origin, refused: Refused) -> web.Response:
        return _answer(self.receiver.refuse(head, origin, refused))

    def _charset(self, request: web.Request) -> str:
        if request.content_type not in MEDIA_TYPES or "Content-Encoding" in request.headers:
            raise RefusedError(Fault.MEDIA_TYPE, f"messages are {MEDIA_TYPE}, not compressed")
        charset = request.charset or ""
        if charset and not self.receiver.knows(charset):
            raise RefusedError(Fault.MEDIA_TYPE, "the charset of the Content-Type is not known")
        return charset

    async def _body(self, request: web.Request) -> tuple[bytes, bool]:
        """Read a body, or the head of one that is too large, and say which of the two it is."""
        fits = (request.content_length or 0) <= self.limits.size
        most = self.limits.size if fits else HEAD
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.seconds):
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > most:
                        return bytes(body[:HEAD]), False
        except TimeoutError:
            raise RefusedError(Fault.BODY_LATE, "the body did not arrive in time") from None
        return bytes(body), fits


def _answer(response: Response) -> web.Response:
    """Turn what a body came to into the HTTP response: without a problem everything is on disk."""
    problem = response.problem
    status = http_status(problem) if problem else 200 if response.answers else 204
    headers = {"Retry-After": RETRY_AFTER[problem]} if problem in RETRY_AFTER else {}
    if not response.answers:
        return web.Response(status=status, headers=headers)
    return web.Response(
        status=status, body=response.answers, headers=headers | {"Content-Type": _type(response.answers)}
    )


def _type(answers: bytes) -> str:
    try:
        answers.decode()
    except UnicodeDecodeError:
        return MEDIA_TYPE  # In the character set of the message, which MSH-18 names.
    return f"{MEDIA_TYPE}; charset=utf-8"
