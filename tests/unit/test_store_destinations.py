"""What the store keeps of other servers: where our resources are there, what was refused, and its replay."""

from datetime import timedelta

import pytest
from test_store_samples import JANE, LEASE, NOON, arrival, claimed, later, opened, publication

from adapter.delivery import Answer, Placement
from adapter.publication import Claim, StaleClaimError
from adapter.store.open_problems import open_problems

BASE = "https://fhir.hospital.example/r4"
SCORE = Placement("Observation", "score-1", "17", "1", "d1")
DEVICE = Placement("Device", "device-1", "3", "1", "d0")
REFUSED = Answer(422, ("value",), ("Observation.value",), "refused")


async def begun(store):
    await store.keep(arrival())
    return await claimed(store)


async def test_a_placement_is_known_as_it_was_kept_and_replaced_by_the_next(place):
    async with opened(place) as store:
        claim = await begun(store)
        doubtful = Placement("Observation", "score-1")
        for placement in (doubtful, SCORE):
            await store.destinations.place(claim, BASE, "score-1", [placement], NOON)
            assert await store.destinations.placements(BASE, [("Observation", "score-1")]) == [placement]


async def test_a_placement_is_of_one_destination_type_and_id(place):
    async with opened(place) as store:
        await store.destinations.place(await begun(store), BASE, "score-1", [SCORE], NOON)

        assert await store.destinations.placements("https://other.example", [("Observation", "score-1")]) == []
        assert await store.destinations.placements(BASE, [("Device", "score-1"), ("Observation", "other")]) == []
        assert await store.destinations.placements(BASE, []) == []


async def test_nothing_is_an_empty_list_of_placements(place):
    async with opened(place) as store:
        await store.destinations.place(await begun(store), BASE, "score-1", [], NOON)


async def test_under_a_lost_claim_nothing_is_kept(place):
    async with opened(place) as store:
        claim = await begun(store)
        lost = Claim(claim.patient, claim.token - 1)
        with pytest.raises(StaleClaimError):
            await store.destinations.place(lost, BASE, "score-1", [SCORE], NOON)
        with pytest.raises(StaleClaimError):
            await store.bury(lost, publication(), REFUSED, NOON)

        assert await store.destinations.placements(BASE, [("Observation", "score-1")]) == []


async def buried(store, answer=REFUSED):
    claim = await begun(store)
    await store.record_delivery(claim, publication("", "delivering"), NOON)
    await store.destinations.place(claim, BASE, "score-1", [SCORE], NOON)
    await store.destinations.place(claim, BASE, "", [DEVICE], NOON)
    await store.bury(claim, publication(), answer, NOON)
    return claim


async def test_a_dead_letter_holds_the_answer_and_nothing_else_of_it(place):
    async with opened(place) as store:
        await buried(store)
        (letter,) = await store.destinations.dead_letters()

    assert (letter.score_id, letter.patient, letter.answer, letter.attempts) == ("score-1", JANE.key, REFUSED, 1)
    assert (letter.failing_since, letter.at) == (NOON, NOON)


async def test_a_score_is_one_dead_letter_however_often_it_is_refused(place):
    async with opened(place) as store:
        claim = await buried(store)
        await store.bury(claim, publication(), Answer(0, rule="given up"), later(1))
        (letter,) = await store.destinations.dead_letters()

    assert letter.answer == Answer(0, rule="given up")


async def test_a_score_that_got_there_after_all_is_no_dead_letter(place):
    async with opened(place) as store:
        claim = await buried(store)
        await store.record_delivery(claim, publication(), later(1))

        assert await store.destinations.dead_letters() == []


async def test_a_correction_on_its_way_does_not_bring_back_the_dead_letter_of_a_score_that_got_there(place):
    async with opened(place) as store:
        claim = await buried(store)
        await store.record_delivery(claim, publication(), later(1))

        await store.record_delivery(claim, publication("", "delivering"), later(2))

        assert await store.destinations.dead_letters() == []
        assert await store.destinations.replay_dead("all of them", later(2)) == 0


async def test_a_replay_makes_the_patient_due_and_what_was_known_doubtful_and_is_audited(place):
    async with opened(place) as store:
        await store.settle(await buried(store), None)

        assert await store.destinations.replay_dead("the server was mended", later(1), "it-desk") == 1

        assert [claim.patient for claim in await store.claim(later(1), 10, LEASE)] == [JANE.key]
        names = [("Observation", "score-1"), ("Device", "device-1")]
        assert [one.digest for one in await store.destinations.placements(BASE, names)] == [None, None]
        assert await store.destinations.dead_letters() == []
        (entry,) = await store.audit_trail()
        assert (entry.action, entry.subject, entry.by) == ("replay-dead", "score-1", "it-desk")


async def test_a_dead_letter_is_counted_among_what_waits_for_a_person(place):
    async with opened(place) as store:
        await buried(store)
        assert (await store._reader.read(open_problems)).dead_letters == 1

        await store.destinations.replay_dead("why", later(1))
        assert (await store._reader.read(open_problems)).dead_letters == 0


async def test_a_reason_with_a_stray_character_is_kept_spelled_out(place):
    async with opened(place) as store:
        await store.settle(await buried(store), None)
        await store.destinations.replay_dead("mended\x00", later(1), "it-desk")
        (entry,) = await store.audit_trail()

    assert entry.reason == "mended\\x00"


async def test_a_replay_may_be_of_one_score(place):
    async with opened(place) as store:
        await buried(store)

        assert await store.destinations.replay_dead("why", later(1), score_id="another") == 0
        assert await store.destinations.replay_dead("why", later(1), score_id="score-1") == 1


async def test_a_claim_that_failed_before_tells_since_when(place):
    async with opened(place) as store:
        claim = await buried(store)
        await store.postpone(claim, later(1), "down")
        (again,) = await store.claim(later(1), 10, LEASE)
        await store.bury(again, publication(), REFUSED, later(1))
        (letter,) = await store.destinations.dead_letters()

    assert (letter.attempts, letter.failing_since, letter.at) == (2, NOON, NOON + timedelta(minutes=1))
