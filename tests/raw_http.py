"""A server that answers bytes: what no well-behaved library would send."""

import asyncio
from contextlib import asynccontextmanager


class RawServer:
    """Answers each connection's first request with the next of ``answers``; ``requests`` are the bytes that came."""

    def __init__(self, answers):
        self.answers = list(answers)
        self.requests = []
        self.port = 0

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}/fhir"

    async def handle(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head)
            writer.write(self.answers.pop(0) if self.answers else b"")
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(*answers):
    server = RawServer(answers)
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


def http(status, body=b"", **headers):
    """An answer as it is on the wire."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
