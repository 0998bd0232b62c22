"""python-hl7's own asyncio server, used as it is meant: read a message, answer with its ACK. It keeps nothing."""

import asyncio

from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server


async def _serve(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
    while not writer.is_closing():
        try:
            message = await reader.readmessage()
        except asyncio.IncompleteReadError:
            break
        writer.writemessage(message.create_ack())
        await writer.drain()
    writer.close()


async def _main() -> None:
    server = await start_hl7_server(_serve, "127.0.0.1", 0, encoding="utf-8", limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main())
