"""A clock that was ahead and was set back: nobody waits for it to come round again, and no lease is cut short."""

from datetime import UTC, datetime, timedelta

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

from adapter.sources import PendingReport

HOURS = 11 * 60
LONGEST = timedelta(hours=1)


async def set_right(store, now=NOON) -> int:
    return await store.set_right(now, LONGEST, LEASE)


async def test_who_was_marked_by_a_clock_that_was_ahead_is_due_now(place):
    async with opened(place) as store:
        await store.keep(arrival(received=later(HOURS)))

        assert await store.claim(NOON, 10, LEASE) == []
        assert await set_right(store) == 1
        assert (await claimed(store)).patient == JANE.key


async def test_who_was_put_off_for_longer_than_any_back_off_is_due_now(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(61), "TimeoutError")

        assert await set_right(store) == 1
        assert await dues(store) == {JANE.key: NOON}
        assert (await claimed(store)).attempts == 1


async def test_a_back_off_that_may_have_been_asked_for_is_kept(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await store.postpone(await claimed(store), later(60), "TimeoutError")

        assert await set_right(store) == 0
        assert await dues(store) == {JANE.key: later(60)}


async def test_who_waits_for_a_partner_until_a_day_begins_goes_on_waiting(place):
    day = datetime(2027, 2, 1, tzinfo=UTC)
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report()))
        await store.settle(claim, day)

        assert await set_right(store) == 0
        assert await dues(store) == {JANE.key: day}


async def test_a_lease_given_by_a_clock_that_was_ahead_lasts_a_whole_lease_from_now(place):
    async with opened(place) as store:
        await store.keep(arrival(received=later(HOURS)))
        claim = await claimed(store, later(HOURS))

        assert await set_right(store) == 1
        assert await store.claim(later(0.9), 10, LEASE) == []
        await store.renew([claim], later(0.9), LEASE)
        assert await store.claim(later(1.8), 10, LEASE) == []
        assert [again.patient for again in await store.claim(later(2), 10, LEASE)] == [JANE.key]


async def test_what_is_right_stays_as_it_is(place):
    async with opened(place) as store:
        await store.keep(arrival("MSG1", patient=JANE.key))
        await store.claim(NOON, 10, LEASE)
        await store.keep(arrival("MSG2", patient=JOHN.key))
        before = await dues(store)

        assert await set_right(store) == 0
        assert await dues(store) == before


async def test_a_report_of_a_source_that_a_clock_put_off_for_too_long_is_fetched_now(place):
    async with opened(place) as store:
        await store.sources.note("archive", ["ahead"], later(HOURS))
        await store.sources.note("archive", ["postponed", "later"], NOON)
        for report, minutes in (("postponed", HOURS), ("later", 10)):
            await store.sources.postpone("archive", PendingReport(report, NOON, 0), later(minutes), "no answer")

        due = await store.sources.due("archive", later(1))

    assert {one.report for one in due} == {"ahead", "postponed"}


async def test_a_sweep_that_was_asked_for_while_one_ran_is_made_whatever_the_clocks_say(place):
    """The process that was notified has a clock that is behind the one that sweeps."""
    async with opened(place) as store:
        await store.sources.ask_for_sweep("archive", later(5))
        began = await store.sources.state("archive")
        await store.sources.ask_for_sweep("archive", NOON)

        await store.sources.swept("archive", "2026-11-20T12:00:00Z", began.sweep_asked)
        asked_meanwhile = (await store.sources.state("archive")).sweep_asked
        await store.sources.swept("archive", "2026-11-20T12:00:00Z", asked_meanwhile)

        assert asked_meanwhile is not None
        assert (await store.sources.state("archive")).sweep_asked is None
