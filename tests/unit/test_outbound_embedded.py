"""The write plan ``embedded``: what is delivered is what this program's own endpoint serves, all of it or nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapter.arrival import Arrival
from adapter.fhir.resource_filter import ResourceFilter
from adapter.outbound.embedded import EmbeddedDestination
from adapter.outcome import StoreUnavailableError
from adapter.publication import Claim, Publication, StaleClaimError
from adapter.store.store import Store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CLAIM = Claim("patient-key", 7)


ARRIVAL = Arrival("mllp", "127.0.0.1", "hl7v2", b"MSH|", NOW, "M1", "RIS", "NUCMED", "P", CLAIM.patient, b"MSA|AA|M1")


def observation(id_: str) -> dict:
    return {"resourceType": "Observation", "id": id_, "status": "preliminary"}


def publication(*resources: dict) -> Publication:
    return Publication("score-1", CLAIM.patient, "published", resources, "digest", {})


class FakeResourceStore:
    """Remembers what it was asked to serve; ``failure`` is raised instead."""

    def __init__(self, failure: Exception | None = None):
        self.asked = []
        self._failure = failure

    async def serve(self, claim, publication, at):
        if self._failure:
            raise self._failure
        self.asked.append((claim, publication, at))


async def test_all_resources_of_a_score_are_given_over_at_once_under_the_claim():
    store = FakeResourceStore()

    both = publication(observation("a"), observation("b"))
    await EmbeddedDestination(store).deliver(CLAIM, both, NOW)

    assert store.asked == [(CLAIM, both, NOW)]


@pytest.mark.parametrize("failure", [StaleClaimError(CLAIM), StoreUnavailableError("full")], ids=str)
async def test_what_was_not_written_is_never_said_to_be_delivered(failure):
    with pytest.raises(type(failure)):
        await EmbeddedDestination(FakeResourceStore(failure)).deliver(CLAIM, publication(observation("a")), NOW)


async def test_what_is_served_is_recorded_by_the_same_commit(tmp_path: Path):
    store = await Store.open(f"sqlite:///{tmp_path}/netpet.db")
    try:
        await store.keep(ARRIVAL)
        (claim,) = await store.claim(NOW, 1, timedelta(minutes=1))
        await EmbeddedDestination(store).deliver(claim, publication(observation("a")), NOW)

        assert await store.read_resource("Observation", "a") is not None
        assert [one.resources for one in await store.delivered(CLAIM.patient)] == [(observation("a"),)]
    finally:
        await store.close()


async def test_under_a_claim_that_does_not_stand_nothing_is_served(tmp_path: Path):
    store = await Store.open(f"sqlite:///{tmp_path}/netpet.db")
    try:
        plan = EmbeddedDestination(store)
        # A claim that never was is refused by the real store: nothing is served under it.
        with pytest.raises(StaleClaimError):
            await plan.deliver(CLAIM, publication(observation("a")), NOW)

        assert (await store.search_resources("Observation", ResourceFilter(), 10)).total == 0
    finally:
        await store.close()
