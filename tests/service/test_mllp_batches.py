"""A batch, or several messages in one block: each is kept and answered for itself, and nothing is merged or lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mllp_messages import message
from raw_peer import block, raw_peer
from under_test import AdapterUnderTest


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[AdapterUnderTest]:
    async with AdapterUnderTest(tmp_path) as running:
        yield running


SEVERAL = (
    b"BHS|^~\\&|RIS|NUC|NETPET|HOSP|20261120||||BATCH1\r" + message("M1") + message("M2", "refused") + message("M1")
)


async def batch_answer(adapter: AdapterUnderTest, payload: bytes) -> list[list[str]]:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(payload))
        answer = await peer.payload()
        assert await peer.silence() == b""
    return [line.split("|") for line in answer.decode().strip("\r").split("\r")]


async def test_a_batch_is_answered_by_one_batch_with_an_answer_a_message(adapter: AdapterUnderTest) -> None:
    lines = await batch_answer(adapter, SEVERAL + b"BTS|3\r")

    answers = [line[1:3] for line in lines if line[0] == "MSA"]
    assert answers == [["AA", "M1"], ["AR", "M2"], ["AA", "M1"]]
    assert (lines[0][0], lines[0][11], lines[-1]) == ("BHS", "BATCH1", ["BTS", "3"])
    await adapter.settled()
    assert [one.control_id for one in await adapter.service.store.messages()] == ["M1"]


async def test_a_wrong_count_is_an_error_that_names_the_trailer_and_what_came_is_kept(
    adapter: AdapterUnderTest,
) -> None:
    lines = await batch_answer(adapter, SEVERAL + b"BTS|4\r")

    assert [line[1:3] for line in lines if line[0] == "MSA"][-1] == ["AE", "BATCH1"]
    error = [line for line in lines if line[0] == "ERR"][-1]
    assert (error[2], error[5].split("^")[0]) == ("BTS^1^1", "batch-count")
    assert [one.control_id for one in await adapter.service.store.messages()] == ["M1"]


async def test_a_batch_whose_messages_ask_for_nothing_gets_nothing(adapter: AdapterUnderTest) -> None:
    payload = b"BHS|^~\\&|RIS\r" + message("M1", "read", "NE", "NE") + b"BTS|1\r"
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(payload))

        assert await peer.silence(0.5) == b""
    assert [one.control_id for one in await adapter.service.store.messages()] == ["M1"]


async def test_several_messages_in_one_block_are_kept_apart_and_answered_one_by_one(adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("M1") + message("M2", "refused") + message("M3")))
        answers = [(answer.code, answer.control_id) for answer in await peer.answers(3)]
    kept = await adapter.service.store.messages()
    notes = [(await adapter.service.store.message(one.id)).notes for one in kept]

    assert answers == [("AA", "M1"), ("AR", "M2"), ("AA", "M3")]
    assert [one.control_id for one in kept] == ["M3", "M1"]
    assert all("several-messages-in-one-block: 3" in note for note in notes)


async def test_a_batch_that_was_cut_off_is_refused_as_a_batch(adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(b"\x0b" + SEVERAL + block(message("NEXT")))
        cut, following = await peer.payload(), await peer.answer()

    lines = [line.split("|") for line in cut.decode().strip("\r").split("\r")]
    assert [line[1:3] for line in lines if line[0] == "MSA"] == [["AR", "BATCH1"]]
    assert (lines[0][0], following.code) == ("BHS", "AA")
    assert [one.control_id for one in await adapter.service.store.messages()] == ["NEXT"]


async def test_a_batch_sent_twice_gets_the_same_answers_in_a_new_envelope(adapter: AdapterUnderTest) -> None:
    first, second = [await batch_answer(adapter, SEVERAL[: SEVERAL.index(message("M2", "refused"))]) for _ in range(2)]

    assert first[1:] == second[1:]
    assert first[0] != second[0]
    assert len(await adapter.service.store.messages()) == 1
