"""Messages are found and set back to be read anew, a patient's together, with or without the mapping that read them."""

from dataclasses import replace

import pytest
from test_store_samples import (
    JANE,
    JOHN,
    LEASE,
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

from adapter.outcome import Held, Ignored, Problem
from adapter.reading import Cancelled
from adapter.scoring.report import KeptReport, ReportStatus
from adapter.store.replays import Stretch, Supposed, Why
from adapter.store.views import MessageFilter

EVERY = MessageFilter()
WHY = Why("mapping 1.1.0", "ris-team", later(9))
AS_SENT = replace(WHY, as_sent=True)
READ_WITH = f"canonical@1 {read().mapping_sha256}"


async def kept(store, *patients, **other):
    """Messages of these patients, in this order; gives their ids."""
    return [
        (await store.keep(arrival(f"M{number}", patient=key, received=later(number), **other))).message_id
        for number, key in enumerate(patients, 1)
    ]


async def read_all(store, reading):
    for claim in await store.claim(later(30), 10, LEASE):
        for message in await store.unread(claim.patient):
            await store.record_reading(claim, message, reading)
        await store.settle(claim, None)


async def found(store, filters=EVERY, after=0, limit=10):
    page = await store.replays.find(filters, Stretch(after, await store.replays.newest(), limit))
    return [[one.sequence for one in messages] for messages in page.patients.values()], page.last


async def test_a_patients_messages_are_found_together_where_the_first_of_them_stands(place):
    async with opened(place) as store:
        await kept(store, JANE.key, JOHN.key, JANE.key, "third", JANE.key)

        first, last = await found(store, limit=2)
        second, then = await found(store, after=last, limit=2)
        third, end = await found(store, after=then, limit=2)

    assert (sorted(first), last) == ([[1, 3, 5], [2]], 2)
    assert (second, then) == ([[4]], 4)
    assert (third, end) == ([], None)


async def test_what_comes_during_a_replay_is_none_of_it(place):
    async with opened(place) as store:
        await kept(store, JANE.key)
        through = await store.replays.newest()
        await kept(store, JANE.key, "another", JANE.key)

        page = await store.replays.find(EVERY, Stretch(0, through, 10))

    assert [[one.sequence for one in messages] for messages in page.patients.values()] == [[1]]


@pytest.mark.parametrize(
    "filters",
    [
        {"states": ("held",)},
        {"problem": "no-mapping"},
        {"sender": "ris"},
        {"channel": "hl7v2"},
        {"received_from": later(50)},
        {"states": ("held", "ignored"), "received_from": later(50), "received_before": later(52)},
    ],
)
async def test_a_filter_finds_what_fits_it_alone(place, filters):
    async with opened(place) as store:
        await kept(store, JANE.key)
        await read_all(store, read(report()))
        await store.keep(arrival("OTHER", patient=JANE.key, received=later(51), sender="ris", channel="hl7v2"))
        claim = (await store.claim(later(60), 1, LEASE))[0]
        (message,) = await store.unread(JANE.key)
        await store.record_reading(claim, message, Held(Problem.NO_MAPPING))

        assert await found(store, MessageFilter(**filters)) == ([[2]], None)


async def test_a_filter_finds_what_a_version_of_a_mapping_read(place):
    async with opened(place) as store:
        await kept(store, JANE.key)
        await read_all(store, read(report()))

        assert (await found(store, MessageFilter(mapping_id="canonical", mapping_version="1")))[0] == [[1]]
        assert (await found(store, MessageFilter(mapping_id="canonical", mapping_version="2")))[0] == []
        (candidate,) = (await store.replays.find(EVERY, Stretch(0, 9, 9))).patients[JANE.key]

    assert (candidate.state, candidate.mapping) == ("read", READ_WITH)


async def test_a_message_without_its_bytes_is_not_found_but_counted(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, Ignored())

        assert await found(store) == ([], None)
        assert await store.replays.bodiless(EVERY, 1) == 1
        assert await store.replays.bodiless(EVERY, 0) == 0
        assert await store.replays.set_back(JANE.key, [message.sequence], WHY) == 0


async def test_messages_that_are_set_back_are_read_with_the_mappings_in_use(place):
    async with opened(place) as store:
        ids = await kept(store, JANE.key, JANE.key)
        await read_all(store, read(report()))

        assert await store.replays.set_back(JANE.key, [1, 2], WHY) == 2
        unread = await store.unread(JANE.key)
        trail = await store.audit_trail()

        assert [(one.id, one.read_with) for one in unread] == [(id_, "") for id_ in ids]
        assert await dues(store) == {JANE.key: later(9)}
    assert sorted((one.action, one.subject, one.reason, one.by, one.at) for one in trail) == sorted(
        ("replay", id_, "mapping 1.1.0", "ris-team", later(9)) for id_ in ids
    )


async def test_messages_that_are_set_back_as_sent_name_the_mapping_that_read_them(place):
    async with opened(place) as store:
        await kept(store, JANE.key)
        await read_all(store, read(report()))

        await store.replays.set_back(JANE.key, [1], AS_SENT)
        (message,) = await store.unread(JANE.key)
        (entry,) = await store.audit_trail()

        assert (message.read_with, entry.action) == (READ_WITH, "replay-as-sent")
        assert [one.report.accession for one in await store.reports(JANE.key)] == ["ACC-FDG-1"]


async def test_the_last_word_on_how_a_message_is_read_anew_counts(place):
    async with opened(place) as store:
        await kept(store, JANE.key)
        await read_all(store, read(report()))
        await store.replays.set_back(JANE.key, [1], AS_SENT)
        await store.replays.set_back(JANE.key, [1], WHY)

        assert [one.read_with for one in await store.unread(JANE.key)] == [""]


async def test_a_message_replayed_while_it_is_read_is_read_with_what_the_replay_said(place):
    """Not with what read it a moment ago, which its row names by then."""
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.replays.set_back(JANE.key, [message.sequence], WHY)
        await store.record_reading(claim, message, read(report()))

        assert [one.read_with for one in await store.unread(JANE.key)] == [""]


async def test_a_message_of_somebody_else_is_not_set_back_with_a_patients(place):
    async with opened(place) as store:
        await kept(store, JANE.key, JOHN.key)
        await read_all(store, Held(Problem.NO_MAPPING))

        assert await store.replays.set_back(JANE.key, [1, 2], WHY) == 1
        assert await store.unread(JOHN.key) == []


async def test_a_patient_of_very_many_messages_is_set_back_whole(place):
    async with opened(place) as store:
        await kept(store, *[JANE.key] * 3)

        assert await store.replays.set_back(JANE.key, [*range(4, 1200), 1, 2, 3], WHY) == 3


async def test_the_unread_are_counted_no_further_than_asked(place):
    async with opened(place) as store:
        await kept(store, JANE.key, JOHN.key, "third")

        assert [await store.replays.unread(most) for most in (2, 10)] == [2, 3]


async def test_a_supposed_report_stands_in_place_of_those_of_its_message(place):
    async with opened(place) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report("OLD")))
        (standing,) = await store.reports(JANE.key)
        of_john = KeptReport(report("NEW", JOHN), standing.source, message.sequence)
        supposed = Supposed(frozenset({message.sequence}), (of_john,))

        would = await store.replays.suppose({JANE.key, JOHN.key}, supposed)

        assert would == {JANE.key: [], JOHN.key: [of_john]}
        assert await store.replays.reports_of(message.sequence) == [report("OLD")]
        assert await store.reports(JANE.key) == [standing]
        assert await store.replays.delivered(JANE.key) == []


async def test_a_cancellation_is_supposed_to_count_for_a_known_study_alone(place):
    retracted = replace(report().study, status=ReportStatus.CANCELLED)
    cancelled = Cancelled(read(replace(report(), kind=None, study=retracted)), Ignored("none of ours"))
    async with opened(place) as store:
        unknown = await store.replays.settle(cancelled)
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, read(report()))
        known = await store.replays.settle(cancelled)

    assert (unknown.reading, known.reading) == (Ignored("none of ours"), cancelled.read)


async def test_a_replay_lets_a_lane_that_is_worked_on_finish_first(place):
    async with opened(place) as store:
        await kept(store, JANE.key)
        claim = await claimed(store, later(2))
        await store.replays.set_back(JANE.key, [1], WHY)

        assert [lane.claimed for lane in await store.waiting()] == [later(2)]
        await store.settle(claim, None)
        assert NOON < (await dues(store))[JANE.key] <= later(9)
