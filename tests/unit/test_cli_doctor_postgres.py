"""doctor looks at a store in PostgreSQL, and says what is wrong when it cannot."""

from datetime import timedelta

from postgres_server import PostgresPlace, PostgresServer

from adapter.cli.doctor_site import look_at_parts, look_at_store
from adapter.settings import Settings
from adapter.store import Store


def settings(url: str) -> Settings:
    return Settings.model_validate({"store": {"url": url}})


def test_a_store_in_postgresql_is_told_with_its_schema(postgres: PostgresPlace):
    assert "PostgreSQL, schema 0" in str(look_at_store(settings(postgres.url)))


def test_a_database_that_is_not_there_is_told_with_a_remedy(server: PostgresServer):
    assert "cannot be reached" in str(look_at_store(settings(server.url("no_such_database"))))


async def test_who_does_what_one_process_does_at_a_time_is_told(postgres: PostgresPlace):
    store = await Store.open(postgres.url)
    await store.leases.take("drop/1", "host-1 (7)", timedelta(minutes=1))
    await store.leases.take("source/archive", "host-2 (8)", timedelta(0))
    await store.close()

    held, dead = look_at_parts(settings(postgres.url))

    assert (held.area, held.state, "host-1 (7) since" in held.says) == ("part drop/1", "ok", True)
    assert (dead.area, dead.state, "host-2 (8) is gone" in dead.says) == ("part source/archive", "note", True)


def test_nothing_is_told_of_parts_where_nobody_shares_the_store_or_it_cannot_be_asked(server: PostgresServer):
    assert look_at_parts(settings("sqlite:///var/netpet.db")) == []
    assert look_at_parts(settings(server.url("no_such_database"))) == []
