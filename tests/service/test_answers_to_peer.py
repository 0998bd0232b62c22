"""What a message is answered after its reading goes to the peer that its sender named, as far as it is asked for."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from answer_peer import AnswerListener
from answering import ENHANCED, adapter_for, commits, eventually, given_up
from mllp_messages import message
from program import run
from raw_peer import block, raw_peer
from under_test import AdapterUnderTest

from adapter.store.views import MessageFilter


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
