"""The receiver and the peers that the tests of the listener use, and the promises that those make themselves."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from adapter.hl7v2.mllp import Block, Fault, encode_block
from adapter.inbound.events import EVENTS, FACTS
from adapter.inbound.limits import Limits
from adapter.inbound.mllp_server import Listener, MllpServer
from adapter.inbound.receiver import Connection, Reply

QUICK = replace(Limits(), block_timeout=5.0, handler_timeout=5.0, write_timeout=5.0, linger=0.3)


def message(control_id: str, filler: int = 0) -> bytes:
    """A message for nobody, as long as the test needs it."""
    header = f"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|20261120101500+0100||ORU^R01^ORU_R01|{control_id}|P|2.5.1\r"
    return header.encode() + b"OBX|1|TX|||" + b"x" * filler + b"\r"


def block(control_id: str, filler: int = 0) -> bytes:
    return encode_block(message(control_id, filler))


def control_id(payload: bytes) -> str:
    found = re.match(rb"MSH\|[^\r|]*(?:\|[^\r|]*){7}\|([^\r|]*)", payload)
    return found[1].decode() if found else ""


def acknowledgement(code: str, of: str, text: str = "") -> bytes:
    return f"MSH|^~\\&|NETPET|HOSP|RIS|NUCMED|20261120101501+0100||ACK|A{of}|P|2.5.1\rMSA|{code}|{of}|{text}\r".encode()


class FakeReceiver:
    """Accepts every block by its control ID and refuses every fault by its problem; remembers both, in order."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.payloads: list[bytes] = []
        self.connections: list[Connection] = []
        self.faults: list[Fault] = []
        self.at_work = 0
        self.most_at_work = 0

    async def receive(self, block: Block, connection: Connection) -> Reply:
        self.received.append(control_id(block.payload))
        self.payloads.append(block.payload)
        self.connections.append(connection)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            payload = await self.work(control_id(block.payload))
            return Reply() if payload is None else Reply((payload,))
        finally:
            self.at_work -= 1

    async def refuse(self, fault: Fault, connection: Connection) -> Reply:
        self.faults.append(fault)
        return Reply((acknowledgement("AR", control_id(fault.head), fault.problem.value),))

    async def work(self, control_id: str) -> bytes | None:
        return acknowledgement("AA", control_id)


class HeldReceiver(FakeReceiver):
    """Answers nothing before ``gate`` opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def work(self, control_id: str) -> bytes | None:
        await self.gate.wait()
        return await super().work(control_id)


class Peer:
    """A sender on a real socket that does with its bytes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def write(self, *pieces: bytes) -> None:
        self.writer.write(b"".join(pieces))

    async def answer(self) -> str:
        """The next answer as ``code:control ID`` or, for a NAK, ``code:control ID:problem``."""
        framed = await asyncio.wait_for(self.reader.readuntil(b"\x1c\r"), 5)
        assert framed.startswith(b"\x0b")
        msa = next(segment for segment in framed.decode().split("\r") if segment.startswith("MSA"))
        return ":".join(msa.split("|")[1:]).rstrip(":")

    async def answers(self, count: int) -> list[str]:
        return [await self.answer() for _ in range(count)]

    async def rest(self) -> bytes:
        """All that comes until the end of the stream."""
        return await asyncio.wait_for(self.reader.read(), 5)

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def connected(address: tuple[str, int], **options: object) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection(*address, limit=2**26, **options)
    peer = Peer(reader, writer)
    try:
        yield peer
    finally:
        await peer.close()


class Told:
    """Hears a listener's events and holds them to the closed lists."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def __call__(self, name: str, **facts: object) -> None:
        assert name in EVENTS
        assert facts.keys() <= FACTS
        self.events.append((name, facts))

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def count(self, name: str) -> int:
        """How often it was told: what the metric of the events shows."""
        return self.names().count(name)

    def facts(self, name: str) -> dict[str, object]:
        return next(facts for told, facts in self.events if told == name)


class Served:
    """A listener that runs, where it is, and what it told."""

    def __init__(self, server: MllpServer, address: tuple[str, int], told: Told) -> None:
        self.server = server
        self.address = address
        self.told = told

    @property
    def open(self) -> int:
        """The connections of now: those that were opened less those that were closed."""
        return self.told.count("connection-opened") - self.told.count("connection-closed")

    @property
    def refused(self) -> list[object]:
        """Why connections were not served."""
        return [facts["reason"] for name, facts in self.told.events if name == "connection-refused"]


@asynccontextmanager
async def serving(
    receiver, limits: Limits = QUICK, tls=None, listener: Listener | None = None
) -> AsyncIterator[Served]:
    told = Told()
    server = MllpServer(receiver, listener or Listener("door", port=0), limits, tls, told)
    address = await server.start()
    try:
        yield Served(server, address, told)
    finally:
        await server.drain(0.2)


async def eventually(condition, seconds: float = 5.0) -> None:
    """Wait until a condition holds that no answer tells about."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "this never came true"
        await asyncio.sleep(0.005)


async def test_a_peer_reads_an_acknowledgement_as_code_and_control_id():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"
