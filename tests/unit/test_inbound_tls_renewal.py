"""A server that keeps one context takes renewed certificate files all the same, and the authorities of its clients."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from certificates import CertificateAuthority, subject

from adapter.inbound.tls import Refresh, ServerTls, TlsFiles
from adapter.outbound.mllp_client import client_context

LOCALHOST, RIS = subject(("CN", "localhost")), subject(("CN", "ris"))


def authority(folder: Path) -> CertificateAuthority:
    folder.mkdir()
    return CertificateAuthority(folder)


def written(issuer: CertificateAuthority, folder: Path, name: str) -> TlsFiles:
    """A certificate of the issuer under names that stay the same."""
    issued = issuer.issue(name, LOCALHOST)
    files = TlsFiles(folder / "server.pem", folder / "server.key", client_authorities=folder / "clients.pem")
    for source, target in (
        (issued.certificate, files.certificate),
        (issued.key, files.key),
        (issuer.certificate, folder / "clients.pem"),
    ):
        target.write_bytes(source.read_bytes())
    return files


class Greeting(asyncio.Protocol):
    """Says one word to whoever finished the handshake."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


@asynccontextmanager
async def serving(context: ssl.SSLContext) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(Greeting, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def greeted(port: int, trusted: CertificateAuthority, client: CertificateAuthority) -> bool:
    own = client.issue("client", RIS)
    context = client_context(trusted.certificate, own.certificate, own.key)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        try:
            return await reader.read() == b"hello"
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    except OSError:
        return False


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_renewed_files_hold_from_the_next_handshake_on(tmp_path: Path, version: ssl.TLSVersion) -> None:
    first, second = authority(tmp_path / "first"), authority(tmp_path / "second")
    told: list[Refresh] = []
    tls = ServerTls(written(first, tmp_path, "server"))
    context = tls.renewing_context(told.append)
    context.maximum_version = version
    async with serving(context) as port:
        before = await greeted(port, first, first), await greeted(port, first, second)
        written(second, tmp_path, "server")
        after = await greeted(port, second, second), await greeted(port, second, first)

    assert before == (True, False)
    assert after == (True, False)
    assert told == [Refresh.RELOADED]


async def test_files_that_cannot_be_used_leave_the_former_ones_at_work(tmp_path: Path) -> None:
    issuer = authority(tmp_path / "issuer")
    told: list[Refresh] = []
    files = written(issuer, tmp_path, "server")
    async with serving(ServerTls(files).renewing_context(told.append)) as port:
        files.certificate.write_text("half a cert")
        served = [await greeted(port, issuer, issuer) for _ in range(2)]

    assert (served, told) == ([True, True], [Refresh.FAILED])


async def test_a_server_that_asks_for_no_client_certificates_goes_on_so(tmp_path: Path) -> None:
    issuer = authority(tmp_path / "issuer")
    files = replace(written(issuer, tmp_path, "server"), client_authorities=None)
    async with serving(ServerTls(files).renewing_context(lambda _: None)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_context(issuer.certificate))
        greeting = await reader.read()
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    assert greeting == b"hello"
