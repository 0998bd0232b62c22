"""Twelve faults, before and after the server applied the write, under both plans: nothing lost, nothing doubled."""

import pytest
from fakes import APPLIED, FAULTS, Fault, serving
from fhir_deliveries import (
    KNOWS_ALL,
    KNOWS_NOTHING,
    PATIENT,
    QUICK,
    FakeLedger,
    deliver_until_done,
    delivering,
    lesions,
    published,
)

from adapter.fhir.json_text import to_json

PLANS = ("transaction", "sequential")
MOST_WRITES = 6
"""A first score with two lesions: Device, two lesions, score, Provenance, and whatever is repeated."""


def numbers(server):
    """How many scores and lesions stand there; the content is looked at beside it."""
    return {"scores": len(server.store.standing()), "lesions": len(server.store.standing("lesion"))}


async def delivered_through(server, plan, agreement, faults):
    """One score and its correction, each with the faults on the way, a restart in between."""
    limits = QUICK if any(fault and fault.kind == "slow" for fault in faults) else PATIENT
    ledger, first = FakeLedger(), published(*lesions("L1", "L2"))
    corrected = published(*lesions("L1", "L2"), before=first.resources, grade="P2b")
    for publication in (first, corrected):
        server.faults[:] = faults
        async with delivering(server, plan, ledger, limits=limits, **agreement) as destination:
            await deliver_until_done(destination, publication)
        server.faults.clear()


@pytest.mark.parametrize("agreement", [KNOWS_ALL, KNOWS_NOTHING, {"client_ids": True}], ids=["knows", "blind", "ours"])
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", FAULTS)
async def test_after_any_fault_the_score_and_its_correction_stand_there_once(kind, after, plan, agreement):
    async with serving() as server:
        await delivered_through(server, plan, agreement, [None, Fault(kind, after)])

        assert numbers(server) == {"scores": 1, "lesions": 2}
        assert kind in APPLIED or len(server.store.of_type("Provenance")) == 1
        (score,) = server.store.standing()
        if kind != "ignored":
            assert score["valueCodeableConcept"]["text"] == "P2b"
            assert {one["reference"] for one in score["derivedFrom"] if "reference" in one} == {
                f"Observation/{one['id']}" for one in server.store.standing("lesion")
            }


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", FAULTS)
async def test_a_fault_at_every_write_in_turn_loses_and_doubles_nothing(kind, after, plan):
    for position in range(MOST_WRITES):
        async with serving() as server:
            faults = [None] * position + [Fault(kind, after)]
            await delivered_through(server, plan, KNOWS_ALL, faults)

            assert numbers(server) == {"scores": 1, "lesions": 2}


@pytest.mark.parametrize("kind", ["epic", "oracle"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("fault", [one for one in FAULTS if one != "batch"])
async def test_a_server_without_conditions_has_one_score_after_any_fault(fault, after, kind):
    async with serving(kind) as server:
        await delivered_through(server, "sequential", {}, [None, Fault(fault, after)])

        assert numbers(server) == {"scores": 1, "lesions": 2}


async def test_a_create_whose_answer_was_lost_is_never_sent_blindly_again():
    async with serving("epic") as server:
        server.faults[:] = [None, Fault("reset", after=True), None, Fault("slow", after=True)]
        async with delivering(server, "sequential", FakeLedger(), limits=QUICK) as destination:
            await deliver_until_done(destination, published(*lesions("L1", "L2")))

        created = [path for method, path, *_ in server.writes() if method == "POST"]
        assert sorted(created) == ["Device", "Observation", "Observation", "Observation", "Provenance"]


async def test_a_batch_in_place_of_a_transaction_leaves_no_reference_that_leads_nowhere():
    async with serving() as server:
        server.faults[:] = [None, Fault("batch")]
        async with delivering(server, "transaction", **KNOWS_ALL) as destination:
            await deliver_until_done(destination, published(*lesions("L1", "L2")))

        assert b"urn:uuid" not in b"".join(to_json(one) for one in server.store.held.values())
        assert numbers(server) == {"scores": 1, "lesions": 2}
        assert len(server.store.of_type("Provenance")) == 1
