"""An outage of the destination leaves nobody waiting who could be served again."""

import pytest
from work_fakes import NOW, FakeDestination, FakeWorkStore, eventually, working

from adapter.app.outage import Outage
from adapter.delivery import Answer, DeliveryError
from adapter.outcome import StoreUnavailableError
from adapter.publication import Publication

SCORE = {"resourceType": "Observation", "id": "o1"}
NO_ANSWER = DeliveryError(Answer(rule="no whole answer"))


def taken(state="published", resources=(SCORE,)):
    return [Publication("s1", "p1", state, tuple(resources), "", {})]


@pytest.fixture
def store():
    return FakeWorkStore()


@pytest.fixture
async def going(store):
    """An outage that is over: the start is one, and a score has been taken since."""
    outage = Outage(store)
    await outage.delivered(taken(), NOW)
    store.hastened = 0
    return outage


async def test_the_first_score_after_a_start_calls_those_who_waited(store):
    await Outage(store).delivered(taken(), NOW)

    assert store.hastened == 1


async def test_the_first_score_after_no_answer_calls_them_once(store, going):
    going.failed(NO_ANSWER)
    await going.delivered(taken(), NOW)
    await going.delivered(taken(), NOW)

    assert store.hastened == 1


@pytest.mark.parametrize(
    "error",
    [
        DeliveryError(Answer(409, ("conflict",))),
        DeliveryError(Answer(422, ("invalid",)), permanent=True),
        DeliveryError(Answer(rule="nobody would take this"), permanent=True),
    ],
)
async def test_what_one_patient_fails_of_calls_nobody(store, going, error):
    going.failed(error)
    await going.delivered(taken(), NOW)

    assert store.hastened == 0


@pytest.mark.parametrize("publications", [[], taken(resources=()), taken(state="undeliverable")])
async def test_what_reached_no_destination_proves_nothing(store, going, publications):
    going.failed(NO_ANSWER)
    await going.delivered(publications, NOW)

    assert store.hastened == 0


async def test_a_store_that_is_down_is_asked_again_with_the_next_score(store, going):
    store.failures["hasten"] = StoreUnavailableError("the disk is full")
    going.failed(NO_ANSWER)
    await going.delivered(taken(), NOW)
    await going.delivered(taken(), NOW)

    assert store.hastened == 1


async def test_the_worker_calls_them_when_the_destination_takes_a_score(store):
    store.mark("p", scores=1)
    async with working(store, FakeDestination()):
        await eventually(lambda: store.hastened)

    assert store.settled == ["p"]
