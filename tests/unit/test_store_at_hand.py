"""What was looked up with a claim is what the store would say after each reading, without asking it once more."""

import pytest
from test_store_samples import JANE, JOHN, LEASE, NOON, arrival, claimed, later, opened, publication, read, report

from adapter.app.known_patient import KnownPatient
from adapter.delivery import Answer
from adapter.outcome import Held, Ignored, Problem
from adapter.reading import Merged
from adapter.scoring.merges import Merge


@pytest.mark.parametrize(
    "readings",
    [
        [read(report("ACC-1"))],
        [read(report("ACC-1")), read(report("ACC-2"), report("ACC-3"))],
        [Held(Problem.NO_MAPPING), read(report("ACC-2")), Ignored()],
    ],
)
async def test_what_was_read_is_at_hand_as_the_store_would_tell_it(place, readings):
    async with opened(place) as store:
        for number, _ in enumerate(readings):
            await store.keep(arrival(f"MSG{number}", received=later(number)))
        (claim,) = await store.claim(later(9), 10, LEASE)
        known = (await store.at_hand([JANE.key]))[JANE.key]
        several = list(zip(known.unread, readings, strict=True))
        for (message, reading), kept in zip(several, await store.record_readings(claim, several), strict=True):
            known = known.after(message, reading, kept.reading)

        assert list(known.reports) == await store.reports(JANE.key)


async def test_a_message_that_is_read_anew_replaces_what_it_said_before(place):
    async with opened(place) as store:
        kept = await store.keep(arrival())
        claim = await claimed(store)
        (message,) = (await store.at_hand([JANE.key]))[JANE.key].unread
        await store.record_readings(claim, [(message, read(report(suv="3.0")))])
        await store.settle(claim, None)
        await store.replay(kept.message_id, "a new mapping", later(1))
        claim = await claimed(store, later(1))
        known = (await store.at_hand([JANE.key]))[JANE.key]
        again = read(report(suv="4.0"))
        await store.record_readings(claim, [(known.unread[0], again)])

        assert list(known.after(known.unread[0], again, again).reports) == await store.reports(JANE.key)


async def test_patients_are_looked_up_together_each_with_what_is_its_own(place):
    async with opened(place) as store:
        for number, who in enumerate((JANE, JOHN, JANE)):
            await store.keep(arrival(f"MSG{number}", patient=who.key))
        claims = {claim.patient: claim for claim in await store.claim(NOON, 10, LEASE)}
        await store.record_delivery(claims[JANE.key], publication(), NOON)

        known = await store.at_hand([*claims])

        assert [one.control_id for one in known[JANE.key].unread] == ["MSG0", "MSG2"]
        assert [one.control_id for one in known[JOHN.key].unread] == ["MSG1"]
        assert list(known[JANE.key].delivered) == await store.delivered(JANE.key)
        assert known[JOHN.key].delivered == ()
        assert known[JANE.key].all_unread


async def test_more_than_was_asked_for_waits_and_that_is_said(place):
    async with opened(place) as store:
        for number in range(3):
            await store.keep(arrival(f"MSG{number}"))

        known = (await store.at_hand([JANE.key], 2))[JANE.key]

        assert [one.control_id for one in known.unread] == ["MSG0", "MSG1"]
        assert not known.all_unread


async def test_what_concerns_other_records_too_is_looked_up_anew(place):
    async with opened(place) as store:
        await store.keep(arrival())
        await claimed(store)
        known = (await store.at_hand([JANE.key]))[JANE.key]
        (message,) = known.unread
        elsewhere, merged = read(report(patient=JOHN)), Merged((Merge(old=JOHN, survivor=JANE, at=NOON),))

        assert known.after(message, elsewhere, elsewhere) is None
        assert known.after(message, merged, merged) is None


async def test_a_patient_of_merged_records_is_left_out(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        (message,) = await store.unread(JANE.key)
        await store.record_readings(claim, [(message, Merged((Merge(old=JOHN, survivor=JANE, at=NOON),)))])

        assert await store.at_hand([JANE.key]) == {}


async def test_a_known_patient_is_asked_nothing_and_what_is_written_of_it_is_on_disk(place):
    async with opened(place) as store:
        await store.keep(arrival())
        claim = await claimed(store)
        patient = KnownPatient(store, (await store.at_hand([JANE.key]))[JANE.key])
        await patient.record_delivery(claim, publication("", "delivering"), NOON)

        assert (await patient.reports(JANE.key), await patient.delivered(JANE.key)) == ([], [])
        assert [one.score_id for one in await store.delivered(JANE.key)] == ["score-1"]

        await patient.bury(claim, publication(), Answer(status=422), NOON)
        assert [one.score_id for one in await store.destinations.dead_letters()] == ["score-1"]
