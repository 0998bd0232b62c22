"""Migrations of PostgreSQL only add: programs before and after them run side by side, or the database is refused."""

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres_server import PostgresPlace, PostgresServer
from sqlalchemy import text
from test_store_samples import arrival, opened

from adapter.outcome import StoreUnavailableError
from adapter.store import Store
from adapter.store.migrate import migrate, migration_config
from adapter.store.postgres import open_postgres
from adapter.store.schema import metadata

LONG_AGO = "0003"
"""The revision from which on migrations only add, so that the programs before and after them run side by side."""


async def test_migrations_from_an_empty_database_make_the_tables_of_the_schema(server: PostgresServer):
    name = server.create()
    async with opened(server.url(name)) as store:
        with store._opened.engines.writer.begin() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            found = compare_metadata(context, metadata)
    server.drop(name)

    assert found == []


async def test_processes_that_start_at_once_on_an_empty_database_migrate_one_after_the_other(server: PostgresServer):
    name = server.create()
    stores = await asyncio.gather(*(Store.open(server.url(name)) for _ in range(4)))
    await asyncio.gather(*(store.check() for store in stores))
    await asyncio.gather(*(store.close() for store in stores))
    server.drop(name)


async def test_a_newer_schema_that_only_adds_is_taken(postgres: PostgresPlace):
    postgres.server.run("UPDATE alembic_version SET version_num = '9999'", postgres.name)
    postgres.server.run("ALTER TABLE message ADD COLUMN of_tomorrow text", postgres.name)
    postgres.server.run("ALTER TABLE message ADD COLUMN counted integer NOT NULL DEFAULT 0", postgres.name)
    postgres.server.run("CREATE TABLE tomorrow (id integer)", postgres.name)

    async with opened(postgres) as store:
        await store.keep(arrival())


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE message ADD COLUMN demanded text NOT NULL",
        "ALTER TABLE message DROP COLUMN peer",
        "DROP TABLE probe",
    ],
)
async def test_a_newer_schema_in_which_we_cannot_write_is_refused(postgres: PostgresPlace, change):
    postgres.server.run("UPDATE alembic_version SET version_num = '9999'", postgres.name)
    postgres.server.run(change, postgres.name)

    with pytest.raises(StoreUnavailableError, match="newer version"):
        await Store.open(postgres.url)


def test_migrations_only_add_so_that_old_and_new_programs_run_side_by_side(server: PostgresServer):
    """An older program's tables, filled by its statements, are still what it expects after every later migration."""
    name = server.create()
    engines = open_postgres(server.url(name), None)
    config = migration_config()
    with engines.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, LONG_AGO)
        before = connection.execute(text(COLUMNS)).all()
        command.upgrade(config, "head")
        after = {row[:2]: row[2:] for row in connection.execute(text(COLUMNS))}
    engines.dispose()
    server.drop(name)

    tables = {row[0] for row in before}
    assert all(after.get(row[:2]) == row[2:] for row in before)
    added = {key: row for key, row in after.items() if key[0] in tables and key not in {row[:2] for row in before}}
    assert [key for key, (_, nullable, default) in added.items() if nullable == "NO" and default is None] == []


COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"""


def test_migrating_again_changes_nothing(postgres: PostgresPlace):
    engines = open_postgres(postgres.url, None)
    migrate(engines.writer)
    engines.dispose()

    ((revision,),) = postgres.server.run("SELECT version_num FROM alembic_version", postgres.name)
    assert revision == ScriptDirectory.from_config(migration_config()).get_current_head()
