"""Sends messages over MLLP and gives each its own answer, found by MSA-2: never the next one that happens to come."""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self, cast

from adapter.hl7v2.mllp import Block, Fault, MllpDecoder, encode_block
from adapter.outcome import AdapterError, Problem

_MAX_ANSWER = 1024 * 1024
_QUIET = 0.2
"""Silence after an FS without CR that ends an answer."""
_OTHERS_KEPT = 64
_SEGMENT_ENDS = re.compile(rb"[\r\n]+")


class Reason(Enum):
    """Why a message got no answer."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMED_OUT = "timed-out"
    CLOSED = "closed"
    NOT_MLLP = "not-mllp"
    CONTROL_ID_IN_USE = "control-id-in-use"


class MllpClientError(AdapterError):
    """A message got no answer; ``maybe_received``: the peer may have it all the same, so repeat the very same bytes."""

    def __init__(self, reason: Reason, rule: str, *, maybe_received: bool = False) -> None:
        super().__init__(rule)
        self.reason = reason
        self.maybe_received = maybe_received


def client_context(
    authorities: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """Turn PEM files into a client's TLS context (1.2 or later, host name checked); raises MllpClientError."""
    try:
        context = ssl.create_default_context(cafile=authorities)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            # A password is always given: without one OpenSSL would ask on the terminal.
            context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        raise MllpClientError(Reason.TLS, "the certificate files cannot be used") from error
    return context


def any_answer(_answer: bytes) -> bool:
    """Settle a message by the first answer to it."""
    return True


class MllpClient:
    """One connection to an MLLP listener; up to ``outstanding`` messages wait for their answers at one time.

    Answers that belong to no waiting message (late ones, application acknowledgements, NAKs without MSA-2) are kept
    in ``others``, the newest 64; ``others_seen`` counts them all.
    """

    def __init__(self, link: "_Link", outstanding: int) -> None:
        self._link = link
        self._places = asyncio.Semaphore(outstanding)

    @classmethod
    async def connect(
        cls, host: str, port: int, tls: ssl.SSLContext | None = None, *, seconds: float = 10.0, outstanding: int = 1
    ) -> Self:
        """Open a connection; raises MllpClientError (unreachable, tls, timed-out)."""
        place = f"{host} port {port}"
        try:
            async with asyncio.timeout(seconds):
                _, link = await asyncio.get_running_loop().create_connection(_Link, host, port, ssl=tls)
        except TimeoutError as error:
            raise MllpClientError(Reason.TIMED_OUT, f"no connection to {place} within {seconds:g} s") from error
        except ssl.SSLError as error:
            raise MllpClientError(Reason.TLS, f"no TLS with {place}: {error.reason}") from error
        except OSError as error:
            raise MllpClientError(Reason.UNREACHABLE, f"no connection to {place}: {error.strerror}") from error
        return cls(link, outstanding)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def others(self) -> tuple[bytes, ...]:
        """The newest answers that belong to no waiting message."""
        return tuple(self._link.others)

    @property
    def others_seen(self) -> int:
        """How many answers belonged to no waiting message."""
        return self._link.others_seen

    async def send(
        self,
        payload: bytes,
        timeout: float = 30.0,  # noqa: ASYNC109 - the time-out has a meaning of its own here
        settles: Callable[[bytes], bool] = any_answer,
    ) -> bytes:
        """Turn a message into its answer's payload, whose MSA-2 is the message's MSH-10; raises MllpClientError.

        An answer that does not settle the message (enhanced mode: CA, before AA) goes to ``others``.
        """
        exchange = _Exchange(self._link, payload, settles)
        try:
            async with asyncio.timeout(timeout), self._places:
                return await exchange.run()
        except TimeoutError as error:
            rule = f"no answer to this message within {timeout:g} s; other answers so far: {self.others_seen}"
            raise MllpClientError(Reason.TIMED_OUT, rule, maybe_received=exchange.written) from error

    async def close(self, seconds: float = 5.0) -> None:
        """End the connection; a peer that does not take part in the end within ``seconds`` is cut off."""
        await self._link.close(seconds)


class _Exchange:
    """One message and the wait for its answer."""

    def __init__(self, link: "_Link", payload: bytes, settles: Callable[[bytes], bool]) -> None:
        self._link = link
        self._payload = payload
        self._settles = settles
        self._key = _field(payload, b"MSH", 10)
        self.written = False

    async def run(self) -> bytes:
        link = self._link
        await link.writable.wait()
        # From here to the write nothing is awaited: who waits has been sent.
        if self._key in link.waiting:
            raise MllpClientError(Reason.CONTROL_ID_IN_USE, "a message with the same MSH-10 waits for its answer")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        link.waiting[self._key] = _Waiting(answer, self._settles)
        try:
            link.write(self._payload)
            self.written = True
            return await answer
        finally:
            del link.waiting[self._key]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Who waits for an answer, and which one will do."""

    answer: asyncio.Future[bytes]
    settles: Callable[[bytes], bool]

    def takes(self, payload: bytes) -> bool:
        return not self.answer.done() and self.settles(payload)


class _Link(asyncio.Protocol):
    """The connection's bytes, and who waits for which answer."""

    def __init__(self) -> None:
        self.waiting: dict[bytes, _Waiting] = {}
        self.others: deque[bytes] = deque(maxlen=_OTHERS_KEPT)
        self.others_seen = 0
        self.writable = asyncio.Event()
        self._decoder = MllpDecoder(_MAX_ANSWER)
        self._quiet: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()
        self._end = (Reason.CLOSED, "the connection ended before the answer")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        self._stop_quiet()
        self._sort(self._decoder.feed(data))
        if self._decoder.settles_by_silence:
            loop = asyncio.get_running_loop()
            self._quiet = loop.call_later(_QUIET, lambda: self._sort(self._decoder.quiet()))

    def eof_received(self) -> None:
        self._sort(self._decoder.end())

    def connection_lost(self, _: Exception | None) -> None:
        self._stop_quiet()
        self._gone.set()
        self.writable.set()
        for waiting in self.waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(MllpClientError(*self._end, maybe_received=True))

    def write(self, payload: bytes) -> None:
        if self._transport.is_closing():
            raise MllpClientError(Reason.CLOSED, "the connection ended before the message was sent")
        self._transport.write(encode_block(payload))

    async def close(self, seconds: float) -> None:
        self._transport.close()
        try:
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        except TimeoutError:
            self._transport.abort()

    def _sort(self, items: list[Block | Fault]) -> None:
        for item in items:
            payload = item.payload if isinstance(item, Block) else item.head
            waiting = self.waiting.get(_field(payload, b"MSA", 2)) if isinstance(item, Block) else None
            if waiting is not None and waiting.takes(payload):
                waiting.answer.set_result(payload)
            else:
                self.others.append(payload)
                self.others_seen += 1
            if isinstance(item, Fault) and item.problem is Problem.JUNK_BETWEEN_BLOCKS:
                self._end = (Reason.NOT_MLLP, "what the peer answers is not MLLP")
                self._transport.abort()

    def _stop_quiet(self) -> None:
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None


def _field(payload: bytes, segment_id: bytes, number: int) -> bytes:
    """Give a field of the first such segment as it stands, empty where there is none."""
    separator = payload[3:4]
    if not payload.startswith(b"MSH") or not separator:
        return b""
    for segment in _SEGMENT_ENDS.split(payload):
        fields = segment.split(separator)
        if fields[0] == segment_id:
            # MSH-1 is the separator itself.
            place = number - 1 if segment_id == b"MSH" else number
            return fields[place] if place < len(fields) else b""
    return b""
