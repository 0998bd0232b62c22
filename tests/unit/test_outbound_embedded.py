"""The write plan ``embedded``: what is delivered is what this program's own endpoint serves, all of it or nothing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter.outbound.embedded import EmbeddedDestination
from adapter.outcome import StoreUnavailableError
from adapter.publication import Claim, Publication, ResourceFilter, StaleClaimError
from adapter.store.store import Store

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CLAIM = Claim("patient-key", 7)


def observation(id_: str) -> dict:
    return {"resourceType": "Observation", "id": id_, "status": "preliminary"}


def publication(*resources: dict) -> Publication:
    return Publication("score-1", CLAIM.patient, "published", resources, "digest", {})


class FakeResourceStore:
    """Remembers what it was asked to serve; ``failure`` is raised instead."""

    def __init__(self, failure: Exception | None = None):
        self.asked = []
        self._failure = failure

    async def put_resources(self, claim, patient, served, at):
        if self._failure:
            raise self._failure
        self.asked.append((claim, patient, tuple(served), at))


async def test_all_resources_of_a_score_are_given_over_at_once_under_the_claim():
    store = FakeResourceStore()

    await EmbeddedDestination(store).deliver(CLAIM, publication(observation("a"), observation("b")), NOW)

    assert store.asked == [(CLAIM, "patient-key", (observation("a"), observation("b")), NOW)]


@pytest.mark.parametrize("failure", [StaleClaimError(CLAIM), StoreUnavailableError("full")], ids=str)
async def test_what_was_not_written_is_never_said_to_be_delivered(failure):
    with pytest.raises(type(failure)):
        await EmbeddedDestination(FakeResourceStore(failure)).deliver(CLAIM, publication(observation("a")), NOW)


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
