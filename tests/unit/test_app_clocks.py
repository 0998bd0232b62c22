"""Clocks that are set: it is noticed, leases survive it, and processes that share a database agree on the time."""

import asyncio
from datetime import timedelta

import pytest
from test_store_samples import LEASE, NOON, arrival, dues, opened
from work_fakes import SITE, FakeDestination, eventually, ignore

from adapter.app.clocks import ClockWatch, SharedClock, wall_clock
from adapter.app.worker import Worker
from adapter.outcome import StoreUnavailableError
from adapter.telemetry import Telemetry

HOUR = timedelta(hours=1)


class Steady:
    """Seconds that a test lets pass."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.mark.parametrize(("moved", "noticed"), [(0, False), (1, False), (-1, False), (3, True), (-3, True)])
def test_a_clock_that_was_set_is_noticed_and_one_that_goes_is_not(moved, noticed):
    steady = Steady()
    watch = ClockWatch(steady)
    first = watch.was_set(NOON)
    steady.at += 100

    assert (first, watch.was_set(NOON + timedelta(seconds=100 + moved))) == (False, noticed)
    assert watch.was_set(NOON + timedelta(seconds=100 + moved)) is False


async def test_the_time_is_that_of_the_database_and_goes_on_by_what_nobody_sets():
    steady, telemetry = Steady(), Telemetry(quiet=True)
    clock = SharedClock(telemetry, steady)
    before = clock()

    async def tell():
        steady.at += 2
        return NOON

    await clock.ask(tell)

    assert abs(wall_clock() - before) < HOUR
    assert clock() == NOON + timedelta(seconds=1)
    steady.at += 59
    assert clock() == NOON + timedelta(seconds=60)


async def test_a_machine_whose_clock_differs_is_told_so_once_and_not_while_it_agrees(capsys):
    steady = Steady()
    clock = SharedClock(Telemetry(), steady)

    async def tell():
        return NOON + timedelta(seconds=steady.at - 1000)

    for _ in range(3):
        await clock.ask(tell)
        steady.at += 20

    assert capsys.readouterr().err.count("clock-differs") == 1


async def test_a_database_that_is_away_leaves_the_clock_going():
    steady = Steady()
    clock = SharedClock(Telemetry(quiet=True), steady, every=0.001)
    answers = [NOON, StoreUnavailableError("it is away"), NOON + HOUR]

    async def tell():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    await clock.ask(tell)
    asking = asyncio.create_task(clock.run(tell))
    await eventually(lambda: clock() == NOON + HOUR)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    assert answers == []


class InHand:
    """A store in which the work on a patient lasts until it is let go."""

    def __init__(self, store):
        self._store = store
        self.begun = 0
        self.let_go = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def record_readings(self, *readings):
        self.begun += 1
        await self.let_go.wait()
        return await self._store.record_readings(*readings)


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)], ids=["forward", "back"])
async def test_a_clock_that_is_set_takes_no_patient_from_whoever_works_on_it(place, jump):
    async with opened(place) as store:
        await store.keep(arrival())
        held, now = InHand(store), [NOON]
        worker = Worker(held, FakeDestination(), ignore, SITE, Telemetry(quiet=True))
        running = asyncio.create_task(worker.run(lambda: now[0]))
        await eventually(lambda: held.begun == 1)
        now[0] += jump
        async with asyncio.timeout(10):
            while set((await dues(store)).values()) != {now[0] + worker.leases.lease}:
                worker.wake()
                await asyncio.sleep(0.01)
        held.let_go.set()
        async with asyncio.timeout(10):
            while await dues(store):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        worker.stop()
        await running

    assert (held.begun, worker.leases.lease) == (1, LEASE)
