"""Who a TLS listener lets in, and that new certificates cost nobody a connection."""

import asyncio
import ssl
import warnings
from dataclasses import replace

import pytest
from certificates import CertificateAuthority, Parts, Pem, subject
from test_inbound_fakes import QUICK, FakeReceiver, HeldReceiver, block, connected, eventually, serving

from adapter.inbound.tls import ClientList, ServerTls, TlsFiles, server_context
from adapter.outbound.mllp_client import MllpClient, MllpClientError, Reason, client_context


class Authority(CertificateAuthority):
    """Issues what a listener and its clients load."""

    def issue_files(self, name: str, parts: Parts, password: str | None = None) -> TlsFiles:
        files = self.issue(name, parts, password)
        return TlsFiles(files.certificate, files.key)

    def client(self, files: TlsFiles | None = None) -> ssl.SSLContext:
        if files is None:
            return client_context(self.certificate)
        return client_context(self.certificate, files.certificate, files.key)


LOCALHOST = subject(("CN", "localhost"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server_files(authority):
    return authority.issue_files("server", LOCALHOST)


@pytest.fixture(scope="module")
def ris(authority):
    return authority.issue_files("ris", subject(("C", "DE"), ("O", "Hospital, North"), ("CN", "ris")))


@pytest.fixture
def mutual(authority, server_files):
    return replace(server_files, client_authorities=authority.certificate)


async def test_messages_over_tls_are_answered_in_order(authority, server_files):
    async with (
        serving(FakeReceiver(), tls=ServerTls(server_files)) as served,
        connected(served.address, ssl=authority.client()) as peer,
    ):
        peer.write(*(block(f"M{number}", 2000) for number in range(50)))

        assert await peer.answers(50) == [f"AA:M{number}" for number in range(50)]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_living_versions_of_tls_are_spoken(authority, server_files, version):
    context = authority.client()
    context.minimum_version = context.maximum_version = version
    async with (
        serving(FakeReceiver(), tls=ServerTls(server_files)) as served,
        connected(served.address, ssl=context) as peer,
    ):
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"


async def test_an_older_version_of_tls_is_refused(authority, server_files):
    context = authority.client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(FakeReceiver(), tls=ServerTls(server_files)) as served:
        with pytest.raises(OSError):
            await asyncio.open_connection(*served.address, ssl=context)

        await eventually(lambda: served.told.count("handshake-failed") == 1)
        assert served.told.facts("handshake-failed")["reason"] == "UNSUPPORTED_PROTOCOL"


def test_every_suite_has_forward_secrecy_and_authenticated_encryption(server_files):
    suites = [suite["name"] for suite in server_context(server_files).get_ciphers()]

    assert all(name.startswith(("TLS_", "ECDHE-")) for name in suites)
    assert all("GCM" in name or "CHACHA20" in name for name in suites)


async def test_a_peer_that_speaks_no_tls_is_closed_and_counted(server_files):
    async with serving(FakeReceiver(), tls=ServerTls(server_files)) as served, connected(served.address) as peer:
        peer.write(block("M1"))

        assert b"MSA" not in await peer.rest()
        await eventually(lambda: served.told.count("handshake-failed") == 1)


async def test_a_handshake_that_never_ends_is_given_up_and_its_place_given_again(authority, server_files):
    limits = replace(QUICK, handshake_timeout=0.1, max_connections=1)
    async with serving(FakeReceiver(), limits, ServerTls(server_files)) as served:
        async with connected(served.address) as silent:
            await asyncio.gather(silent.rest(), return_exceptions=True)
        await eventually(lambda: served.told.count("handshake-failed") == 1)
        async with connected(served.address, ssl=authority.client()) as peer:
            peer.write(block("M1"))

            assert await peer.answer() == "AA:M1"


async def test_a_drain_does_not_wait_for_a_handshake(server_files):
    async with serving(FakeReceiver(), tls=ServerTls(server_files)) as served, connected(served.address) as silent:
        await eventually(lambda: served.server._opening)

        assert await asyncio.wait_for(served.server.drain(5), 1) == 0
        await asyncio.gather(silent.rest(), return_exceptions=True)


async def test_a_fault_over_tls_is_answered_before_the_close(authority, server_files):
    async with (
        serving(FakeReceiver(), tls=ServerTls(server_files)) as served,
        connected(served.address, ssl=authority.client()) as peer,
    ):
        peer.write(block("M1"), b"x" * 300_000)

        assert await peer.answers(2) == ["AA:M1", "AR::junk-between-blocks"]
        assert await peer.rest() == b""


@pytest.mark.parametrize("leave", [lambda peer: peer.writer.close(), lambda peer: peer.writer.transport.abort()])
async def test_what_a_sender_sent_over_tls_before_it_left_reaches_the_receiver(authority, server_files, leave):
    receiver = HeldReceiver()
    limits = replace(QUICK, max_outstanding=3)
    async with serving(receiver, limits, ServerTls(server_files)) as served:
        async with connected(served.address, ssl=authority.client()) as peer:
            peer.write(*(block(f"M{number}") for number in range(40)))
            await eventually(lambda: receiver.at_work == 3)
            leave(peer)
            await asyncio.sleep(0.05)
            receiver.gate.set()

        await eventually(lambda: len(receiver.received) == 40)


async def test_a_drained_tls_listener_answers_what_is_in_hand(authority, server_files):
    receiver = HeldReceiver()
    async with (
        serving(receiver, tls=ServerTls(server_files)) as served,
        connected(served.address, ssl=authority.client()) as peer,
    ):
        peer.write(block("M1"))
        await eventually(lambda: receiver.at_work == 1)
        draining = asyncio.create_task(served.server.drain(5))
        receiver.gate.set()

        assert await peer.answer() == "AA:M1"
        assert await peer.rest() == b""
        await peer.close()
        assert await draining == 0


async def test_a_client_certificate_names_the_sender(authority, mutual, ris):
    receiver = FakeReceiver()
    async with (
        serving(receiver, tls=ServerTls(mutual)) as served,
        connected(served.address, ssl=authority.client(ris)) as peer,
    ):
        peer.write(block("M1"))
        await peer.answer()

    assert receiver.connections[0].certificate_subject == Pem(ris.certificate, ris.key).subject
    assert served.told.facts("connection-opened")["certificate"] == "CN=ris,O=Hospital\\, North,C=DE"


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (subject(("CN", "#1")), r"CN=\#1"),
        (subject(("CN", " a ")), "CN=\\ a\\ "),
        (subject(("CN", 'a+b\\c"d<e>f;g,h')), r"CN=a\+b\\c\"d\<e\>f\;g\,h"),
        (
            [[("CN", "a")], [("OU", "b"), ("serialNumber", "7")], [("emailAddress", "x@y.example")]],
            "emailAddress=x@y.example,OU=b+serialNumber=7,CN=a",
        ),
    ],
)
async def test_a_subject_is_written_as_openssl_prints_it(authority, mutual, parts, written):
    files = authority.issue_files("odd", parts)
    receiver = FakeReceiver()
    async with (
        serving(receiver, tls=ServerTls(mutual)) as served,
        connected(served.address, ssl=authority.client(files)) as peer,
    ):
        peer.write(block("M1"))
        await peer.answer()

    assert receiver.connections[0].certificate_subject == written


async def test_a_peer_without_the_certificate_that_is_asked_for_is_not_served(authority, mutual):
    receiver = FakeReceiver()
    async with serving(receiver, tls=ServerTls(mutual)) as served:
        with pytest.raises(MllpClientError) as caught:
            async with await MllpClient.connect("localhost", served.address[1], authority.client()) as client:
                await client.send(block("M1"), 5)

        assert caught.value.reason in (Reason.CLOSED, Reason.TLS)
        await eventually(lambda: served.told.count("handshake-failed") == 1)
    assert receiver.received == []


async def test_a_certificate_of_another_authority_is_not_served(authority, mutual, tmp_path):
    stranger = Authority(tmp_path).issue_files("ris", subject(("CN", "ris")))
    receiver = FakeReceiver()
    async with serving(receiver, tls=ServerTls(mutual)) as served:
        async with connected(served.address, ssl=authority.client(stranger)) as peer:
            peer.write(block("M1"))
            await asyncio.gather(peer.rest(), return_exceptions=True)

        assert served.told.count("handshake-failed") == 1
    assert receiver.received == []


async def test_a_listed_subject_is_served(authority, mutual, ris):
    clients = ClientList(subjects=["CN=ris,O=Hospital\\, North,C=DE"])
    async with (
        serving(FakeReceiver(), tls=ServerTls(mutual, clients)) as served,
        connected(served.address, ssl=authority.client(ris)) as peer,
    ):
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"


async def test_a_listed_fingerprint_is_served(authority, mutual, ris):
    clients = ClientList(fingerprints=[Pem(ris.certificate, ris.key).fingerprint])
    async with (
        serving(FakeReceiver(), tls=ServerTls(mutual, clients)) as served,
        connected(served.address, ssl=authority.client(ris)) as peer,
    ):
        peer.write(block("M1"))

        assert await peer.answer() == "AA:M1"


async def test_a_valid_certificate_that_is_not_listed_is_closed_and_counted(authority, mutual, ris):
    receiver = FakeReceiver()
    clients = ClientList(subjects=["CN=ris", "CN=ris,O=Hospital"], fingerprints=["00" * 32])
    async with serving(receiver, tls=ServerTls(mutual, clients)) as served:
        async with connected(served.address, ssl=authority.client(ris)) as peer:
            peer.write(block("M1"))
            await asyncio.gather(peer.rest(), return_exceptions=True)

        await eventually(lambda: served.told.count("connection-closed") == 1)
        assert (served.refused, served.open) == (["certificate-not-listed"], 0)
    assert receiver.received == []
