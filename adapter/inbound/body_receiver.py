"""From the body of a request to its messages, to page one, and back to one response."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime

from adapter.arrival import Origin, Response
from adapter.hl7v2.batch import split_batch
from adapter.hl7v2.character_sets import codec_of
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.inbound.batch_intake import BatchIntake, TakenPayload
from adapter.inbound.credentials import CredentialSenders
from adapter.intake import Intake
from adapter.outcome import Place, Problem, Refused

PRESSING = (Problem.STORE_UNAVAILABLE, Problem.OVERLOADED, Problem.INTERNAL)
"""What a sender has to repeat the whole body for; what is on disk already is recognised."""

_DECLARATION = Place("MSH", 1, 18)


class BodyReceiver:
    """Answers each body: 200's content only when all of it is on disk; else why, by the first thing that is wrong."""

    def __init__(
        self, intake: Intake, senders: CredentialSenders, clock: Callable[[], datetime], handler_timeout: float
    ) -> None:
        self._batches = BatchIntake(intake, clock)
        self._senders = senders
        self._timeout = handler_timeout

    def origin(self, peer: str, client: str | None, tls: ssl.SSLObject | None) -> Origin | None:
        """Turn what a request shows of its sender into where it comes from; None: it may not send."""
        return self._senders.origin(peer, client, tls)

    def knows(self, charset: str) -> bool:
        """Is the name one of a character set that is known?"""
        return codec_of(charset) is not None

    async def receive(self, body: bytes, origin: Origin, charset: str = "") -> Response:
        """Turn a body into its response; ``charset`` is what the request says of it, which has to be true."""
        mismatch = self._mismatch(body, origin, codec_of(charset) if charset else None)
        if mismatch is not None:
            return self.refuse(body, origin, mismatch)
        try:
            async with asyncio.timeout(self._timeout):
                return _response(await self._batches.take(body, origin))
        except TimeoutError:
            late = Refused(Problem.STORE_UNAVAILABLE, rule="the message was not stored in time")
            return self.refuse(body, origin, late)

    def refuse(self, head: bytes, origin: Origin, refused: Refused) -> Response:
        """Turn what came of a body into its NAK, which names the message or the batch as far as that is known."""
        return _response(self._batches.refuse(head, refused, origin))

    def _mismatch(self, body: bytes, origin: Origin, codec: str | None) -> Refused | None:
        """Is a message read otherwise by its own rule than by what the request says? Then one of the two is wrong."""
        if codec is None or body.isascii():
            return None
        sender = origin.sender
        for message in split_batch(body).messages:
            try:
                header = read_header(message)
                ours = decode_text(
                    message, header, default=sender.charset_default, override=sender.charset_override
                ).text
            except FormatError:
                continue  # It is refused for that.
            if ours != _text(message, codec):
                rule = "the Content-Type names another character set than the message is in"
                return Refused(Problem.CHARACTER_SET, _DECLARATION, rule)
        return None


def _text(message: bytes, codec: str) -> str | None:
    try:
        return message.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None


def _response(came: TakenPayload) -> Response:
    problems = [refused.problem for refused in came.refusals]
    pressing = (problem for problem in problems if problem in PRESSING)
    return Response(b"".join(came.answers), next(pressing, next(iter(problems), None)))
