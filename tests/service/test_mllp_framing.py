"""Bytes as real senders send them, through the running service: the answers that were written down, no deaf line."""

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from raw_peer import Answer, RawPeer, block, raw_peer
from under_test import FIXTURES, AdapterUnderTest, fixture

STREAMS = json.loads((FIXTURES / "framing/expected.json").read_text("utf-8"))
ENDED = [stream for stream in STREAMS if "block-unterminated" not in stream["faults"]]


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[AdapterUnderTest]:
    async with AdapterUnderTest(tmp_path) as running:
        yield running


def names(streams: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("stream", streams, ids=lambda stream: str(stream["name"]))


def message(control_id: str) -> bytes:
    header = f"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|20261117150200+0100||ORU^R01^ORU_R01|{control_id}|P|2.5.1\r"
    return header.encode() + b"PID|1||990001^^^HOSP^MR||DOE^JANE||19600101|F\r"


def agrees(answer: Answer, expected: dict[str, Any]) -> bool:
    return (
        answer.code in expected["ack"]
        and answer.control_id == expected["control_id"]
        and answer.problem == expected.get("problem", "")
    )


async def check(peer: RawPeer, expected: list[dict[str, Any]]) -> None:
    answers = await peer.answers(len(expected))

    assert [agrees(*pair) for pair in zip(answers, expected, strict=True)] == [True] * len(expected), answers


@names(STREAMS)
async def test_a_stream_gets_the_answers_that_were_written_down_and_no_other(
    stream: dict[str, Any], adapter: AdapterUnderTest
) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(fixture(stream["file"]))

        await check(peer, stream["answers"])
        assert await peer.silence() == b""


@names(STREAMS)
@pytest.mark.parametrize("seed", [1, 2])
async def test_a_stream_in_pieces_gets_the_same_answers(
    stream: dict[str, Any], seed: int, adapter: AdapterUnderTest
) -> None:
    sent = fixture(stream["file"])
    cuts = sorted(random.Random(seed).sample(range(1, len(sent)), 8))
    pieces = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(*pieces, pause=0.005)

        await check(peer, stream["answers"])


@names(ENDED)
async def test_the_next_message_on_the_same_connection_is_served(
    stream: dict[str, Any], adapter: AdapterUnderTest
) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(fixture(stream["file"]))
        await peer.answers(len(stream["answers"]))

        await peer.write(block(message("NEXT1")))

        assert (await peer.answer()).control_id == "NEXT1"


@names(STREAMS)
async def test_what_was_accepted_is_kept_and_nothing_else(stream: dict[str, Any], adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(fixture(stream["file"]))
        await peer.answers(len(stream["answers"]))

    await adapter.settled()
    kept = await adapter.service.store.messages()
    accepted = [answer["control_id"] for answer in stream["answers"] if answer["ack"] == ["AA"]]
    assert [one.control_id for one in reversed(kept)] == accepted


async def test_a_block_that_another_one_cut_off_is_refused_and_the_other_is_served(adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(b"\x0b" + message("CUT") + block(message("WHOLE")))

        first, second = await peer.answers(2)

    assert (first.code, first.control_id, first.problem) == ("AR", "CUT", "block-unterminated")
    assert (second.code, second.control_id) == ("AA", "WHOLE")


async def test_too_much_between_blocks_is_answered_before_the_close(adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("M1")), b"x" * 5000)

        first, second = await peer.answers(2)
        assert await peer.reader.read() == b""

    assert (first.code, second.code, second.problem) == ("AA", "AR", "junk-between-blocks")


async def test_a_message_over_the_limit_is_refused_and_the_next_one_is_served(tmp_path: Path) -> None:
    mllp = {"port": 0, "max_block": 20_000}
    async with AdapterUnderTest(tmp_path, mllp=mllp) as adapter, raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("LARGE") + b"NTE|1||" + b"x" * 100_000 + b"\r"), block(message("NEXT")))

        first, second = await peer.answers(2)

    assert (first.code, first.control_id, first.problem) == ("AR", "LARGE", "block-too-large")
    assert (second.code, second.control_id) == ("AA", "NEXT")


@pytest.mark.parametrize("pause", [0.6, pytest.param(5.0, marks=pytest.mark.slow)])
async def test_a_sender_that_pauses_inside_a_block_loses_nothing(pause: float, adapter: AdapterUnderTest) -> None:
    sent = block(message("SLOW"))
    async with raw_peer(adapter.addresses.mllp) as peer, raw_peer(adapter.addresses.mllp) as other:
        await peer.write(sent[:40], sent[40:-2], pause=pause)
        await other.write(block(message("OTHER")))
        assert (await other.answer()).control_id == "OTHER"
        await peer.write(sent[-2:-1], sent[-1:], pause=pause)

        assert [(await peer.answer()).code, await peer.silence()] == ["AA", b""]

    await adapter.settled()
    (kept,) = [one for one in await adapter.service.store.messages() if one.control_id == "SLOW"]
    detail = await adapter.service.store.message(kept.id)
    assert detail.raw == message("SLOW")


@pytest.mark.parametrize(
    ("sent", "note"),
    [
        (b"\r\n\x00" + block(message("M1")), "junk-skipped: 3"),
        (message("M1") + b"\x1c\r", "start-of-block-missing: 1"),
        (b"\x0b" + message("M1") + b"\x1c", "end-of-block-without-cr: 1"),
        (b"\x0b\x1c\r" + block(message("M1")), "empty-block: 1"),
        (block(b"\xef\xbb\xbf" + message("M1")), "byte-order-mark: utf-8"),
        (block(message("M1").replace(b"JANE", "JÄNE".encode())), "character-set-undeclared: MSH-18"),
        (block(message("M1").replace(b"\r", b"\n")), "lf-segment-end: 2"),
        (block(message("M1") + b"ZDS|1\r"), "segment-local: ZDS[1]"),
        (block(message("M1").replace(b"|2.5.1", b"|")), "version-missing: MSH-12"),
    ],
)
async def test_what_is_tolerated_is_shown_with_the_message(sent: bytes, note: str, adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(sent)
        assert (await peer.answer()).code == "AA"
    await adapter.settled()

    (kept,) = await adapter.service.store.messages()
    detail = await adapter.service.store.message(kept.id)
    assert note in detail.notes
    assert len(set(detail.notes)) == len(detail.notes)
