"""Each sender's answers go to its own peer, from every door, over TLS where that is asked for."""

import asyncio
from pathlib import Path

from answer_peer import AnswerListener, answered
from answering import ENHANCED, adapter_for, commits, eventually, undelivered
from certificates import CertificateAuthority
from mllp_messages import message
from own_certificate import OwnCertificate
from raw_peer import raw_peer
from under_test import AdapterUnderTest


async def test_one_sender_s_answers_go_to_its_own_peer(tmp_path: Path) -> None:
    async with AnswerListener() as near, AnswerListener() as far:
        senders = [
            {"name": "here", "networks": ["127.0.0.1/32"], "answers_to": near.settings},
            {"name": "default", "answers_to": far.settings},
        ]
        async with AdapterUnderTest(tmp_path, mllp={"port": 0, "senders": senders}) as adapter:
            async with raw_peer(adapter.addresses.mllp) as raw:
                await commits(raw, message("M1", "read", *ENHANCED))
            await near.has(1)

    assert (near.answered(), far.received) == ([("AA", "M1")], [])


async def test_a_body_by_http_is_answered_to_the_peer_too(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("ris-south:0123456789abcdef\n")
    async with AnswerListener() as peer:
        sender = {"name": "ris", "api_clients": ["ris-south"], "ack": "auto", "answers_to": peer.settings}
        http = {"port": 0, "hl7v2": {"enabled": True, "senders": [sender]}}
        headers = {"Content-Type": "application/hl7-v2", "Authorization": "Bearer 0123456789abcdef"}
        async with AdapterUnderTest(tmp_path, http=http, security={"api_keys": str(keys)}) as adapter:
            body = message("M1", "held", *ENHANCED)
            async with adapter.http.post("/hl7v2", data=body, headers=headers) as answer:
                at_once = (answer.status, answered(await answer.read()))
            await peer.has(1)

    assert at_once == (200, ("CA", "M1"))
    assert peer.answered() == [("AE", "M1")]


async def test_a_file_is_answered_to_the_peer_too(tmp_path: Path) -> None:
    for name in ("in", "done", "wrong"):
        (tmp_path / name).mkdir()
    async with AnswerListener() as peer:
        drop = {"folder": tmp_path / "in", "archive": tmp_path / "done", "errors": tmp_path / "wrong", "poll": 0.02}
        sender = {"name": "files", "answers_to": peer.settings}
        async with AdapterUnderTest(tmp_path, drop=drop | {"sender": sender}):
            (tmp_path / "one.hl7").write_bytes(message("M1", "read", *ENHANCED))
            (tmp_path / "one.hl7").rename(tmp_path / "in/one.hl7")
            await peer.has(1)
    beside = (tmp_path / "done/one.hl7.ack").read_bytes()

    assert answered(beside) == ("CA", "M1")
    assert peer.answered() == [("AA", "M1")]


async def test_an_answer_goes_over_tls_to_a_peer_that_is_known(tmp_path: Path) -> None:
    certificate = OwnCertificate(tmp_path)
    async with AnswerListener(tls=certificate.server()) as peer:
        entry = {"encrypted": True, "tls": {"authorities": str(certificate.file)}}
        async with adapter_for(tmp_path, peer, **entry) as adapter, raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            await peer.has(1)
            await eventually(adapter, 0)

    assert peer.answered() == [("AA", "M1")]


async def test_a_peer_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    certificate, other = OwnCertificate(tmp_path), CertificateAuthority(tmp_path)
    async with AnswerListener(tls=certificate.server()) as peer:
        entry = {"encrypted": True, "tls": {"authorities": str(other.certificate)}}
        async with adapter_for(tmp_path, peer, **entry) as adapter, raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            labels = {"listener": "mllp", "sender": "default", "outcome": "failed"}
            registry = adapter.service.telemetry.registry
            async with asyncio.timeout(10):
                while not registry.get_sample_value("netpet_answers_returned_total", labels):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            waiting = await undelivered(adapter)

    assert (peer.received, waiting) == ([], 1)
