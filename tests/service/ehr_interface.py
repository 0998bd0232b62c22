"""An EHR's results interface on a real socket: keeps what it is sent, and answers or misbehaves as it is told."""

import asyncio
from contextlib import asynccontextmanager

from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.mllp import encode_block


class EhrInterface:
    """Accepts every result; ``faults`` are taken first, one a message: ``deaf``, ``close``, or a code to answer."""

    def __init__(self, *faults: str) -> None:
        self.faults = list(faults)
        self.received: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.received.append((await reader.readuntil(b"\x1c\r"))[1:-2])
                fault = self.faults.pop(0) if self.faults else "AA"
                if fault == "close":
                    break
                if fault != "deaf":
                    writer.write(encode_block(answer(fault, self.received[-1])))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @property
    def messages(self) -> list[Message]:
        """What it was sent, in order."""
        return [Message.parse(payload.decode()) for payload in self.received]

    def grades(self) -> dict[str, str]:
        """Order number -> the grade that stands there, as one who files by order and code sees it."""
        held: dict[str, str] = {}
        for message in self.messages:
            order, row = message.all("OBR")[0].value(3), message.all("OBX")[0]
            held[order] = row.value(5)
            if row.value(11) in "DWX":
                del held[order]
        return held


def answer(code: str, payload: bytes) -> bytes:
    """The answer to a message, with a code and nothing else."""
    control_id = read_header(payload).control_id
    return f"MSH|^~\\&|EHR||NETPET||20261122||ACK|A1|P|2.5.1\rMSA|{code}|{control_id}\r".encode()


@asynccontextmanager
async def ehr(*faults: str):
    """An interface that listens on loopback, and the settings that make it the destination."""
    interface = EhrInterface(*faults)
    server = await asyncio.start_server(interface.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield (
            interface,
            {"plan": "oru", "mllp": {"host": host, "port": port, "encrypted": False, "answer_timeout": 0.3}},
        )
    finally:
        server.close()
        await server.wait_closed()
