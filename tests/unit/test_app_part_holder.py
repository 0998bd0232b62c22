"""A part that one process does at a time: done under its lease alone, stopped before another may begin."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from work_fakes import eventually

from adapter.app.clocks import boot_clock
from adapter.app.part_holder import PartHolders
from adapter.outcome import StoreUnavailableError
from adapter.store.leases import LeaseLostError, Tenure
from adapter.telemetry import Telemetry

TERM = timedelta(seconds=0.06)


class FakeLeases:
    """One lease; ``taken_by_another`` and ``down`` as a test needs."""

    def __init__(self):
        self.token = 0
        self.given_back = []
        self.renewed = 0
        self.taken_by_another = False
        self.down = False

    async def take(self, name, holder, term):
        self._up()
        if self.taken_by_another:
            return None
        self.token += 1
        return Tenure(name, self.token)

    async def renew(self, tenure, term):
        self._up()
        if self.taken_by_another:
            raise LeaseLostError("another process does it now")
        self.renewed += 1

    async def give_back(self, tenure):
        self._up()
        self.given_back.append(tenure.token)

    def _up(self):
        if self.down:
            raise StoreUnavailableError("the database is gone")


class Part:
    """Works until it is told to end; knows when it was begun and when it was stopped."""

    def __init__(self):
        self.begun = []
        self.stopped_at = []
        self.done = asyncio.Event()
        self.error = None

    async def do(self, tenure):
        self.begun.append(tenure.token)
        try:
            await self.done.wait()
        finally:
            self.stopped_at.append(boot_clock())
        if self.error:
            raise self.error


@asynccontextmanager
async def held(leases, part, term=TERM):
    telemetry = Telemetry(quiet=True)
    holder = PartHolders(leases, term, telemetry).holder("drop")
    holder.shown = lambda: telemetry.registry.get_sample_value("netpet_part_held", {"part": "drop"})
    running = asyncio.create_task(holder.run(part.do))
    yield holder, running
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_part_goes_on_for_as_long_as_its_lease_is_renewed():
    leases, part = FakeLeases(), Part()
    async with held(leases, part) as (holder, _):
        await eventually(lambda: leases.renewed > 5)

        assert (part.begun, part.stopped_at, holder.stands(), holder.shown()) == ([1], [], True, 1)


async def test_a_part_is_not_begun_while_another_process_does_it():
    leases, part = FakeLeases(), Part()
    leases.taken_by_another = True
    async with held(leases, part) as (holder, _):
        await asyncio.sleep(0.05)
        assert (part.begun, holder.stands()) == ([], False)

        leases.taken_by_another = False
        await eventually(lambda: part.begun == [1])


async def test_a_part_whose_lease_another_took_is_stopped_and_begun_anew_when_it_can_be():
    leases, part = FakeLeases(), Part()
    async with held(leases, part) as (holder, _):
        await eventually(lambda: part.begun == [1])
        leases.taken_by_another = True
        await eventually(lambda: part.stopped_at)
        assert (holder.stands(), holder.shown()) == (False, 0)

        leases.taken_by_another = False
        await eventually(lambda: part.begun == [1, 2])


async def test_a_part_has_stopped_before_a_lease_that_cannot_be_renewed_is_over():
    leases, part = FakeLeases(), Part()
    term = timedelta(seconds=0.3)
    async with held(leases, part, term):
        await eventually(lambda: leases.renewed)
        leases.down = True
        latest = boot_clock() + term.total_seconds()
        await eventually(lambda: part.stopped_at)

        assert part.stopped_at[0] < latest
        leases.down = False
        await eventually(lambda: len(part.begun) == 2)


async def test_a_renewal_that_hangs_is_waited_for_no_longer_than_the_lease():
    class Hanging(FakeLeases):
        async def renew(self, tenure, term):
            await asyncio.Event().wait()

    leases, part = Hanging(), Part()
    async with held(leases, part):
        await eventually(lambda: part.stopped_at)


async def test_a_part_that_ends_gives_its_lease_back_and_is_not_begun_again():
    leases, part = FakeLeases(), Part()
    part.done.set()
    async with held(leases, part) as (_, running):
        await running

    assert (part.begun, leases.given_back) == ([1], [1])


async def test_what_a_part_fails_with_is_told_and_its_lease_is_given_back():
    leases, part = FakeLeases(), Part()
    part.error = ValueError("of its own")
    part.done.set()
    async with held(leases, part) as (_, running):
        with pytest.raises(ValueError, match="of its own"):
            await running

    assert leases.given_back == [1]


async def test_a_process_that_stops_gives_the_lease_back_at_once():
    leases, part = FakeLeases(), Part()
    async with held(leases, part) as (_, running):
        await eventually(lambda: part.begun)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert leases.given_back == [1]


async def test_a_process_that_stops_waits_for_no_lease():
    leases, part = FakeLeases(), Part()
    leases.taken_by_another = True
    async with held(leases, part, timedelta(hours=1)) as (holder, running):
        await asyncio.sleep(0)
        holder.stop()
        await asyncio.wait_for(running, 5)

    assert part.begun == []


async def test_a_lease_that_cannot_be_given_back_lapses():
    leases, part = FakeLeases(), Part()
    async with held(leases, part) as (_, running):
        await eventually(lambda: part.begun)
        leases.down = True
        part.done.set()
        await running

    assert leases.given_back == []
