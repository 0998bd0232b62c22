"""What pages, command line and metrics see of the store."""

import pytest
from test_store_samples import JANE, JOHN, NOON, arrival, claimed, claimed_message, later, opened, publication, read

from adapter.outcome import NOWHERE, Held, Ignored, Problem
from adapter.store.views import Counts, MessageFilter

HELD = Held(Problem.NO_MAPPING, rule="no mapping takes this message")


async def control_ids(store, *, limit=50, before=None, **filters) -> list[str]:
    return [message.control_id for message in await store.messages(MessageFilter(**filters), limit, before)]


async def test_messages_are_listed_last_received_first_and_page_by_page(place):
    async with opened(place) as store:
        for number in range(5):
            await store.keep(arrival(f"MSG{number}"))
        first = await store.messages(limit=3)

        assert [message.control_id for message in first] == ["MSG4", "MSG3", "MSG2"]
        assert await control_ids(store, before=first[-1].sequence) == ["MSG1", "MSG0"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"states": ("held",)}, ["MSG1"]),
        ({"states": ("held", "received")}, ["MSG2", "MSG1"]),
        ({"problem": "no-mapping"}, ["MSG1"]),
        ({"problem": "code-unknown"}, []),
        ({"channel": "fhir"}, ["MSG2"]),
        ({"patient": JOHN.key}, ["MSG2"]),
        ({"control_id": "MSG1"}, ["MSG1"]),
        ({"received_from": later(1)}, ["MSG2"]),
        ({"received_before": later(1)}, ["MSG1"]),
    ],
)
async def test_messages_are_found_by_what_became_of_them(place, filters, expected):
    async with opened(place) as store:
        claim, message = await claimed_message(store, arrival("MSG1"))
        await store.record_reading(claim, message, HELD)
        await store.keep(arrival("MSG2", patient=JOHN.key, received=later(1), channel="fhir"))

        assert await control_ids(store, **filters) == expected


async def test_a_message_in_a_list_tells_who_sent_it_and_how_large_it_was(place):
    async with opened(place) as store:
        kept = await store.keep(arrival(processing_id="T"))

        (message,) = await store.messages()

    assert (message.id, message.received, message.patient) == (kept.message_id, NOON, JANE.key)
    assert (message.sending_application, message.sending_facility, message.processing_id) == ("RIS", "NUCMED", "T")
    assert (message.size, message.format, message.state) == (len(arrival().raw), "hl7v2", "received")


async def test_a_message_that_was_not_read_yet_has_nothing_to_say_of_it(place):
    async with opened(place) as store:
        kept = await store.keep(arrival())

        detail = await store.message(kept.message_id)

    assert (detail.place, detail.rule, detail.mapping_id, detail.notes) == (NOWHERE, "", None, ())


async def test_a_message_that_is_not_there_is_none(place):
    async with opened(place) as store:
        assert await store.message("no such message") is None


async def test_an_empty_store_counts_nothing(place):
    async with opened(place) as store:
        assert await store.counts() == Counts({}, {}, 0, 0, None)


async def test_messages_scores_and_patients_are_counted(place):
    async with opened(place) as store:
        for number, outcome in enumerate([read(), HELD, HELD, Ignored()]):
            await store.keep(arrival(f"MSG{number}"))
            claim = await claimed(store, later(number))
            (message,) = await store.unread(JANE.key)
            await store.record_reading(claim, message, outcome)
            await store.record_delivery(claim, publication(state="waiting"), NOON)
            await store.settle(claim, None)
        await store.keep(arrival("MSG5", patient=JOHN.key, received=later(5)))
        await store.postpone(await claimed(store, later(5)), later(9), "destination-down")

        counts = await store.counts()

    assert counts.messages == {"read": 1, "held": 2, "ignored": 1, "received": 1}
    assert counts.scores == {"waiting": 1}
    assert (counts.waiting, counts.failing, counts.oldest_unread) == (1, 1, later(5))


async def test_the_waiting_are_listed_longest_due_first(place):
    async with opened(place) as store:
        for number in (3, 1, 2):
            await store.keep(arrival(f"MSG{number}", patient=f"patient {number}", received=later(number)))
        await store.claim(later(1), 1, later(9) - NOON)

        lanes = await store.waiting(limit=2)

    assert [(lane.patient, lane.claimed) for lane in lanes] == [("patient 2", None), ("patient 3", None)]
