"""The worker: whatever befalls one patient delays nobody else, and nothing in hand is dropped."""

import asyncio
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work_fakes import NOW, FakeDestination, FakeWorkStore, Working, eventually, ignore, working

from adapter.app.courtesy import MOST
from adapter.app.worker import FIRST_BACK_OFF, LONGEST_BACK_OFF, back_off
from adapter.outcome import StoreUnavailableError
from adapter.publication import StaleClaimError


async def test_a_delivery_that_fails_for_one_patient_delays_nobody_else():
    store = FakeWorkStore()
    for name in ("a", "ill", "b", "c"):
        store.mark(name, scores=1)

    async with working(store, FakeDestination("ill")):
        await eventually(lambda: len(store.settled) == 3 and store.postponed)

    assert sorted(store.settled) == ["a", "b", "c"]
    ((patient, wait, problem),) = store.postponed
    assert (patient, problem) == ("ill", "ConnectionError")
    assert timedelta(0) <= wait <= FIRST_BACK_OFF


async def test_a_delivery_that_takes_long_delays_nobody_else():
    store, destination = FakeWorkStore(), FakeDestination(slow=("slow",))
    store.mark("slow", scores=1)

    async with working(store, destination) as running:
        await eventually(lambda: destination.reached == ["slow"])
        for number in range(3 * MOST):
            store.mark(f"p{number}", scores=1)
        running.worker.wake()
        await eventually(lambda: len(store.settled) == 3 * MOST)

        assert "slow" not in store.settled
        destination.let_go.set()


async def test_no_more_patients_are_taken_than_can_be_worked_on():
    names = [f"p{number}" for number in range(MOST + 5)]
    store, destination = FakeWorkStore(), FakeDestination(slow=tuple(names))
    for name in names:
        store.mark(name, scores=1)

    async with working(store, destination):
        await eventually(lambda: len(destination.reached) == MOST)
        await asyncio.sleep(0.05)

        assert len(store.due) == 5
        destination.let_go.set()
        await eventually(lambda: len(store.settled) == len(names))


async def test_while_senders_come_without_pause_nobody_is_begun_and_right_after_everybody_is():
    store = FakeWorkStore()

    async with working(store) as running:
        courtesy = running.worker.courtesy
        courtesy.arrived(time.monotonic())
        await eventually(lambda: courtesy.at_once(time.monotonic()) == 0)
        store.mark("a")
        store.mark("b")
        running.worker.wake()
        await asyncio.sleep(0.15)
        assert store.claims == {}
        courtesy.answered(time.monotonic())

        await eventually(lambda: store.settled == ["a", "b"])


async def test_while_senders_are_there_a_slow_delivery_keeps_nobody_else_waiting():
    store, destination = FakeWorkStore(), FakeDestination(slow=("slow",))

    async with working(store, destination) as running:
        running.worker.courtesy.arrived(time.monotonic())
        running.worker.courtesy.answered(time.monotonic())
        for name in ("slow", "a", "b"):
            store.mark(name, scores=1)
        running.worker.wake()
        await eventually(lambda: sorted(store.settled) == ["a", "b"])

        assert destination.reached[0] == "slow"
        destination.let_go.set()


async def test_what_a_failing_delivery_says_is_in_no_log(capsys):
    store = FakeWorkStore()
    store.mark("ill", scores=1)

    async with working(store, FakeDestination("ill")):
        await eventually(lambda: store.postponed)

    said = capsys.readouterr().err
    assert '"publication-failed"' in said
    assert "DOE" not in said


async def test_the_failures_of_a_patient_are_counted_into_its_back_off():
    store = FakeWorkStore()
    store.mark("ill", scores=1)
    store.claims["ill"] = 30

    async with working(store, FakeDestination("ill")) as running:
        await eventually(lambda: store.postponed)

    assert timedelta(0) <= store.postponed[0][1] <= LONGEST_BACK_OFF
    assert running.failures("publication") == 1


async def test_a_store_that_is_down_is_waited_for(capsys):
    store = FakeWorkStore()
    store.down = 2
    store.mark("a")

    async with working(store) as running:
        for _ in range(2):
            running.worker.wake()
            await asyncio.sleep(0.01)
        await eventually(lambda: store.settled == ["a"])

    assert running.failures("claim") == 2
    assert "StoreUnavailableError" in capsys.readouterr().err


async def test_a_store_that_fails_while_a_patient_is_in_hand_costs_the_patient_no_more_than_time():
    store = FakeWorkStore()
    store.mark("a")
    store.failures["settle a"] = StoreUnavailableError("the disk is full")

    async with working(store):
        await eventually(lambda: store.postponed)

    assert store.postponed[0][2] == "StoreUnavailableError"


@pytest.mark.parametrize("failure", [StoreUnavailableError("full"), StaleClaimError()], ids=["down", "stale"])
async def test_a_claim_that_cannot_even_be_given_back_lapses_and_the_worker_works_on(failure, capsys):
    store = FakeWorkStore()
    store.mark("ill", scores=1)
    store.failures["postpone ill"] = failure

    async with working(store, FakeDestination("ill")) as running:
        await eventually(lambda: store.claims.get("ill"))
        store.mark("well")
        running.worker.wake()
        await eventually(lambda: store.settled == ["well"])

    assert '"claim-lapses"' in capsys.readouterr().err


async def test_a_stale_claim_is_told_and_does_no_harm(capsys):
    store = FakeWorkStore()
    store.mark("a")
    store.failures["settle a"] = StaleClaimError()

    async with working(store) as running:
        await eventually(lambda: "settle a" not in store.failures)
        store.mark("b")
        running.worker.wake()
        await eventually(lambda: store.settled == ["b"])

    assert '"claim-lost"' in capsys.readouterr().err
    assert store.postponed == []
    assert running.failures("publication") == 0


async def test_a_score_that_was_brought_to_its_place_is_told_without_a_word_of_the_report(capsys):
    store = FakeWorkStore()
    store.mark("a", scores=1)

    async with working(store):
        await eventually(lambda: store.settled)

    assert [publication.state for publication in store.recorded] == ["delivering", "retracted"]
    assert '"score_id": "a-0"' in capsys.readouterr().err


async def test_to_stop_is_to_finish_what_is_in_hand_and_to_begin_nothing():
    store, destination = FakeWorkStore(), FakeDestination(slow=("a",))
    store.mark("a", scores=1)

    async with working(store, destination) as running:
        await eventually(lambda: destination.reached == ["a"])
        running.worker.stop()
        store.mark("b")
        running.worker.wake()
        await asyncio.sleep(0.05)
        assert store.settled == []
        destination.let_go.set()

    assert store.settled == ["a"]
    assert "b" in store.due


async def test_a_worker_without_work_ends_at_once_when_told_to():
    store = FakeWorkStore()
    worker = Working(store, FakeDestination(), ignore).worker
    task = asyncio.create_task(worker.run(lambda: NOW))
    await asyncio.sleep(0.05)

    worker.stop()

    async with asyncio.timeout(0.5):
        await task


@pytest.mark.slow
async def test_who_becomes_due_without_a_mark_is_found_within_a_second():
    store = FakeWorkStore()

    async with working(store):
        await asyncio.sleep(0.1)
        store.mark("a")
        async with asyncio.timeout(2):
            await eventually(lambda: store.settled)


@given(st.integers(0, 10**6), st.floats(0, 1, exclude_max=True))
def test_a_wait_lies_between_nothing_and_its_ceiling_and_never_beyond_a_quarter_of_an_hour(attempts, chance):
    wait = back_off(attempts, chance)

    assert timedelta(0) <= wait <= LONGEST_BACK_OFF == timedelta(minutes=15)


@given(st.integers(0, 10**6))
def test_the_ceiling_doubles_from_a_second_until_it_is_the_longest(attempts):
    ceiling, following = back_off(attempts, 1), back_off(attempts + 1, 1)

    assert following == min(LONGEST_BACK_OFF, 2 * ceiling)
    assert back_off(0, 1) == timedelta(seconds=1)


@given(st.integers(0, 10**3), st.floats(0, 1), st.floats(0, 1))
def test_chance_spreads_the_waits_over_the_whole_width(attempts, less, more):
    less, more = sorted((less, more))

    assert back_off(attempts, less) <= back_off(attempts, more)
    assert back_off(attempts, 0) == timedelta(0)
