"""A sender's own listener for application level answers: a real socket that takes, refuses, breaks off or is down."""

import asyncio
from collections.abc import Iterable
from typing import Any

from adapter.hl7v2.header import Header, read_header
from adapter.hl7v2.mllp import encode_block


class AnswerListener:
    """Accepts every answer (CA); ``faults`` are taken first, one a message: ``deaf``, ``close``, or a code to answer.

    ``open`` takes the port that it had before, so that it can be down for a while.
    """

    def __init__(self, *faults: str, tls: Any = None) -> None:
        self.faults = list(faults)
        self.received: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._tls = tls
        self._came = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "AnswerListener":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Be down: nobody connects, and who was connected is cut off."""
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    @property
    def settings(self) -> dict[str, Any]:
        """What makes it the peer of a sender."""
        return {"host": "127.0.0.1", "port": self.port, "encrypted": False, "answer_timeout": 0.3}

    async def has(self, count: int, within: float = 10.0) -> list[bytes]:
        """Wait until so many messages came; gives them."""
        async with asyncio.timeout(within), self._came:
            await self._came.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def has_answers_to(self, names: Iterable[str], within: float = 10.0) -> None:
        """Wait until the answers to these messages came, however often."""
        wanted = set(names)
        async with asyncio.timeout(within), self._came:
            await self._came.wait_for(lambda: wanted <= {control_id for _, control_id in self.answered()})

    def answered(self) -> list[tuple[str, str]]:
        """MSA-1 and MSA-2 of what came, in order."""
        return [answered(payload) for payload in self.received]

    def headers(self) -> list[Header]:
        return [read_header(payload) for payload in self.received]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while await self._take((await reader.readuntil(b"\x1c\r"))[1:-2], writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _take(self, payload: bytes, writer: asyncio.StreamWriter) -> bool:
        fault = self.faults.pop(0) if self.faults else "CA"
        if fault not in ("close", "deaf"):
            writer.write(encode_block(acknowledgement(fault, payload)))
        async with self._came:
            self.received.append(payload)
            self._came.notify_all()
        return fault != "close"


def answered(payload: bytes) -> tuple[str, str]:
    """MSA-1 and MSA-2 of an answer."""
    fields = next(line for line in payload.split(b"\r") if line.startswith(b"MSA")).decode().split("|")
    return fields[1], fields[2]


def acknowledgement(code: str, payload: bytes) -> bytes:
    """The peer's own answer; ``code`` may be followed by an error condition, as in ``AE 207``."""
    msa, _, condition = code.partition(" ")
    error = f"ERR|||{condition}^^HL70357|E\r" if condition else ""
    control_id = read_header(payload).control_id
    return f"MSH|^~\\&|RIS||NETPET||20261122||ACK|P1|P|2.5.1\rMSA|{msa}|{control_id}\r{error}".encode()
