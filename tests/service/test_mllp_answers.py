"""What a sender asks for in MSH-15 and MSH-16 is what it gets, in every version, read back by two other libraries."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import hl7
import pytest
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message
from mllp_messages import message
from raw_peer import Answer, RawPeer, block, raw_peer
from under_test import AdapterUnderTest

from adapter.store.views import MessageFilter

VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9")
CONDITIONS = ("", "AL", "NE", "ER", "SU")
OUTCOMES = ("read", "held", "refused")
UNKNOWN_TO_HL7APY = ("2.7.1", "2.9")


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[AdapterUnderTest]:
    async with AdapterUnderTest(tmp_path) as running:
        yield running


def wanted(condition: str, *, good: bool) -> bool:
    return condition == "AL" or condition == ("SU" if good else "ER")


def expected(accept: str, application: str, outcome: str) -> list[str]:
    """Written from the standard's table 0155, not from the program."""
    refused = outcome == "refused"
    if not accept and not application:
        return ["AR" if refused else "AA"]
    codes = [("CR" if refused else "CA")] if wanted(accept, good=not refused) else []
    if refused:
        return codes or (["AR"] if wanted(application, good=False) else [])
    good = outcome == "read"
    return codes + ([("AA" if good else "AE")] if wanted(application, good=good) else [])


CASES = [(accept, application, outcome) for accept in CONDITIONS for application in CONDITIONS for outcome in OUTCOMES]


async def everything(peer: RawPeer, count: int) -> list[Answer]:
    answers = await peer.answers(count)
    assert await peer.silence(0.2) == b""
    return answers


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_combination_is_answered_as_it_was_asked(version: str, adapter: AdapterUnderTest) -> None:
    due = {f"M{number}": expected(*case) for number, case in enumerate(CASES)}
    async with raw_peer(adapter.addresses.mllp) as peer:
        for number, (accept, application, outcome) in enumerate(CASES):
            await peer.write(block(message(f"M{number}", outcome, accept, application, version)))
        answers = await everything(peer, sum(map(len, due.values())))

    given: dict[str, list[str]] = {control_id: [] for control_id in due}
    for answer in answers:
        given[answer.control_id].append(answer.code)
    assert given == due
    await eventually_none_is_undelivered(adapter)
    check_with_hl7apy(answers, version)
    check_errors(answers, version)


async def undelivered(adapter: AdapterUnderTest) -> int:
    await adapter.settled()
    return (await adapter.service.store.counts()).undelivered


def check_with_hl7apy(answers: Sequence[Answer], version: str) -> None:
    """hl7apy has tables of its own for the versions that it knows, and refuses what is not in them."""
    if version in UNKNOWN_TO_HL7APY:
        return
    for answer in answers:
        try:
            parsed = parse_message(answer.raw.decode(), find_groups=False)
        except HL7apyException as error:
            raise AssertionError(answer.raw) from error
        assert parsed.version == version
        assert (parsed.msa.msa_1.value, parsed.msa.msa_2.value) == (answer.code, answer.control_id)


def check_errors(answers: Sequence[Answer], version: str) -> None:
    """A refusal says where and what, an accept says nothing."""
    for answer in answers:
        parsed = hl7.parse(answer.raw.decode())
        errors = [segment for segment in parsed if str(segment[0]) == "ERR"]
        assert bool(errors) is (answer.code[1] != "A"), answer
        assert str(parsed.segment("MSH")[12]) == version


async def test_the_answer_at_commit_comes_before_the_one_after_the_reading(adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        for number in range(30):
            await peer.write(block(message(f"M{number}", "read", "AL", "AL")))
        answers = await peer.answers(60)

    for number in range(30):
        assert [answer.code for answer in answers if answer.control_id == f"M{number}"] == ["CA", "AA"]
    commits = [answer.control_id for answer in answers if answer.code == "CA"]
    assert commits == [f"M{number}" for number in range(30)]


async def test_an_error_after_the_reading_names_the_place_and_the_rule(adapter: AdapterUnderTest) -> None:
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(block(message("M1", "held", "NE", "AL")))

        answer = await peer.answer()

    error = hl7.parse(answer.raw.decode()).segment("ERR")
    assert (answer.code, str(error[2]), str(error[5][0][0])) == ("AE", "OBR^1^25", "field-missing")


async def test_an_answer_that_nobody_waits_for_is_shown_and_goes_out_when_the_message_is_repeated(
    adapter: AdapterUnderTest,
) -> None:
    sent, store = block(message("M1", "read", "NE", "AL")), adapter.service.store
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(sent)
        peer.writer.write_eof()
        assert await peer.reader.read() == b""
    assert await undelivered(adapter) == 1
    (shown,) = await store.messages(MessageFilter(undelivered=True))
    detail = await store.message(shown.id)

    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(sent)
        assert await peer.payload() == detail.application_answer

    await eventually_none_is_undelivered(adapter)
    assert len(await store.messages()) == 1


async def eventually_none_is_undelivered(adapter: AdapterUnderTest) -> None:
    async with asyncio.timeout(5):
        while await undelivered(adapter):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def test_the_same_message_twice_is_one_result_and_the_same_bytes(adapter: AdapterUnderTest) -> None:
    sent = block(message("M1"))
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(sent, sent)
        first, second = await peer.payload(), await peer.payload()
    async with raw_peer(adapter.addresses.mllp) as peer:
        await peer.write(sent)
        third = await peer.payload()
    await adapter.settled()

    assert first == second == third
    assert [one.state for one in await adapter.service.store.messages()] == ["read"]


async def test_the_same_message_after_a_restart_gets_the_same_bytes(tmp_path: Path) -> None:
    sent, payloads = block(message("M1", "read", "AL", "AL")), []
    for _ in range(2):
        async with AdapterUnderTest(tmp_path) as adapter, raw_peer(adapter.addresses.mllp) as peer:
            await peer.write(sent)
            payloads.append((await peer.payload(), await peer.payload()))
            await adapter.settled()

    assert payloads[0] == payloads[1]
