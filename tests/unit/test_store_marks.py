"""A mark is never lost, whenever it comes; a failure is counted, and waits for its time."""

import pytest
from test_store_samples import (
    JANE,
    JOHN,
    LEASE,
    NOON,
    arrival,
    claimed,
    claimed_message,
    dues,
    later,
    opened,
    read,
    report,
)

from adapter.outcome import Ignored
from adapter.publication import Claim, StaleClaimError


async def read_all(store, claim):
    for message in await store.unread(claim.patient):
        await store.record_reading(claim, message, read(report()))


async def test_a_patient_brought_up_to_date_waits_for_nothing(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await read_all(store, claim)
        await store.settle(claim, None)

        assert await store.waiting() == []


async def test_a_patient_that_waits_for_a_day_is_due_on_that_day(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await read_all(store, claim)
        await store.settle(claim, later(1000))

        assert await store.claim(later(999), 10, LEASE) == []
        assert (await claimed(store, later(1000))).patient == JANE.key


async def test_a_message_that_came_during_the_work_makes_the_patient_due_at_once(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await read_all(store, claim)
        await store.keep(arrival("MSG2", received=later(0.5)))
        await store.settle(claim, later(1000))

        assert await dues(store) == {JANE.key: later(0.5)}


async def test_a_message_that_came_and_was_read_during_the_work_still_brings_the_patient_back(place):
    """It may have come after the reports were fetched: once too often harms nobody, once too seldom does."""
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.keep(arrival("MSG2", received=later(0.5)))
        await read_all(store, claim)
        await store.settle(claim, None)

        assert await dues(store) == {JANE.key: later(0.5)}


async def test_a_message_does_not_cut_a_lease_short(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await claimed(store)
        await store.keep(arrival("MSG2", received=later(0.5)))

        assert await store.claim(later(0.9), 10, LEASE) == []


async def test_of_several_messages_during_the_work_the_first_counts(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.keep(arrival("MSG2", received=later(0.3)))
        await store.keep(arrival("MSG3", received=later(0.6)))
        await read_all(store, claim)
        await store.settle(claim, None)

        assert await dues(store) == {JANE.key: later(0.3)}


async def test_what_came_before_the_claim_is_settled_with_it(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await claimed(store)
        await store.keep(arrival("MSG2", received=later(0.5)))
        second = await claimed(store, later(1))
        await read_all(store, second)
        await store.settle(second, None)

        assert await store.waiting() == []


async def test_messages_left_unread_keep_the_patient_due(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.settle(claim, None)

        assert await dues(store) == {JANE.key: NOON}


async def test_a_failed_patient_is_tried_again_when_due_and_the_failures_are_counted(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(1), "destination-down")
        assert await store.claim(later(0.9), 10, LEASE) == []
        second = await claimed(store, later(1))
        await store.postpone(second, later(3), "destination-down")
        third = await claimed(store, later(3))

    assert (second.attempts, second.failing_since) == (1, NOON)
    assert (third.attempts, third.failing_since) == (2, NOON)


async def test_a_failed_patient_delays_nobody_else(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(60), "destination-down")
        await store.keep(arrival("MSG2", patient=JOHN.key))

        assert (await claimed(store)).patient == JOHN.key


async def test_the_first_success_ends_the_counting(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(1), "destination-down")
        claim = await claimed(store, later(1))
        await read_all(store, claim)
        await store.settle(claim, later(2))

        assert await claimed(store, later(2)) == Claim(JANE.key, claim.token + 1)


async def test_the_waiting_list_says_why_a_patient_waits(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(1), "destination-down")

        (lane,) = await store.waiting()

    assert (lane.problem, lane.attempts, lane.failing_since, lane.claimed) == ("destination-down", 1, NOON, None)


async def test_a_new_message_ends_a_back_off(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(60), "destination-down")
        await store.keep(arrival("MSG2", received=later(1)))

        assert await dues(store) == {JANE.key: later(1)}


async def test_a_message_that_came_during_the_failed_work_ends_the_back_off_too(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.keep(arrival("MSG2", received=later(0.5)))
        await store.postpone(claim, later(60), "destination-down")

        assert await dues(store) == {JANE.key: later(0.5)}


async def test_an_older_mark_does_not_put_off_a_patient_that_is_due(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.keep(arrival("MSG2", received=later(5)))

        assert await dues(store) == {JANE.key: NOON}


async def test_a_settled_patient_comes_back_with_the_next_message_and_a_new_token(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, Ignored())
        await store.settle(claim, None)
        await store.keep(arrival("MSG2", received=later(5)))

        assert await claimed(store, later(5)) == Claim(JANE.key, claim.token + 1)


async def test_what_is_to_do_survives_a_restart_and_the_claim_of_the_former_process_does_not(tmp_path):
    async with opened(tmp_path) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        await store.keep(arrival("MSG2", received=later(0.5)))
    async with opened(tmp_path) as store:
        with pytest.raises(StaleClaimError):
            await store.settle(claim, None)

        assert await dues(store) == {JANE.key: NOON}


async def test_whoever_waits_after_a_failure_can_be_called_and_nobody_else_is(place):
    async with opened(place) as store:
        for number, patient in enumerate((JOHN.key, "failed too", "in hand", JANE.key)):
            await store.keep(arrival(f"MSG{number}", patient=patient, received=later(-number)))
        deadline, held, *failed = await store.claim(NOON, 10, LEASE)
        await read_all(store, deadline)
        await store.settle(deadline, later(800))
        for claim in failed:
            await store.postpone(claim, later(900), "destination-down")

        assert await store.hasten(later(1)) == 2
        due = await dues(store)

    assert (deadline.patient, held.patient) == (JANE.key, "in hand")
    assert due == {
        JOHN.key: later(1),
        "failed too": later(1),
        JANE.key: later(800),
        "in hand": NOON + LEASE,
    }
