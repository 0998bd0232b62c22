"""What was read of a message stands until it is read anew; what cannot be read is held."""

from dataclasses import replace
from decimal import Decimal

import pytest
from test_store_samples import (
    JANE,
    JOHN,
    NOON,
    arrival,
    claimed,
    claimed_message,
    dues,
    later,
    opened,
    read,
    report,
)

from adapter.outcome import Held, Ignored, Place, Problem
from adapter.publication import StaleClaimError
from adapter.scoring.lesion import Interval, Suv
from adapter.store.codec import ReportNotKeepableError

HELD = Held(Problem.CODE_UNKNOWN, Place("OBX", 5, 3, 1, 1), "the code is not in the mapping's table")


async def accessions(store, patient=JANE):
    return [kept.report.accession for kept in await store.reports(patient.key)]


async def test_a_report_comes_back_with_every_digit_and_its_source(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report(suv="3.10")))

        (kept,) = await store.reports(JANE.key)

    assert kept.report == report(suv="3.10")
    assert str(kept.report.rows[0].finding.suv.value.low) == "3.10"
    assert (kept.source.message_id, kept.source.received, kept.source.sha256) == (message.id, NOON, message.sha256)
    assert (kept.source.mapping_id, kept.sequence) == ("canonical", message.sequence)


async def test_a_read_message_names_its_mapping_and_what_was_tolerated(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report(), notes=("OBX[9] not used", "half \udce4")))

        detail = await store.message(message.id)

    assert detail.summary.state == "read"
    assert (detail.mapping_id, detail.mapping_version) == ("canonical", "1")
    assert detail.notes == ("OBX[9] not used", "half \\udce4")


async def test_both_reports_of_one_message_are_kept_in_their_order(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report("Z"), report("A")))

        assert await accessions(store) == ["Z", "A"]


async def test_all_versions_of_a_report_are_kept_in_the_order_of_their_arrival(place):
    async with opened(place) as store:
        await store.keep(arrival("MSG1"))
        await store.keep(arrival("MSG2"))
        claim = await claimed(store)
        first, second = await store.unread(JANE.key)
        await store.record_reading(claim, second, read(report(suv="2.0")))
        await store.record_reading(claim, first, read(report(suv="1.0")))

        assert [kept.source.control_id for kept in await store.reports(JANE.key)] == ["MSG1", "MSG2"]


async def test_a_read_message_is_not_read_again(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report()))

        assert await store.unread(JANE.key) == []


async def test_a_held_message_says_what_is_wrong_where_and_keeps_its_bytes(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, HELD)

        detail = await store.message(message.id)

    assert (detail.summary.state, detail.summary.problem) == ("held", "code-unknown")
    assert (detail.place, detail.rule, detail.raw) == (HELD.place, HELD.rule, message.raw)


async def test_of_a_message_that_is_none_of_ours_no_body_is_kept(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, Ignored())

        detail = await store.message(message.id)

    assert (detail.summary.state, detail.raw, detail.rule) == ("ignored", None, "not a dual-PET report")
    assert detail.summary.size == len(message.raw)


async def test_an_ignored_message_sent_again_is_still_known(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, Ignored())

        assert (await store.keep(arrival())).duplicate


async def test_another_patient_named_by_a_report_is_marked(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report(), report("ACC-2", JOHN)))

        assert (await dues(store))[JOHN.key] == NOON


async def test_the_patient_in_hand_is_not_marked_by_its_own_reading(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report()))
        await store.settle(claim, None)

        assert await store.waiting() == []


async def test_a_reading_that_is_recorded_twice_is_recorded_once(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report()))
        await store.record_reading(claim, message, read(report()))

        assert await accessions(store) == ["ACC-FDG-1"]


async def test_a_report_that_would_not_come_back_as_it_is_is_not_stored(place):
    rows = report().rows
    odd = replace(rows[0], finding=replace(rows[0].finding, suv=Suv(Interval.exactly(Decimal("NaN")))))
    async with opened(place) as store:
        claim, message = await claimed_message(store)

        with pytest.raises(ReportNotKeepableError):
            await store.record_reading(claim, message, read(replace(report(), rows=(odd,))))
        assert (await store.message(message.id)).summary.state == "received"


async def test_a_reading_of_a_message_that_is_not_there_is_refused(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)

        with pytest.raises(StaleClaimError):
            await store.record_reading(claim, replace(message, sequence=99), Ignored())


async def test_a_message_of_one_patient_is_not_read_as_that_of_another(place):
    async with opened(place) as store:
        _, message = await claimed_message(store)
        await store.keep(arrival("MSG2", patient=JOHN.key))
        of_john = await claimed(store)

        with pytest.raises(StaleClaimError):
            await store.record_reading(of_john, replace(message, patient=JOHN.key), Ignored())


async def test_a_replayed_message_waits_to_be_read_and_its_patient_is_due(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, HELD)
        await store.settle(claim, None)

        assert await store.replay(message.id, "mapping mended", later(7))
        assert await store.unread(JANE.key) == [message]
        assert await dues(store) == {JANE.key: later(7)}
        assert (await store.message(message.id)).summary.problem is None


async def test_the_reports_of_a_replayed_message_stand_until_it_is_read_anew(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report("OLD")))
        await store.replay(message.id, "mapping mended", later(1))
        assert await accessions(store) == ["OLD"]
        await store.record_reading(claim, message, read(report("NEW"), report("NEWER")))

        assert await accessions(store) == ["NEW", "NEWER"]


@pytest.mark.parametrize("now", [HELD, Ignored()])
async def test_a_replayed_message_that_can_no_longer_be_read_has_no_reports(place, now):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report()))
        await store.replay(message.id, "mapping mended", later(1))
        await store.record_reading(claim, message, now)

        assert await accessions(store) == []


async def test_a_patient_whom_a_replayed_message_no_longer_names_is_marked(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report(patient=JOHN)))
        await store.settle(claim, None)
        of_john = await claimed(store)
        await store.settle(of_john, None)
        await store.replay(message.id, "mapping mended", later(1))
        await store.record_reading(await claimed(store, later(1)), message, read(report()))

        assert JOHN.key in await dues(store)


async def test_a_replay_says_who_wanted_it_and_why(place):
    async with opened(place) as store:
        kept = await store.keep(arrival())
        await store.replay(kept.message_id, "mapping mended", later(1), by="physicist on duty")

        (entry,) = await store.audit_trail()

    assert (entry.action, entry.subject, entry.at) == ("replay", kept.message_id, later(1))
    assert (entry.reason, entry.by) == ("mapping mended", "physicist on duty")


async def test_a_message_whose_body_was_not_kept_cannot_be_replayed(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, Ignored())

        assert not await store.replay(message.id, "mapping mended", later(1))
        assert await store.audit_trail() == []


async def test_a_message_that_is_not_there_cannot_be_replayed(place):
    async with opened(place) as store:
        assert not await store.replay("no such message", "mapping mended", NOON)


@pytest.mark.parametrize("now", [read(report()), HELD, Ignored()])
async def test_a_replay_during_the_reading_of_the_message_has_it_read_once_more(place, now):
    """The worker may have read it by the mapping of a minute ago."""
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.replay(message.id, "mapping mended", later(0.5))
        await store.record_reading(claim, message, now)
        await store.settle(claim, None)

        assert await store.unread(JANE.key) == [message]
        assert await dues(store) == {JANE.key: NOON}
        await store.record_reading(await claimed(store), message, now)
        assert await store.unread(JANE.key) == []
