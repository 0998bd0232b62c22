"""What a message is answered after its reading goes to the peer that its sender named, whatever befalls either side."""

import asyncio
import json
import signal
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answer_peer import AnswerListener, answered
from certificates import CertificateAuthority
from mllp_messages import message
from own_certificate import OwnCertificate
from program import Serving, run
from raw_peer import RawPeer, block, raw_peer
from under_test import AdapterUnderTest

from adapter.store.views import MessageFilter

ENHANCED = ("AL", "AL")


@asynccontextmanager
async def adapter_for(folder: Path, peer: AnswerListener, **entry: Any):
    """A service whose only sender has its answers go to the peer."""
    sender = {"name": "default", "answers_to": peer.settings | entry}
    async with AdapterUnderTest(folder, mllp={"port": 0, "senders": [sender]}) as running:
        yield running


async def commits(raw: RawPeer, *payloads: bytes) -> list[tuple[str, str]]:
    """Send messages; gives what is answered at once."""
    await raw.write(*(block(payload) for payload in payloads))
    return [(one.code, one.control_id) for one in await raw.answers(len(payloads))]


async def undelivered(adapter: AdapterUnderTest) -> int:
    return (await adapter.service.store.counts()).undelivered


async def eventually(adapter: AdapterUnderTest, count: int) -> None:
    """Wait until so many answers are undelivered."""
    async with asyncio.timeout(20):
        while await undelivered(adapter) != count:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def test_the_answer_after_the_reading_goes_to_the_peer_and_the_one_at_commit_comes_back(tmp_path: Path) -> None:
    async with (
        AnswerListener() as peer,
        adapter_for(tmp_path, peer) as adapter,
        raw_peer(adapter.addresses.mllp) as raw,
    ):
        given = await commits(raw, message("M1", "read", *ENHANCED), message("M2", "held", *ENHANCED))
        await peer.has(2)
        await eventually(adapter, 0)
        silence = await raw.silence()

    assert given == [("CA", "M1"), ("CA", "M2")]
    assert sorted(peer.answered()) == [("AA", "M1"), ("AE", "M2")]
    assert {(one.accept_ack, one.application_ack) for one in peer.headers()} == {("AL", "NE")}
    assert silence == b""


@pytest.mark.parametrize(
    ("outcome", "asks", "at_once", "to_the_peer"),
    [
        ("read", ("AL", "NE"), ["CA"], []),
        ("read", ("AL", "ER"), ["CA"], []),
        ("held", ("AL", "SU"), ["CA"], []),
        ("held", ("NE", "ER"), [], ["AE"]),
        ("read", ("", ""), ["AA"], []),
        ("refused", ("AL", "AL"), ["CR"], []),
        ("refused", ("NE", "AL"), ["AR"], []),
    ],
)
async def test_the_peer_gets_what_msh_16_asks_for_and_no_refusal(
    tmp_path: Path, outcome: str, asks: tuple[str, str], at_once: list[str], to_the_peer: list[str]
) -> None:
    """A refused message is not kept: its sender is told on the spot, and has to know it there."""
    async with (
        AnswerListener() as peer,
        adapter_for(tmp_path, peer) as adapter,
        raw_peer(adapter.addresses.mllp) as raw,
    ):
        await raw.write(block(message("M1", outcome, *asks)), block(message("LAST", "read", "AL", "AL")))
        given = await raw.answers(len(at_once) + 1)
        await adapter.settled()
        await peer.has(len(to_the_peer) + 1)

    assert [one.code for one in given] == [*at_once, "CA"]
    assert [code for code, control_id in peer.answered() if control_id == "M1"] == to_the_peer


async def test_a_peer_that_is_down_costs_no_sender_anything_and_gets_all_in_order_when_it_is_back(
    tmp_path: Path,
) -> None:
    names = [f"M{number}" for number in range(20)]
    async with (
        AnswerListener() as peer,
        adapter_for(tmp_path, peer) as adapter,
        raw_peer(adapter.addresses.mllp) as raw,
    ):
        await peer.close()
        for name in names:
            assert await commits(raw, message(name, "read", *ENHANCED)) == [("CA", name)]
        await adapter.settled()
        assert await undelivered(adapter) == len(names)

        await peer.open()
        await peer.has(len(names), within=30)
        await eventually(adapter, 0)

    assert peer.answered() == [("AA", name) for name in names]


async def test_what_waits_is_sent_after_a_restart(tmp_path: Path) -> None:
    peer = AnswerListener()
    async with peer:
        await peer.close()
        async with adapter_for(tmp_path, peer) as adapter, raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            await adapter.settled()
        await peer.open()
        async with adapter_for(tmp_path, peer) as adapter:
            await peer.has(1)
            await eventually(adapter, 0)

    assert peer.answered() == [("AA", "M1")]


@pytest.mark.parametrize("fault", ["close", "deaf", "AR", "CE 207"])
async def test_what_was_not_accepted_is_sent_again_in_the_same_bytes_after_a_restart(
    tmp_path: Path, fault: str
) -> None:
    async with AnswerListener(fault) as peer:
        async with adapter_for(tmp_path, peer) as adapter, raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            await peer.has(1)
        async with adapter_for(tmp_path, peer) as adapter:
            await peer.has(2)
            await eventually(adapter, 0)

    assert len(set(peer.received)) == 1


@pytest.mark.slow
async def test_a_service_that_is_killed_owes_its_answers_still(tmp_path: Path) -> None:
    async with AnswerListener() as peer:
        config = tmp_path / "site.yaml"
        entry = {"name": "default", "answers_to": {**peer.settings, "answer_timeout": "0.3"}}
        config.write_text(json.dumps({"mllp": {"senders": [entry]}, "store": {"url": f"sqlite:///{tmp_path}/n.db"}}))
        await peer.close()
        with Serving(tmp_path, "--config", config) as service:
            async with raw_peer(service.address("mllp")) as raw:
                names = [f"M{number}" for number in range(5)]
                await commits(raw, *(message(name, "read", *ENHANCED) for name in names))
            await asyncio.to_thread(service.wait_for, '"event": "answer-failed"')
            service.end(signal.SIGKILL)
        await peer.open()
        with Serving(tmp_path, "--config", config) as service:
            await peer.has(5)
            assert service.end() == 0
            delivered = service.said("answer-delivered")

    assert {control_id for _, control_id in peer.answered()} == set(names)
    assert {(line["listener"], line["sender"]) for line in delivered} == {("mllp", "default")}


async def test_a_message_that_is_repeated_has_its_answer_sent_again(tmp_path: Path) -> None:
    async with AnswerListener() as peer, adapter_for(tmp_path, peer) as adapter:
        for count in (1, 2):
            async with raw_peer(adapter.addresses.mllp) as raw:
                assert await commits(raw, message("M1", "read", *ENHANCED)) == [("CA", "M1")]
            await peer.has(count)
            await eventually(adapter, 0)

    assert len(set(peer.received)) == 1


async def test_what_is_refused_for_good_is_not_repeated_holds_up_nothing_and_is_listed(tmp_path: Path) -> None:
    async with AnswerListener("AE 101") as peer, adapter_for(tmp_path, peer) as adapter:
        async with raw_peer(adapter.addresses.mllp) as raw:
            await commits(raw, message("M1", "read", *ENHANCED))
            await peer.has(1)
            await commits(raw, message("M2", "read", *ENHANCED))
            await peer.has(2)
        await eventually(adapter, 1)
        (shown,) = await adapter.service.store.messages(MessageFilter(undelivered=True))
        _, listed = await adapter.get("/dead-letters")

    assert peer.answered() == [("AA", "M1"), ("AA", "M2")]
    assert listed["answers"] == [
        {
            "message": shown.id,
            "listener": "mllp",
            "sender": "default",
            "problem": "refused: AE, 101",
            "at": adapter.now.isoformat(),
        }
    ]


@pytest.mark.slow
async def test_what_is_too_old_is_given_up_and_sent_again_on_a_person_s_word(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("it-desk:0123456789abcdef\n")
    async with AnswerListener() as peer:
        await peer.close()
        sender = {"name": "default", "answers_to": peer.settings | {"give_up_after": 1}}
        sections = {"mllp": {"port": 0, "senders": [sender]}, "security": {"api_keys": str(keys)}}
        async with AdapterUnderTest(tmp_path, **sections) as adapter:
            async with raw_peer(adapter.addresses.mllp) as raw:
                await commits(raw, message("M1", "read", *ENHANCED))
            await adapter.settled()
            adapter.now += timedelta(hours=1)
            await given_up(adapter)
            metrics = adapter.service.telemetry.metrics().decode()

            config = tmp_path / "site.yaml"
            config.write_text(
                json.dumps({"http": {"port": adapter.addresses.http[1]}, "security": sections["security"]})
            )
            command = ("replay", "--dead", "--config", config)
            listed = await asyncio.to_thread(run, *command, folder=tmp_path)
            await peer.open()
            again = await asyncio.to_thread(run, *command, "--reason", "line mended", folder=tmp_path)
            await peer.has(1)
            await eventually(adapter, 0)

    assert 'netpet_answers_returned_total{listener="mllp",outcome="given-up",sender="default"} 1.0' in metrics
    assert "answer to mllp/default given up" in listed.stdout
    assert listed.stdout.endswith("0 dead letter(s)\n1 answer(s) given up\n")
    assert again.stdout == "0 score(s) will be delivered again\n1 answer(s) will be sent again\n"


async def given_up(adapter: AdapterUnderTest) -> None:
    async with asyncio.timeout(20):
        while not await adapter.service.store.answers.given_up():  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def test_only_when_gone_an_answer_goes_back_on_a_connection_that_stands(tmp_path: Path) -> None:
    async with AnswerListener() as peer, adapter_for(tmp_path, peer, when="gone") as adapter:
        async with raw_peer(adapter.addresses.mllp) as raw:
            await raw.write(block(message("M1", "read", *ENHANCED)))
            codes = [one.code for one in await raw.answers(2)]
        await eventually(adapter, 0)

    assert (codes, peer.received) == (["CA", "AA"], [])


async def test_only_when_gone_an_answer_goes_to_the_peer_where_the_connection_ended(tmp_path: Path) -> None:
    async with AnswerListener() as peer, adapter_for(tmp_path, peer, when="gone") as adapter:
        async with raw_peer(adapter.addresses.mllp) as raw:
            await raw.write(block(message("M1", "read", "NE", "AL")))
            raw.writer.write_eof()
            assert await raw.reader.read() == b""
        await peer.has(1)
        await eventually(adapter, 0)

    assert peer.answered() == [("AA", "M1")]


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
