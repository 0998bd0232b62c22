"""Many callers share one commit; what one of them does wrong is nobody else's loss, and what failed was not written."""

import asyncio
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from test_store_samples import JANE, arrival, opened

from adapter.outcome import StoreUnavailableError
from adapter.store.engine import open_sqlite
from adapter.store.writer import GROUP_LIMIT, Writer


class Desk:
    """A writer on a real file with one table, whose next group can be held back until it is complete."""

    def __init__(self, folder):
        self.engines = open_sqlite(folder / "desk.db", timedelta(seconds=1))
        self.writer = Writer(self.engines.writer)

    async def __aenter__(self):
        await self.writer.write(lambda connection: connection.execute(text("CREATE TABLE line (word TEXT UNIQUE)")))
        return self

    async def __aexit__(self, *_):
        await self.writer.close()
        self.engines.dispose()

    async def together(self, *operations):
        """Run operations in one group: they arrive while the writer is busy."""
        busy, free = threading.Event(), threading.Event()

        def wait(_):
            busy.set()
            free.wait(10)

        first = asyncio.create_task(self.writer.write(wait))
        await asyncio.to_thread(busy.wait, 10)
        tasks = [asyncio.create_task(self.writer.write(operation)) for operation in operations]
        await asyncio.sleep(0)
        free.set()
        await first
        return await asyncio.gather(*tasks, return_exceptions=True)

    def words(self):
        with self.engines.reader.begin() as connection:
            return list(connection.scalars(text("SELECT word FROM line ORDER BY rowid")))


def say(word):
    return lambda connection: connection.execute(text("INSERT INTO line VALUES (:word)"), {"word": word}).rowcount


def fill_the_disk(connection):
    """From here on the file may not grow: what the disk does when it is full."""
    connection.exec_driver_sql("PRAGMA max_page_count = 1")
    connection.execute(text("INSERT INTO line VALUES (:word)"), {"word": "x" * 100_000})


async def test_what_arrives_while_a_commit_runs_is_one_commit(tmp_path):
    async with Desk(tmp_path) as desk:
        before = desk.writer.commits
        await desk.together(*(say(f"word {number}") for number in range(30)))

        assert desk.writer.commits - before == 2
        assert len(desk.words()) == 30


async def test_one_operation_that_fails_does_not_fail_the_other_of_its_group(tmp_path):
    async with Desk(tmp_path) as desk:
        first, second, third = await desk.together(say("one"), say("one"), say("two"))

        assert (first, third) == (1, 1)
        assert isinstance(second, StoreUnavailableError)
        assert desk.words() == ["one", "two"]


async def test_what_a_failing_operation_wrote_before_it_failed_is_undone(tmp_path):
    def half(connection):
        say("half")(connection)
        raise LookupError("the other half")

    async with Desk(tmp_path) as desk:
        failed, done = await desk.together(half, say("whole"))

        assert isinstance(failed, LookupError)
        assert (done, desk.words()) == (1, ["whole"])


async def test_operations_run_in_the_order_in_which_they_were_asked_for(tmp_path):
    async with Desk(tmp_path) as desk:
        await asyncio.gather(*(desk.writer.write(say(f"{number:03}")) for number in range(100)))

        assert desk.words() == [f"{number:03}" for number in range(100)]


async def test_a_group_has_a_limit_so_that_the_first_does_not_wait_for_all(tmp_path):
    async with Desk(tmp_path) as desk:
        before = desk.writer.commits
        await desk.together(*(say(f"word {number}") for number in range(GROUP_LIMIT + 1)))

        assert desk.writer.commits - before == 3


async def test_a_commit_that_fails_fails_everyone_in_it(tmp_path):
    async with Desk(tmp_path) as desk:

        def spoil(connection):
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql("CREATE TABLE child (line TEXT REFERENCES line(word))")
            connection.exec_driver_sql("INSERT INTO child VALUES ('no such line')")

        outcomes = await desk.together(say("one"), spoil, say("two"))

        assert [type(outcome) for outcome in outcomes] == [StoreUnavailableError] * 3
        assert desk.words() == []


async def test_after_a_failed_group_the_next_one_is_written(tmp_path):
    async with Desk(tmp_path) as desk:
        (failed,) = await desk.together(fill_the_disk)
        done = await desk.writer.write(say("two"))

        assert isinstance(failed, StoreUnavailableError)
        assert (done, desk.words()) == (1, ["two"])


async def test_a_full_disk_is_named_as_such(tmp_path):
    async with Desk(tmp_path) as desk:
        with pytest.raises(StoreUnavailableError, match="SQLITE_FULL"):
            await desk.writer.write(fill_the_disk)


async def test_a_read_only_file_is_named_as_such(tmp_path):
    def write_where_nothing_can_be_written(connection):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        say("one")(connection)

    async with Desk(tmp_path) as desk:
        with pytest.raises(StoreUnavailableError, match="read-only"):
            await desk.writer.write(write_where_nothing_can_be_written)


async def test_a_transaction_that_the_database_gave_up_takes_nobody_with_it_half_way(tmp_path):
    """A disk error may end the whole transaction: then what ran before it in the group was not written either."""
    async with Desk(tmp_path) as desk:
        outcomes = await desk.together(say("one"), _end_the_transaction, say("two"))

        assert [type(outcome) for outcome in outcomes] == [StoreUnavailableError] * 3
        assert desk.words() == []


def _end_the_transaction(connection):
    connection.exec_driver_sql("ROLLBACK")
    raise OSError("the disk")


async def test_a_caller_that_no_longer_waits_disturbs_nobody(tmp_path):
    async with Desk(tmp_path) as desk:
        gone = asyncio.create_task(desk.writer.write(say("gone")))
        await asyncio.sleep(0)
        gone.cancel()

        assert await desk.writer.write(say("there")) == 1


async def test_closing_writes_what_was_asked_for(tmp_path):
    async with Desk(tmp_path) as desk:
        tasks = [asyncio.create_task(desk.writer.write(say(f"word {number}"))) for number in range(10)]
        await asyncio.sleep(0)
        await desk.writer.close()

        assert await asyncio.gather(*tasks) == [1] * 10


async def test_a_closed_writer_takes_nothing(tmp_path):
    async with Desk(tmp_path) as desk:
        await desk.writer.close()

        with pytest.raises(StoreUnavailableError, match="closed"):
            await desk.writer.write(say("late"))


async def test_no_value_of_a_patient_is_in_the_error_of_a_failed_write(tmp_path):
    async with Desk(tmp_path) as desk:
        await desk.writer.write(say("DOE^JANE"))
        with pytest.raises(StoreUnavailableError) as failed:
            await desk.writer.write(say("DOE^JANE"))

    assert "DOE" not in str(failed.value) + str(failed.value.__cause__)


async def test_a_store_that_cannot_write_is_not_ready_until_it_can_again(tmp_path):
    async with opened(tmp_path) as store:
        await store.check()
        with pytest.raises(StoreUnavailableError):
            await store._writer.write(_no_more_room)
        await store.check()


def _no_more_room(connection):
    connection.exec_driver_sql("PRAGMA max_page_count = 1")
    connection.exec_driver_sql("CREATE TABLE more (room TEXT)")


async def test_a_store_whose_disk_does_not_answer_in_time_is_not_ready(tmp_path):
    free = threading.Event()
    async with opened(tmp_path) as store:
        stuck = asyncio.create_task(store._writer.write(lambda _: free.wait(10)))
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailableError, match="in time"):
            await store.check(within=timedelta(milliseconds=50))
        free.set()
        await stuck


async def test_reading_goes_on_while_the_writer_is_busy(tmp_path):
    free = threading.Event()
    async with opened(tmp_path) as store:
        await store.keep(arrival())
        stuck = asyncio.create_task(store._writer.write(lambda _: free.wait(10)))
        await asyncio.sleep(0)

        assert len(await store.unread(JANE.key)) == 1
        free.set()
        await stuck


async def test_a_reader_cannot_write(tmp_path):
    async with opened(tmp_path) as store:
        with pytest.raises(StoreUnavailableError, match="read-only"):
            await store._reader.read(lambda connection: connection.execute(text("DELETE FROM message")))


async def test_a_closed_store_says_so(tmp_path):
    async with opened(tmp_path) as store:
        pass

    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.keep(arrival())
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.unread(JANE.key)
