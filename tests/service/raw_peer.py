"""A sender that writes what bytes it likes, when it likes, and reads the answers with a library that is not ours."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import hl7

BLOCK_END = b"\x1c\r"


@dataclass(frozen=True)
class Answer:
    """One answer: MSA-1, MSA-2, and ERR-5.1 (2.5 and later) or empty; ``raw`` is its payload."""

    code: str
    control_id: str
    problem: str
    raw: bytes


def read_answer(raw: bytes) -> Answer:
    parsed = hl7.parse(raw.decode("utf-8"))
    msa = parsed.segment("MSA")
    errors = parsed.segments("ERR") if "\rERR" in raw.decode("utf-8") else []
    problem = field(errors[0], 5).split("^")[0] if errors else ""
    return Answer(field(msa, 1), field(msa, 2), problem, raw)


def field(segment: Any, number: int) -> str:
    return str(segment[number]) if number < len(segment) else ""


def block(payload: bytes) -> bytes:
    return b"\x0b" + payload + BLOCK_END


class RawPeer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def write(self, *pieces: bytes, pause: float = 0.0) -> None:
        """Send pieces one after the other, with a pause between two."""
        for number, piece in enumerate(pieces):
            if number and pause:
                await asyncio.sleep(pause)
            self.writer.write(piece)
            await self.writer.drain()

    async def payload(self, within: float = 20.0) -> bytes:
        """The payload of the next block."""
        framed = await asyncio.wait_for(self.reader.readuntil(BLOCK_END), within)
        assert framed.startswith(b"\x0b")
        return framed[1:-2]

    async def answer(self) -> Answer:
        return read_answer(await self.payload())

    async def answers(self, count: int) -> list[Answer]:
        return [await self.answer() for _ in range(count)]

    async def silence(self, seconds: float = 0.3) -> bytes:
        """What comes although nothing should: the connection stands, and nobody speaks."""
        try:
            return await asyncio.wait_for(self.reader.read(65536), seconds)
        except TimeoutError:
            return b""


@asynccontextmanager
async def raw_peer(address: tuple[str, int], tls: ssl.SSLContext | None = None) -> AsyncIterator[RawPeer]:
    reader, writer = await asyncio.open_connection(*address, limit=2**26, ssl=tls)
    try:
        yield RawPeer(reader, writer)
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
