"""What one process does at a time of all that share a database: a lease by name, timed by the database alone."""

import asyncio
from datetime import timedelta

import pytest
from postgres_server import PostgresPlace
from sqlalchemy import text
from store_places import url

from adapter.store import Store
from adapter.store.leases import ALONE, LeaseLostError, Tenure, require

MINUTE = timedelta(minutes=1)
NONE = timedelta(0)


@pytest.fixture
async def one(postgres: PostgresPlace):
    store = await Store.open(postgres.url)
    yield store
    await store.close()


@pytest.fixture
async def other(postgres: PostgresPlace):
    store = await Store.open(postgres.url)
    yield store
    await store.close()


async def change(store: Store, statement: str) -> None:
    await store._writer.write(lambda connection: connection.execute(text(statement)))


async def test_what_one_process_holds_no_other_is_given(one, other):
    first = await one.leases.take("drop", "host-1", MINUTE)

    assert first == Tenure("drop", 1)
    assert await other.leases.take("drop", "host-2", MINUTE) is None
    assert await other.leases.take("sources", "host-2", MINUTE) == Tenure("sources", 1)


async def test_of_many_that_ask_at_once_one_is_given_it(one, other):
    asked = [store.leases.take("drop", str(number), MINUTE) for number, store in enumerate((one, other) * 10)]

    given = await asyncio.gather(*asked)

    assert [tenure for tenure in given if tenure] == [Tenure("drop", 1)]


async def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_token(one, other):
    first = await one.leases.take("drop", "host-1", NONE)

    assert await other.leases.take("drop", "host-2", MINUTE) == Tenure("drop", 2)
    with pytest.raises(LeaseLostError):
        await one.leases.renew(first, MINUTE)
    await one.leases.give_back(first)
    assert [(lease.holder, lease.stands) for lease in await one.leases.held()] == [("host-2", True)]


async def test_a_lease_that_ran_out_and_that_nobody_took_is_renewed(one, other):
    first = await one.leases.take("drop", "host-1", NONE)

    await one.leases.renew(first, MINUTE)

    assert await other.leases.take("drop", "host-2", MINUTE) is None


async def test_a_lease_that_is_given_back_is_free_at_once_and_cannot_be_renewed(one, other):
    first = await one.leases.take("drop", "host-1", MINUTE)

    await one.leases.give_back(first)

    with pytest.raises(LeaseLostError):
        await one.leases.renew(first, MINUTE)
    assert await one.leases.held() == []
    assert await other.leases.take("drop", "host-2", MINUTE) == Tenure("drop", 2)


async def test_a_lease_further_ahead_than_anyone_asked_for_is_free(one, other):
    """The database's clock was set back by an hour."""
    await one.leases.take("drop", "host-1", MINUTE)
    await change(one, "UPDATE lease SET until = until + 3600000")

    assert await other.leases.take("drop", "host-2", MINUTE) == Tenure("drop", 2)


async def test_a_clock_set_back_by_less_than_the_term_takes_the_lease_from_nobody(one, other):
    await one.leases.take("drop", "host-1", MINUTE)
    await change(one, "UPDATE lease SET until = until + 50000")

    assert await other.leases.take("drop", "host-2", MINUTE) is None


async def test_what_is_written_under_a_lease_that_another_holds_is_not_written(one, other):
    first = await one.leases.take("drop", "host-1", NONE)
    await other.leases.take("drop", "host-2", MINUTE)

    def write(connection):
        connection.execute(text("INSERT INTO probe (id, writes) VALUES (9, 9)"))
        require(connection, first)

    with pytest.raises(LeaseLostError):
        await one._writer.write(write)
    count = await one._reader.read(lambda connection: connection.scalar(text("SELECT count(*) FROM probe WHERE id=9")))
    assert count == 0


async def test_what_is_written_under_a_lease_that_stands_keeps_others_from_taking_it_until_it_is_written(one, other):
    first = await one.leases.take("drop", "host-1", NONE)
    taking: list[asyncio.Task] = []
    loop = asyncio.get_running_loop()

    def write(connection):
        require(connection, first)
        begun = asyncio.run_coroutine_threadsafe(begin(), loop)
        begun.result()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not connection.scalar(text(waiting)):
            pass
        return taking[0].done()

    async def begin():
        taking.append(asyncio.create_task(other.leases.take("drop", "host-2", MINUTE)))

    assert await one._writer.write(write) is False
    assert await taking[0] == Tenure("drop", 2)


async def test_a_store_of_one_process_gives_every_lease_without_a_row(tmp_path):
    store = await Store.open(url(tmp_path))

    tenure = await store.leases.take("drop", "host-1", MINUTE)
    await store.leases.renew(tenure, MINUTE)
    await store._writer.write(lambda connection: require(connection, tenure))
    await store.leases.give_back(tenure)

    assert tenure == Tenure("drop", ALONE)
    assert await store.leases.held() == []
    await store.close()
