"""One request and its answer: whole, within its limits, to the configured address alone."""

import asyncio
import gzip
import ssl
import zlib
from contextlib import asynccontextmanager

import pytest
from certificates import CertificateAuthority, subject
from fhir_deliveries import client_of
from raw_http import http, raw_server
from yarl import URL

from adapter.delivery import DeliveryError
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.exchange import Exchange, ExchangeLimits
from adapter.outbound.fhir_client import Request

METADATA = Request("GET", "metadata")
DEVICE = b'{"resourceType":"Device","id":"1"}'


async def asked(server, request=METADATA, **limits):
    client = client_of(server.base, limits=ExchangeLimits(**({"timeout": 2} | limits)))
    try:
        return await client.send(request)
    finally:
        await client.close()


async def refused(server, **limits):
    with pytest.raises(DeliveryError) as caught:
        await asked(server, **limits)
    assert not caught.value.permanent
    return str(caught.value)


async def test_an_answer_comes_back_with_its_resource_and_headers():
    async with raw_server(http(200, DEVICE, ETag='W/"3"')) as server:
        answer = await asked(server)

    assert (answer.status, answer.version, answer.resource) == (200, "3", {"resourceType": "Device", "id": "1"})


@pytest.mark.parametrize("body", [b"<html>DOE^JANE</html>", b"", b"\x00\xff" * 50, b"{" * 5000, b'{"a":1,"a":2}'])
async def test_a_body_that_is_no_fhir_is_an_answer_all_the_same(body):
    async with raw_server(http(503, body)) as server:
        assert (await asked(server)).resource is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_wherever_it_leads(status):
    async with raw_server() as elsewhere, raw_server(http(status, Location=elsewhere.base)) as server:
        assert (await asked(server)).status == status
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", b"no http at all\r\n\r\n", b"\x16\x03\x01"]
)
async def test_an_answer_that_is_none_says_that_nobody_knows(answer):
    async with raw_server(answer) as server:
        assert "no whole answer" in await refused(server)


async def test_nobody_at_the_address_says_so():
    async with raw_server() as server:
        pass
    assert "no whole answer" in await refused(server)


@pytest.mark.parametrize(
    ("packed", "coding"),
    [(gzip.compress(DEVICE, mtime=0), "gzip"), (zlib.compress(DEVICE), "deflate"), (DEVICE, "identity")],
)
async def test_an_answer_may_be_packed(packed, coding):
    async with raw_server(http(200, packed, Content_Encoding=coding)) as server:
        assert (await asked(server)).resource == {"resourceType": "Device", "id": "1"}


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_not_unpacked():
    bomb = gzip.compress(b"0" * 50_000_000)
    async with raw_server(http(200, bomb, Content_Encoding="gzip")) as server:
        assert "destination.max_answer" in await refused(server, max_answer=100_000)


async def test_a_long_answer_is_not_read():
    async with raw_server(http(200, b"0" * 200_000)) as server:
        assert "destination.max_answer" in await refused(server, max_answer=100_000)


async def test_what_is_packed_wrongly_is_no_answer():
    async with raw_server(http(200, b"not gzip", Content_Encoding="gzip")) as server:
        assert "no whole answer" in await refused(server)


async def test_a_request_says_what_it_wants_and_that_no_cache_may_answer():
    async with raw_server(http(200, DEVICE)) as server:
        await asked(server)
        (head,) = server.requests

    assert head.startswith(b"GET /fhir/metadata HTTP/1.1")
    assert b"Accept: application/fhir+json" in head
    assert b"Cache-Control: no-cache" in head
    assert b"Cookie" not in head


async def test_a_query_is_encoded_whole():
    async with raw_server(http(200, DEVICE)) as server:
        await asked(server, Request("GET", "Device", {"identifier": "urn:oid:1.2|a b+c&d=e#f"}))
        (head,) = server.requests

    assert (
        head.split(b" ")[1].partition(b"?")[2].replace(b"%3A", b":") == b"identifier=urn:oid:1.2%7Ca+b%2Bc%26d%3De%23f"
    )


async def test_a_server_that_fails_again_and_again_is_left_in_peace():
    async with raw_server(*[http(503)] * 20) as server:
        client = client_of(server.base)
        for _ in range(5):
            await client.send(METADATA)
        with pytest.raises(DeliveryError) as caught:
            await client.send(METADATA)
        await client.close()

    assert len(server.requests) == 5
    assert caught.value.retry_after is not None


@asynccontextmanager
async def https(context):
    """A server that answers over TLS; ``seen`` are the subjects of the certificates shown."""
    seen = []

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        seen.append(writer.get_extra_info("peercert"))
        writer.write(http(200, DEVICE))
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield URL(f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/fhir/metadata"), seen
    finally:
        listener.close()
        await listener.wait_closed()


def server_context(authority, folder):
    files = authority.issue("server", subject(("CN", "fhir")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(authority.certificate)
    return context


async def test_a_server_whose_certificate_nobody_we_trust_issued_gets_nothing(tmp_path):
    context = server_context(CertificateAuthority(tmp_path), tmp_path)
    async with https(context) as (url, seen), Exchange(ExchangeLimits(), ClientTls(ClientTlsFiles())) as exchange:
        with pytest.raises(DeliveryError):
            await exchange.send("GET", url, {})
    assert seen == []


async def test_our_certificate_is_shown_where_it_is_asked_for(tmp_path):
    authority = CertificateAuthority(tmp_path)
    context = server_context(authority, tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    password = tmp_path / "password"
    password.write_text("secret\n")
    ours = authority.issue("ours", subject(("CN", "netpet")), "secret")
    files = ClientTlsFiles(authority.certificate, ours.certificate, ours.key, password)
    async with https(context) as (url, seen), Exchange(ExchangeLimits(), ClientTls(files)) as exchange:
        assert (await exchange.send("GET", url, {})).status == 200
    assert seen[0]["subject"] == ((("commonName", "netpet"),),)


def test_new_certificate_files_make_a_new_context_and_broken_ones_do_not(tmp_path):
    authority = CertificateAuthority(tmp_path)
    ours = authority.issue("ours", subject(("CN", "netpet")))
    tls = ClientTls(ClientTlsFiles(authority.certificate, ours.certificate, ours.key))
    first = tls.context()
    assert tls.context() is first

    ours.certificate.write_text("half a certif")
    assert tls.context() is first

    authority.issue("ours", subject(("CN", "netpet")))
    assert tls.context() is not first


def test_files_that_never_were_usable_are_named_by_their_setting(tmp_path):
    with pytest.raises(DeliveryError, match=r"destination\.tls"):
        ClientTls(ClientTlsFiles(tmp_path / "none.pem")).context()
