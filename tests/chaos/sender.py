"""A sender that never gives up: what was not accepted is sent again, and each accept stands in a ledger on disk."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

START, END = b"\x0b", b"\x1c\r"
REFUSED_PAUSE = 0.05
"""Seconds before a refused message is sent again."""
ANSWER_WITHIN = 20.0

Address = Callable[[], tuple[str, int] | None]


class Ledger:
    """Which messages were accepted: told to a file, which is synced, before it counts."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab")
        self.accepted: dict[bytes, int] = {}
        self.refused = 0

    def accept(self, payload: bytes) -> None:
        self._file.write(control_id(payload) + b"\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())
        self.accepted[payload] = self.accepted.get(payload, 0) + 1

    def close(self) -> None:
        self._file.close()


class Sender:
    """A few connections that take from one row of messages and send up to ``ahead`` of them before an answer."""

    def __init__(self, messages: Iterator[bytes], ledger: Ledger, address: Address) -> None:
        self._messages = messages
        self._ledger = ledger
        self._address = address
        self.listeners: list[Callable[[str], None]] = []
        self.stopping = False
        self.pace: Callable[[], float] = lambda: 0.0

    async def run(self, connections: int, ahead: int) -> None:
        """Send until ``stopping``, and then until everything taken from the row is accepted."""
        await asyncio.gather(*(self._connection(ahead) for _ in range(connections)))

    async def _connection(self, ahead: int) -> None:
        waiting: deque[bytes] = deque()
        while waiting or not self.stopping:
            address = self._address()
            try:
                if address is None:
                    raise ConnectionError
                await self._talk(address, waiting, ahead)
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(0.01)

    async def _talk(self, address: tuple[str, int], waiting: deque[bytes], ahead: int) -> None:
        reader, writer = await asyncio.open_connection(*address)
        try:
            for payload in waiting:
                writer.write(START + payload + END)
            while waiting or not self.stopping:
                while len(waiting) < ahead and not self.stopping:
                    waiting.append(next(self._messages))
                    writer.write(START + waiting[-1] + END)
                await writer.drain()
                await self._hear(reader, writer, waiting)
        finally:
            writer.transport.abort()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: deque[bytes]) -> None:
        """Answers come in the order of the messages; a refused one is sent once more, behind the others."""
        answer = await asyncio.wait_for(reader.readuntil(END), ANSWER_WITHIN)
        code, told = acknowledgement(answer)
        payload = waiting.popleft()
        if told != control_id(payload):
            raise AssertionError("an answer to another message")
        if code == b"AA":
            self._ledger.accept(payload)
            for tell in list(self.listeners):
                tell("accepted")
            await asyncio.sleep(self.pace())
            return
        self._ledger.refused += 1
        waiting.append(payload)
        await asyncio.sleep(REFUSED_PAUSE)
        writer.write(START + payload + END)


def control_id(payload: bytes) -> bytes:
    return payload.split(b"\r", 1)[0].split(b"|")[9]


def acknowledgement(block: bytes) -> tuple[bytes, bytes]:
    """Turn an answer into MSA-1 and MSA-2."""
    fields = next(line for line in block.split(b"\r") if line.startswith(b"MSA")).split(b"|")
    return fields[1], fields[2]
