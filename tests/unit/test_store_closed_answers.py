"""An answer that was given up stays a problem until a person closes it or has it sent again; both are in the audit."""

import pytest
from store_places import url
from test_store_answers import Answering, asked, payloads, read_all
from test_store_retention import Kind, Rule, pruned
from test_store_samples import claimed_message, later

from adapter.app.dead_letters import DeadLetters
from adapter.outcome import Held, Problem
from adapter.store import Store
from adapter.store.closings import Closing, NoSuchMessageError, NothingToCloseError
from adapter.store.open_problems import OpenProblems, open_problems
from adapter.web.faults import RefusedError

WHY = Closing("the engine is gone for good", "it-desk", later(60))


@pytest.fixture
async def store(place):
    opened = await Store.open(url(place), after=Answering())
    yield opened
    await opened.close()


async def given_up(store, *names):
    """Keep and read messages, and give their answers up; gives their ids."""
    ids = await read_all(store, *map(asked, names or ("M1",)))
    for one in ids:
        await store.answers.give_up(one, "given-up: no answer", later(6))
    return ids


async def held_and_given_up(store):
    """Keep a message that is held, and give its answer up; gives its id."""
    claim, message = await claimed_message(store, asked())
    await store.record_reading(claim, message, Held(Problem.NO_MAPPING))
    await store.settle(claim, None)
    await store.answers.give_up(message.id, "refused: AE, 101", later(6))
    return message.id


async def open_ones(store):
    return [one.message_id for one in await store.answers.given_up()]


async def counted(store):
    return await store._reader.read(open_problems)


async def test_a_closed_answer_is_listed_no_more_and_is_still_not_delivered(store):
    one, two = await given_up(store, "M1", "M2")
    await store.closings.close_answer(one, WHY)

    assert (await open_ones(store), (await counted(store)).answers) == ([two], 1)
    detail = await store.message(one)
    assert (detail.application_closed, detail.application_delivered) == (WHY.at, None)
    assert detail.application_problem == "given-up: no answer"
    (entry,) = await store.closings.history(one)
    assert (entry.action, entry.by, entry.reason, entry.at) == ("close-answer", WHY.by, WHY.reason, WHY.at)


async def test_closing_an_answer_does_not_close_what_holds_its_message(store):
    held = await held_and_given_up(store)
    await store.closings.close_answer(held, WHY)

    assert await counted(store) == OpenProblems(held=1, dead_letters=0, answers=0)
    assert await store.closings.close(held, WHY) == "closed"
    assert await counted(store) == OpenProblems(held=0, dead_letters=0, answers=0)


async def test_an_answer_that_waits_or_arrived_or_is_closed_cannot_be_closed(store):
    waiting, delivered = await read_all(store, asked("M1"), asked("M2"))
    await store.answers.delivered(delivered, later(6))
    (closed,) = await given_up(store, "M3")
    await store.closings.close_answer(closed, WHY)

    for one in (waiting, delivered, closed):
        with pytest.raises(NothingToCloseError):
            await store.closings.close_answer(one, WHY)
    with pytest.raises(NoSuchMessageError):
        await store.closings.close_answer("nobody-s", WHY)
    assert len(await store.audit_trail()) == 1


async def test_a_closed_answer_is_sent_again_only_when_it_is_named(store):
    one, _two = await given_up(store, "M1", "M2")
    await store.closings.close_answer(one, WHY)

    assert await store.answers.send_again("line mended", later(90), "it-desk") == 1
    assert await payloads(store) == [b"MSA|AA|M2"]
    assert await store.answers.send_again("asked for", later(91), "it-desk", one) == 1
    assert await payloads(store) == [b"MSA|AA|M1", b"MSA|AA|M2"]
    assert [entry.action for entry in await store.closings.history(one)] == ["close-answer", "answer-again"]


async def test_what_was_closed_and_sent_again_is_a_problem_again_when_it_is_given_up_again(store):
    (one,) = await given_up(store)
    await store.closings.close_answer(one, WHY)
    await store.answers.send_again("asked for", later(90), "it-desk", one)
    await store.answers.give_up(one, "refused: AE, 101", later(91))

    assert await open_ones(store) == [one]


async def test_a_message_that_comes_again_opens_its_closed_answer(store):
    (one,) = await given_up(store)
    await store.closings.close_answer(one, WHY)
    await store.keep(asked(received=later(70)))

    assert await payloads(store) == [b"MSA|AA|M1"]
    assert (await store.message(one)).application_closed is None


async def test_an_answer_that_waits_is_not_made_to_wait_anew_by_its_name(store):
    (one,) = await read_all(store, asked())

    assert await store.answers.send_again("hurry", later(90), "it-desk", one) == 0
    assert await store.audit_trail() == []


async def test_a_message_whose_answer_was_given_up_is_forgotten_only_after_a_person_closed_that(store):
    held = await held_and_given_up(store)
    await store.closings.close(held, Closing("a test", "it-desk", later(7)))
    bodies, what_is_left = Rule(Kind.CLOSED, later(1000)), Rule(Kind.MESSAGES, later(1000))

    assert await pruned(store, bodies, what_is_left) == {Kind.CLOSED: (1, 0), Kind.MESSAGES: (0, 0)}
    await store.closings.close_answer(held, WHY)
    assert await pruned(store, Rule(Kind.MESSAGES, WHY.at)) == {Kind.MESSAGES: (0, 0)}
    assert await pruned(store, what_is_left) == {Kind.MESSAGES: (1, 0)}
    assert len(await store.closings.history(held)) == 2


async def test_what_is_replayed_by_an_id_that_is_none_of_them_is_refused(store):
    (one,) = await given_up(store)
    woken = []
    letters = DeadLetters(store, lambda: later(90), lambda: woken.append(1))

    with pytest.raises(RefusedError):
        await letters.replay("it-desk", "line mended", "nobody-s")
    assert woken == []
    assert await letters.replay("it-desk", "line mended", one) == {"replayed": 0, "answers": 1}
    assert woken == [1]
