"""Leases are renewed for as long as the work goes on, and work whose claim is lost ends."""

import asyncio

from work_fakes import NOW, eventually

from adapter.app.leases import LEASE, LeaseKeeper
from adapter.delivery import Answer, DeliveryError
from adapter.outcome import StoreUnavailableError
from adapter.publication import Claim, StaleClaimError
from adapter.telemetry import Telemetry

JANE, JOHN = Claim("jane", 1), Claim("john", 1)


class FakeLeases:
    """Counts renewals; fails as it is told to."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.renewed = []

    async def renew(self, claims, now, lease):
        self.renewed.append((tuple(claims), now, lease))
        if self.errors:
            error = self.errors.pop(0)
            if error is not None:
                raise error


async def kept(store, *claims):
    keeper = LeaseKeeper(store, Telemetry(quiet=True), every=0.001)
    never = asyncio.Event()

    async def work():
        await never.wait()

    tasks = [asyncio.create_task(work()) for _ in claims]
    for task, claim in zip(tasks, claims, strict=True):
        keeper.hold(task, claim)
    return asyncio.create_task(keeper.run(lambda: NOW)), tasks


async def ended(*tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_what_is_in_hand_is_renewed_again_and_again():
    store = FakeLeases()
    running, tasks = await kept(store, JANE, JOHN)
    await eventually(lambda: len(store.renewed) >= 3)
    await ended(running, *tasks)

    assert store.renewed[0] == ((JANE, JOHN), NOW, LEASE)


async def test_what_has_ended_is_renewed_no_more():
    store = FakeLeases()
    running, (first, second) = await kept(store, JANE, JOHN)
    await ended(first)
    await eventually(lambda: store.renewed and store.renewed[-1][0] == (JOHN,))
    await ended(running, second)


async def test_work_whose_claim_is_lost_ends_and_no_other():
    store = FakeLeases(StaleClaimError(JANE))
    running, (janes, johns) = await kept(store, JANE, JOHN)
    await eventually(janes.cancelled)

    assert not johns.done()
    await ended(running, johns)


async def test_a_store_that_is_down_is_asked_the_next_time():
    store = FakeLeases(StoreUnavailableError("the disk is full"))
    running, tasks = await kept(store, JANE)
    await eventually(lambda: len(store.renewed) >= 2)

    assert not tasks[0].done()
    await ended(running, *tasks)


def test_an_error_of_a_delivery_says_what_may_be_said():
    error = DeliveryError(Answer(422, ("value", "required"), ("Observation.value",), "refused"))

    assert str(error) == "422; value, required; refused"
    assert str(DeliveryError(Answer())) == ""
