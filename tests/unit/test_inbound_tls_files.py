"""What a listener makes of its certificate files: at the start, and when they are renewed while it runs."""

from dataclasses import replace
from pathlib import Path

import pytest
from test_inbound_fakes import FakeReceiver, block, connected, serving
from test_inbound_tls import LOCALHOST, Authority

from adapter.inbound.tls import ClientList, Refresh, ServerTls, TlsError, TlsFiles


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


async def test_new_certificate_files_are_used_for_new_handshakes_and_drop_nobody(authority, tmp_path):
    files = moved(authority.issue_files("first", LOCALHOST), tmp_path)
    async with (
        serving(FakeReceiver(), tls=ServerTls(files)) as served,
        connected(served.address, ssl=authority.client()) as before,
    ):
        old = presented(before)
        moved(authority.issue_files("second", LOCALHOST), tmp_path)
        async with connected(served.address, ssl=authority.client()) as after:
            before.write(block("M1"))
            after.write(block("M2"))

            assert (await before.answer(), await after.answer()) == ("AA:M1", "AA:M2")
            assert presented(after) != old
        assert "tls-reloaded" in served.told.names()


async def test_unusable_certificate_files_leave_the_former_ones_at_work(authority, tmp_path):
    files = moved(authority.issue_files("first", LOCALHOST), tmp_path)
    async with serving(FakeReceiver(), tls=ServerTls(files)) as served:
        files.certificate.write_text("half a cert")
        for _ in range(2):
            async with connected(served.address, ssl=authority.client()) as peer:
                peer.write(block("M1"))
                assert await peer.answer() == "AA:M1"

        assert served.told.names().count("tls-reload-failed") == 1


def test_files_that_come_one_after_the_other_are_used_when_both_are_there(authority, tmp_path):
    tls = ServerTls(moved(authority.issue_files("first", LOCALHOST), tmp_path))
    new = authority.issue_files("second", LOCALHOST)

    (tmp_path / "cert.pem").write_bytes(new.certificate.read_bytes())
    assert tls.refresh() is Refresh.FAILED
    (tmp_path / "key.pem").write_bytes(new.key.read_bytes())
    assert tls.refresh() is Refresh.RELOADED
    assert tls.refresh() is Refresh.UNCHANGED


def test_a_reload_by_call_says_why_it_failed_and_keeps_the_former_context(authority, tmp_path):
    files = moved(authority.issue_files("first", LOCALHOST), tmp_path)
    tls = ServerTls(files)
    context = tls.context
    files.key.unlink()

    with pytest.raises(TlsError, match="No such file"):
        tls.reload()

    assert tls.context is context
    assert tls.refresh() is Refresh.FAILED


def test_a_protected_key_opens_with_its_password_file(authority, tmp_path):
    files = authority.issue_files("locked", LOCALHOST, password="open sesame")
    password = tmp_path / "password"
    password.write_text("open sesame\n")

    assert ServerTls(replace(files, key_password=password)).context


def test_a_protected_key_without_its_password_is_an_error_and_no_question(authority):
    files = authority.issue_files("locked", LOCALHOST, password="open sesame")

    with pytest.raises(TlsError):
        ServerTls(files)


def test_a_list_of_clients_without_their_authorities_is_an_error(authority):
    with pytest.raises(TlsError, match="authorities"):
        ServerTls(authority.issue_files("server", LOCALHOST), ClientList(subjects=["CN=ris"]))


def moved(files: TlsFiles, folder: Path) -> TlsFiles:
    """The files under the names that the listener knows, as a renewal puts them there."""
    target = TlsFiles(folder / "cert.pem", folder / "key.pem")
    files.key.replace(target.key)
    files.certificate.replace(target.certificate)
    return target


def presented(peer) -> bytes:
    return peer.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
