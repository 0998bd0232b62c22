"""What page one hands to the store comes back: the sender, the deviations, the answers, and the window of a number."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import inspect
from store_places import url
from test_store_samples import JANE, NOON, arrival, claimed_message, later, opened, read, report

from adapter.arrival import ControlIdReusedError
from adapter.outcome import Held, Ignored, Problem
from adapter.store import Store
from adapter.store.engine import open_sqlite
from adapter.store.messages import Aftermath
from adapter.store.migrate import migration_config
from adapter.store.opening import BUSY_TIMEOUT
from adapter.store.views import MessageFilter

ASKED = replace(arrival(), application_asked=True)


class Answering:
    """Answers every message that asks, and remembers what came to its end."""

    def __init__(self, *, keep_ignored: bool = False) -> None:
        self._keep_ignored = keep_ignored
        self.ended: list[tuple[str, bytes | None]] = []

    def aftermath(self, message, reading):
        return Aftermath(b"MSA|AA" if message.application_asked else None, self._keep_ignored)

    def concluded(self, message_id, answer):
        self.ended.append((message_id, answer))


async def store_of(folder, after):
    return await Store.open(url(folder), after=after)


async def test_the_sender_and_what_was_tolerated_are_shown_with_the_message(tmp_path):
    async with opened(tmp_path) as store:
        sent = replace(arrival(), sender="ris", deviations=("junk-skipped: 1", "byte-order-mark: utf-8"))
        claim, message = await claimed_message(store, sent)
        await store.record_reading(claim, message, read(report(), notes=("byte-order-mark: utf-8", "obr-missing: 1")))
        detail = await store.message(message.id)

    assert (message.sender, detail.sender) == ("ris", "ris")
    assert detail.notes == ("junk-skipped: 1", "byte-order-mark: utf-8", "obr-missing: 1")


async def test_what_was_tolerated_in_a_held_message_is_shown_too(tmp_path):
    async with opened(tmp_path) as store:
        claim, message = await claimed_message(store)
        await store.record_reading(claim, message, Held(Problem.NO_MAPPING, notes=("pid-missing: 1",)))

        assert (await store.message(message.id)).notes == ("pid-missing: 1",)


async def test_a_second_use_of_a_number_is_refused_and_leaves_nothing(tmp_path):
    async with opened(tmp_path) as store:
        first = await store.keep(arrival())
        with pytest.raises(ControlIdReusedError):
            await store.keep(replace(arrival(text="other"), patient="somebody else", refuse_reused=True))
        again = await store.keep(replace(arrival(), refuse_reused=True))

        assert (again.message_id, again.duplicate) == (first.message_id, True)
        assert len(await store.messages()) == 1
        assert [lane.patient for lane in await store.waiting()] == [JANE.key]


@pytest.mark.parametrize(("days", "reused"), [(1, False), (3, True)])
async def test_a_number_stands_for_one_message_within_the_window(tmp_path, days, reused):
    async with opened(tmp_path) as store:
        await store.keep(arrival())
        at = NOON + timedelta(days=2)
        kept = await store.keep(replace(arrival(text="other"), received=at, reused_since=at - timedelta(days=days)))

    assert kept.control_id_reused is reused


async def test_an_answer_after_the_reading_is_kept_with_it_and_told(tmp_path):
    after = Answering()
    store = await store_of(tmp_path, after)
    claim, message = await claimed_message(store, ASKED)
    await store.record_reading(claim, message, read(report()))
    detail = await store.message(message.id)
    await store.close()

    assert (detail.application_asked, detail.application_answer, detail.application_delivered) == (
        True,
        b"MSA|AA",
        None,
    )
    assert after.ended == [(message.id, b"MSA|AA")]


async def test_an_answer_that_did_not_arrive_is_listed_until_it_did(tmp_path):
    store = await store_of(tmp_path, Answering())
    claim, message = await claimed_message(store, ASKED)
    await store.record_reading(claim, message, read(report()))
    before = await store.messages(MessageFilter(undelivered=True)), (await store.counts()).undelivered
    await store.mark_delivered(message.id, later(1))
    after = await store.messages(MessageFilter(undelivered=True)), (await store.counts()).undelivered
    delivered = (await store.message(message.id)).application_delivered
    await store.close()

    assert ([one.id for one in before[0]], before[1]) == ([message.id], 1)
    assert (after, delivered) == (([], 0), later(1))


async def test_the_same_message_again_brings_both_answers(tmp_path):
    store = await store_of(tmp_path, Answering())
    claim, message = await claimed_message(store, ASKED)
    unread = await store.keep(ASKED)
    await store.record_reading(claim, message, read(report()))
    again = await store.keep(ASKED)
    await store.close()

    assert (unread.application_asked, unread.application_answer) == (True, None)
    assert (again.answer, again.application_asked, again.application_answer) == (ASKED.answer, True, b"MSA|AA")


async def test_a_message_that_was_read_without_an_answer_has_none_to_come(tmp_path):
    async with opened(tmp_path) as store:
        claim, message = await claimed_message(store, ASKED)
        await store.record_reading(claim, message, read(report()))

        assert (await store.keep(ASKED)).application_asked is False


async def test_a_message_that_is_read_again_is_not_answered_again(tmp_path):
    store = await store_of(tmp_path, Answering())
    claim, message = await claimed_message(store, ASKED)
    await store.record_reading(claim, message, Held(Problem.NO_MAPPING))
    await store.settle(claim, None)
    await store.replay(message.id, "mapping mended", later(1))
    (again,) = await store.unread(JANE.key)
    await store.close()

    assert (message.application_asked, again.application_asked) == (True, False)


@pytest.mark.parametrize(("keep", "body"), [(False, None), (True, arrival().raw)])
async def test_the_body_of_an_ignored_message_stays_where_that_is_wanted(tmp_path, keep, body):
    store = await store_of(tmp_path, Answering(keep_ignored=keep))
    claim, message = await claimed_message(store)
    await store.record_reading(claim, message, Ignored())
    kept = (await store.message(message.id)).raw
    await store.close()

    assert kept == body


async def test_a_database_of_the_first_version_keeps_its_messages(tmp_path):
    async with opened(tmp_path) as store:
        await store.keep(ASKED)
    go_back_to_the_first_version(tmp_path)

    async with opened(tmp_path) as store:
        (message,) = await store.unread(JANE.key)
        detail = await store.message(message.id)
        again = await store.keep(arrival())

    assert (message.raw, message.sender, message.application_asked) == (arrival().raw, "", False)
    assert (detail.notes, detail.application_answer) == ((), None)
    assert (again.duplicate, again.answer) == (True, arrival().answer)


def go_back_to_the_first_version(folder):
    engines = open_sqlite(folder / "netpet.db", BUSY_TIMEOUT)
    config = migration_config()
    with engines.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        columns = {column["name"] for column in inspect(connection).get_columns("message")}
    engines.dispose()
    assert "sender" not in columns
