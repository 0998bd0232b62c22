"""The socket itself: what is no HTTP, what never arrives, what is in hand when the server stops, and TLS."""

import asyncio
import json
import logging
import ssl

import aiohttp
import pytest
from aiohttp import web
from certificates import own_certificate
from web_fakes import FakeReader, Told, observation, parts, serving

from adapter.fhir.check import check
from adapter.web.application import build_app
from adapter.web.server import LONGEST_LINE, WebServer

SECRET = b"4711-SECRET"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


async def raw(address, request):
    """Send bytes as they are; give the status and the body of what comes back."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    "request_",
    [
        b"GE\x00T /" + SECRET + b" HTTP/1.1\r\n\r\n",
        SECRET + b"\r\n\r\n",
        b"\x0bMSH|^~\\&|" + SECRET + b"\r\x1c\r",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /fhir/Observation?code=\xff" + SECRET + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://" + SECRET + b":99999999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"A: " + SECRET + b"a" * LONGEST_LINE + b"\r\n\r\n",
        b"GET /fhir/Observation?code=" + SECRET + b"a" * LONGEST_LINE + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_what_is_no_http_request_is_400_without_a_byte_of_it(request_, caplog):
    told = Told()
    caplog.set_level(logging.DEBUG)
    async with serving(tell=told) as client:
        status, body = await raw(client.address, request_)

    check(json.loads(body))
    assert status == 400
    assert SECRET not in body
    assert "SECRET" not in caplog.text
    assert told.named("request") == [{"route": "unreadable", "method": "other", "status": 400, "seconds": 0.0}]


@pytest.mark.parametrize("path", [b"/livez", b"/nowhere"])
async def test_an_expectation_that_we_cannot_meet_is_417_without_its_words(path):
    request = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nExpect: " + SECRET + b"\r\nConnection: close\r\n\r\n"
    async with serving() as client:
        status, body = await raw(client.address, request)

    check(json.loads(body))
    assert (status, SECRET in body) == (417, False)


@pytest.mark.parametrize("host", [b'a"b', b"a b", b"a/b", b"<script>", b"\xff", b"x:99999999"])
async def test_a_host_that_is_none_is_400_and_stands_in_no_link(host):
    request = b"GET /fhir/Observation HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    async with serving() as client:
        status, body = await raw(client.address, request)

    assert (status, json.loads(body)["resourceType"]) == (400, "OperationOutcome")


@pytest.mark.parametrize("host", [b"localhost", b"netpet.hospital.example:8443", b"[::1]:8080", b"10.0.0.7"])
async def test_links_call_us_as_the_client_does(host):
    request = b"GET /fhir/Observation HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    async with serving() as client:
        _, body = await raw(client.address, request)

    assert json.loads(body)["link"][0]["url"] == f"http://{host.decode()}/fhir/Observation?_count=50"


async def test_a_form_that_does_not_arrive_is_408():
    head = b"POST /fhir/Observation/_search HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + FORM
    async with serving(form_timeout=0.05) as client:
        status, body = await raw(client.address, head + b"Content-Length: 100\r\n\r\ncode=a")

    assert (status, json.loads(body)["issue"][0]["code"]) == (408, "timeout")


async def test_a_form_that_breaks_off_is_told_of_as_unreadable():
    told = Told()
    head = b"POST /fhir/Observation/_search HTTP/1.1\r\nHost: x\r\n" + FORM
    async with serving(tell=told) as client:
        _, writer = await asyncio.open_connection(*client.address)
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n6\r\ncode=a\r\n")
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.wait_for(told.something.wait(), 5)

    assert told.named("request")[0]["status"] == 400


async def test_a_broken_chunk_is_400():
    head = b"POST /fhir/Observation/_search HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + FORM
    async with serving() as client:
        status, _ = await raw(client.address, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\ncode=a\r\n")

    assert status == 400


async def answer_of(handler):
    """What a client gets of an application that has nothing but one handler."""
    app = web.Application()
    app.router.add_get("/", handler)
    server = WebServer(app, ("127.0.0.1", 0))
    address = await server.start()
    try:
        return await raw(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    finally:
        await server.stop()


async def test_an_answer_that_fails_halfway_is_cut_off_and_never_completed():
    async def fail(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        raise KeyError("DOE^JANE")

    _, body = await answer_of(fail)

    assert body == b"4\r\nhalf\r\n"


async def test_a_failure_that_no_ring_caught_is_500_without_its_words():
    async def fail(request):
        raise KeyError("DOE^JANE")

    status, body = await answer_of(fail)

    assert (status, json.loads(body)["issue"][0]["code"]) == (500, "exception")


async def test_an_address_in_use_is_an_error_at_the_start():
    async with serving() as client:
        second = WebServer(build_app(parts()), client.address)

        with pytest.raises(OSError, match="address already in use"):
            await second.start()


async def test_a_server_says_whether_it_listens():
    server = WebServer(build_app(parts()), ("127.0.0.1", 0))
    before = server.listening
    await server.start()
    during = server.listening
    await server.stop()

    assert (before, during, server.listening) == (False, True, False)


async def test_a_server_that_never_started_can_be_stopped():
    await WebServer(build_app(parts()), ("127.0.0.1", 0)).stop()


class SlowReader(FakeReader):
    """Answers when told."""

    def __init__(self, *entries):
        super().__init__(*entries)
        self.asked_for = asyncio.Event()
        self.go_on = asyncio.Event()

    async def read_resource(self, type_, id_, /):
        self.asked_for.set()
        await self.go_on.wait()
        return await super().read_resource(type_, id_)


async def test_a_request_in_hand_is_answered_when_the_server_stops():
    reader = SlowReader(observation(1))
    server = WebServer(build_app(parts(reader=reader)), ("127.0.0.1", 0))
    host, port = await server.start()
    async with aiohttp.ClientSession() as session:
        answer = asyncio.create_task(session.get(f"http://{host}:{port}/fhir/Observation/o1"))
        await reader.asked_for.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.05)
        reader.go_on.set()
        await stopping

        assert (await answer).status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    own = own_certificate(tmp_path_factory.mktemp("web-tls"))
    return own.certificate, own.key


async def over_tls(certificate, **facts):
    """Read one score over TLS, the client showing the server's own certificate."""
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate[0])
    ours.load_cert_chain(*certificate)
    ours.verify_mode = ssl.CERT_REQUIRED
    theirs = ssl.create_default_context(cafile=certificate[0])
    theirs.load_cert_chain(*certificate)
    server = WebServer(build_app(parts(observation(1), **facts)), ("127.0.0.1", 0), ours)
    host, port = await server.start()
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"https://{host}:{port}/fhir/Observation", ssl=theirs) as answer,
        ):
            return answer.status, await answer.json(content_type=None)
    finally:
        await server.stop()


async def test_over_tls_links_are_https(certificate):
    status, bundle = await over_tls(certificate)

    assert status == 200
    assert bundle["link"][0]["url"].startswith("https://127.0.0.1:")


@pytest.mark.parametrize(("listed", "status"), [(True, 200), (False, 403)])
async def test_only_a_listed_client_certificate_may_read(certificate, listed, status):
    assert (await over_tls(certificate, admits=lambda peer: bool(peer.getpeercert()) and listed))[0] == status
