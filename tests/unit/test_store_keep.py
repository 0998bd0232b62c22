"""A message is kept once, whole and in its order, and an answer is given only when the disk has it."""

import asyncio
import signal
from dataclasses import replace

import pytest
from store_places import url
from test_store_samples import JANE, JOHN, NOON, arrival, child, dues, later, line, opened

from adapter.outcome import Ignored

KEEPER = """
import asyncio, sys
from test_store_samples import arrival, opened

async def main():
    async with opened(sys.argv[1]) as store:
        for number in range(int(sys.argv[2])):
            kept = await store.keep(arrival(f"MSG{number}"))
            print(kept.message_id, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_kept_message_comes_back_as_it_was_received(place):
    async with opened(place) as store:
        kept = await store.keep(arrival())

        detail = await store.message(kept.message_id)

    assert (detail.raw, detail.answer, detail.summary.state) == (arrival().raw, arrival().answer, "received")


async def test_the_first_receipt_carries_the_answer_that_came_with_the_message(place):
    async with opened(place) as store:
        kept = await store.keep(arrival())

    assert (kept.answer, kept.duplicate, kept.control_id_reused) == (arrival().answer, False, False)


async def test_the_same_message_again_gets_the_stored_answer_and_is_kept_once(place):
    async with opened(place) as store:
        first = await store.keep(arrival())
        again = await store.keep(replace(arrival(), answer=b"another answer", received=later(5)))

        assert again == replace(first, duplicate=True)
        assert len(await store.messages()) == 1


async def test_the_same_message_twice_at_once_is_kept_once(place):
    async with opened(place) as store:
        kept = await asyncio.gather(*(store.keep(arrival()) for _ in range(20)))

    assert len({one.message_id for one in kept}) == 1
    assert sorted(one.duplicate for one in kept) == [False] + [True] * 19


async def test_a_duplicate_does_not_disturb_the_patient(place):
    async with opened(place) as store:
        await store.keep(arrival())
        (claim,) = await store.claim(NOON, 1, later(1) - NOON)
        message = (await store.unread(claim.patient))[0]
        await store.keep(arrival())
        await store.record_reading(claim, message, Ignored())
        await store.settle(claim, None)

        assert await store.waiting() == []


async def test_a_control_id_used_for_other_content_is_kept_and_told(place):
    async with opened(place) as store:
        await store.keep(arrival())
        kept = await store.keep(arrival(text="two lesions"))

        assert (kept.control_id_reused, kept.duplicate) == (True, False)
        assert [one.control_id_reused for one in await store.messages()] == [True, False]


@pytest.mark.parametrize("part", ["channel", "sending_application", "sending_facility"])
async def test_another_sender_may_use_the_same_control_id(place, part):
    async with opened(place) as store:
        await store.keep(arrival())
        kept = await store.keep(arrival(**{part: "another"}))

    assert (kept.control_id_reused, kept.duplicate) == (False, False)


async def test_the_same_message_has_the_same_id_in_every_database(place):
    async with opened(place / "one") as one, opened(place / "two") as two:
        await two.keep(arrival("MSG0"))

        assert (await one.keep(arrival())).message_id == (await two.keep(arrival())).message_id


async def test_messages_of_a_patient_are_read_in_the_order_of_their_arrival(place):
    async with opened(place) as store:
        for number in (3, 1, 2):
            await store.keep(arrival(f"MSG{number}", received=later(-number)))

        unread = await store.unread(JANE.key)

    assert [message.control_id for message in unread] == ["MSG3", "MSG1", "MSG2"]
    assert sorted({message.sequence for message in unread}) == [message.sequence for message in unread]


async def test_messages_sent_together_keep_the_order_in_which_they_were_given(place):
    async with opened(place) as store:
        await asyncio.gather(*(store.keep(arrival(f"MSG{number}")) for number in range(50)))

        unread = await store.unread(JANE.key)

    assert [message.control_id for message in unread] == [f"MSG{number}" for number in range(50)]


async def test_a_long_backlog_is_read_in_portions(place):
    async with opened(place) as store:
        for number in range(3):
            await store.keep(arrival(f"MSG{number}"))

        assert [message.control_id for message in await store.unread(JANE.key, limit=2)] == ["MSG0", "MSG1"]


async def test_a_kept_message_makes_its_patient_due_since_it_was_received(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.keep(arrival("MSG2", patient=JOHN.key, received=later(3)))

        assert await dues(store) == {JANE.key: NOON, JOHN.key: later(3)}


async def test_header_text_that_no_database_takes_is_kept_spelled_out(place):
    async with opened(place) as store:
        kept = await store.keep(arrival())
        odd = await store.keep(replace(arrival(), control_id="MSG\x00\udce4"))

        assert (await store.message(odd.message_id)).summary.control_id == "MSG\\x00\\udce4"
        assert odd.message_id != kept.message_id


@pytest.mark.parametrize("count", [1, 25])
async def test_a_message_is_on_disk_when_the_process_is_killed_right_after_its_receipt(place, count):
    async with child(KEEPER, url(place), str(count)) as process:
        receipts = [await line(process) for _ in range(count)]
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async with opened(place) as store:
        assert [message.id for message in await store.unread(JANE.key)] == receipts
