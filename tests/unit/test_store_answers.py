"""An answer that goes to a peer waits in the store, in its sender's order, until it was taken or given up."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from store_places import url
from test_store_samples import JANE, NOON, arrival, claimed, later, read, report

from adapter.store import Store
from adapter.store.answers import due
from adapter.store.messages import Aftermath
from adapter.store.views import MessageFilter


class Answering:
    """Answers a message by its number, so many minutes past noon."""

    def __init__(self, minutes=5) -> None:
        self._at = None if minutes is None else later(minutes)

    def aftermath(self, message, reading):
        return Aftermath(f"MSA|AA|{message.control_id}".encode(), at=self._at)

    def concluded(self, message_id, answer):
        pass


def asked(control_id="M1", sender="ris", **other):
    values = {"sender": sender, "application_asked": True, "answer_again": True} | other
    return replace(arrival(control_id), **values)


async def read_all(store, *arrivals):
    """Keep messages and read them; gives their ids."""
    ids = [(await store.keep(one)).message_id for one in arrivals]
    claim = await claimed(store)
    for message in await store.unread(JANE.key):
        await store.record_reading(claim, message, read(report()))
    await store.settle(claim, None)
    return ids


@pytest.fixture
async def store(place):
    opened = await Store.open(url(place), after=Answering())
    yield opened
    await opened.close()


async def payloads(store, sender="ris", limit=10):
    return [answer.payload for answer in await store.answers.due("mllp", sender, limit)]


async def test_answers_wait_in_the_order_in_which_the_messages_of_their_sender_came(store):
    await read_all(store, asked("M2"), asked("M1"), asked("M3", sender="other"), asked("M4", channel="http"))

    assert await payloads(store) == [b"MSA|AA|M2", b"MSA|AA|M1"]
    assert await payloads(store, limit=1) == [b"MSA|AA|M2"]
    assert await payloads(store, "other") == [b"MSA|AA|M3"]


async def test_an_answer_waits_from_when_it_was_made(store):
    (one,) = await read_all(store, asked())

    (answer,) = await store.answers.due("mllp", "ris", 10)
    assert (answer.message_id, answer.made) == (one, later(5))


async def test_of_an_answer_whose_time_is_not_known_the_message_s_counts(place):
    store = await Store.open(url(place), after=Answering(None))
    await read_all(store, asked())
    (answer,) = await store.answers.due("mllp", "ris", 10)
    await store.close()

    assert answer.made == NOON


async def test_a_message_that_is_not_read_has_no_answer_that_waits(store):
    await store.keep(asked())

    assert await payloads(store) == []


async def test_what_was_delivered_waits_no_more(store):
    (one,) = await read_all(store, asked())
    await store.answers.delivered(one, later(6))

    assert await payloads(store) == []
    assert (await store.message(one)).application_delivered == later(6)


async def test_what_was_given_up_is_listed_with_its_reason_and_stays_undelivered(store):
    one, two = await read_all(store, asked("M1"), asked("M2"))
    await store.answers.give_up(one, "refused: AE, 101", later(6))
    await store.answers.give_up(two, "given-up: no answer", later(7))

    listed = await store.answers.given_up()
    assert [(answer.message_id, answer.problem, answer.at) for answer in listed] == [
        (two, "given-up: no answer", later(7)),
        (one, "refused: AE, 101", later(6)),
    ]
    assert (listed[0].listener, listed[0].sender) == ("mllp", "ris")
    assert await payloads(store) == []
    assert (await store.counts()).undelivered == 2
    detail = await store.message(one)
    assert (detail.application_given_up, detail.application_problem) == (later(6), "refused: AE, 101")


async def test_what_was_delivered_is_not_given_up_after_it(store):
    (one,) = await read_all(store, asked())
    await store.answers.delivered(one, later(6))
    await store.answers.give_up(one, "given-up: no answer", later(7))

    assert await store.answers.given_up() == []
    assert await store.messages(MessageFilter(undelivered=True)) == []


async def test_what_was_given_up_and_then_delivered_another_way_is_given_up_no_more(store):
    (one,) = await read_all(store, asked())
    await store.answers.give_up(one, "given-up: no answer", later(6))
    await store.answers.delivered(one, later(7))

    assert await store.answers.given_up() == []
    assert (await store.message(one)).application_problem is None


async def test_what_was_given_up_is_sent_again_on_a_person_s_word(store):
    one, two = await read_all(store, asked("M1"), asked("M2"))
    await store.answers.delivered(two, later(6))
    await store.answers.give_up(one, "given-up: no answer", later(6))

    assert await store.answers.send_again("line mended", later(90), "it-desk") == 1
    (answer,) = await store.answers.due("mllp", "ris", 10)
    assert (answer.message_id, answer.made) == (one, later(90))
    (entry,) = await store.audit_trail()
    assert (entry.action, entry.subject, entry.reason, entry.by) == ("answer-again", one, "line mended", "it-desk")


async def test_where_nothing_was_given_up_nothing_is_sent_again(store):
    await read_all(store, asked())

    assert await store.answers.send_again("line mended", later(90)) == 0
    assert await store.audit_trail() == []


@pytest.mark.parametrize("ended", ["delivered", "given-up"])
async def test_a_message_that_comes_again_has_its_answer_sent_again(store, ended):
    (one,) = await read_all(store, asked())
    if ended == "delivered":
        await store.answers.delivered(one, later(6))
    else:
        await store.answers.give_up(one, "refused: AE, 101", later(6))
    kept = await store.keep(asked(received=later(60)))

    (answer,) = await store.answers.due("mllp", "ris", 10)
    assert (kept.duplicate, answer.message_id, answer.made) == (True, one, later(60))


async def test_an_answer_that_waits_still_grows_no_younger_when_its_message_comes_again(store):
    await read_all(store, asked())
    await store.keep(asked(received=later(60)))

    (answer,) = await store.answers.due("mllp", "ris", 10)
    assert answer.made == later(5)


async def test_a_message_of_another_sender_that_comes_again_changes_nothing(store):
    (one,) = await read_all(store, asked(answer_again=False))
    await store.answers.delivered(one, later(6))
    await store.keep(asked(answer_again=False, received=later(60)))

    assert await payloads(store) == []


async def test_a_message_that_comes_again_before_it_was_read_has_one_answer(store):
    await store.keep(asked())
    await read_all(store, asked())

    assert await payloads(store) == [b"MSA|AA|M1"]


async def test_what_waits_is_found_without_a_look_at_every_message(tmp_path):
    """The index holds only what waits, so that years of messages cost nothing."""
    store = await Store.open(url(tmp_path))
    plan = []

    def explain(connection):
        statements = []
        connection.connection.set_trace_callback(statements.append)
        due(connection, ("mllp", "ris"), 10)
        connection.connection.set_trace_callback(None)
        plan.extend(connection.execute(text(f"EXPLAIN QUERY PLAN {statements[-1]}")).all())

    await store._reader.read(explain)
    await store.close()

    assert "ix_message_answer_due" in str(plan)
