"""PostgreSQL keeps what it accepts, or is refused; processes that share it do not get in each other's way."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres_server import PostgresPlace, PostgresServer, postgres_server
from sqlalchemy import text
from test_store_samples import JANE, JOHN, LEASE, NOON, arrival, claimed, dues, later, opened, publication

from adapter.fhir.resource_filter import ResourceFilter, Token
from adapter.outcome import StoreUnavailableError
from adapter.publication import StaleClaimError
from adapter.store import Store
from adapter.store.failure import unavailable
from adapter.store.migrate import migrate, migration_config
from adapter.store.opening import Premises
from adapter.store.postgres import ServerState, open_postgres, refuse_state
from adapter.store.postgres_address import postgres_address
from adapter.store.schema import metadata

SOUND = ServerState(150004, "on", "on", "on", "UTF8", standby=False)
LONG_AGO = "0003"
"""The revision from which on migrations only add, so that the programs before and after them run side by side."""


def test_who_uses_sqlite_does_not_load_the_driver():
    program = "import sys, adapter.app.service; sys.exit('psycopg' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_sound_server_is_taken():
    refuse_state(SOUND)


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"version": 120022}, "older than 13"),
        ({"fsync": "off"}, "fsync=off"),
        ({"full_page_writes": "off"}, "full_page_writes=off"),
        ({"synchronous_commit": "off"}, "synchronous_commit=off"),
        ({"encoding": "LATIN1"}, "UTF8"),
        ({"standby": True}, "primary"),
    ],
)
def test_a_server_that_may_lose_or_garble_is_refused(change, advice):
    with pytest.raises(StoreUnavailableError, match=advice):
        refuse_state(replace(SOUND, **change))


@pytest.mark.slow
async def test_a_server_without_fsync_is_refused_at_the_opening():
    with postgres_server(fsync="off") as unsafe, pytest.raises(StoreUnavailableError, match="fsync=off"):
        await Store.open(unsafe.url(unsafe.create()))


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("postgresql://netpet:secret@localhost/netpet", "password_file"),
        ("postgresql://netpet@localhost/netpet?options=-csynchronous_commit%3Doff", "options is not taken"),
        ("postgresql://netpet@localhost", "name a database"),
    ],
)
def test_an_address_that_says_too_much_or_too_little_is_refused(address, advice):
    with pytest.raises(StoreUnavailableError, match=advice) as refused:
        postgres_address(address)
    assert "secret" not in str(refused.value)


async def test_long_values_are_packed_by_lz4_where_the_server_knows_it(server: PostgresServer):
    ((known,),) = server.run("SELECT max(enumvals)::text FROM pg_settings WHERE name = 'default_toast_compression'")
    async with opened(server.url(server.create())) as store:
        with store._opened.engines.writer.begin() as connection:
            chosen = connection.scalar(text("SHOW default_toast_compression"))

    assert chosen == ("lz4" if "lz4" in str(known) else "pglz")


async def test_a_database_that_does_not_exist_is_named_as_such(server: PostgresServer):
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        await Store.open(server.url("no_such_database"))


async def test_a_password_file_that_cannot_be_read_is_named(postgres: PostgresPlace, tmp_path: Path):
    with pytest.raises(StoreUnavailableError, match=r"store\.password_file"):
        await Store.open(postgres.url, premises=Premises(tmp_path / "none"))


async def test_the_password_is_that_of_the_file(postgres: PostgresPlace, tmp_path: Path):
    (tmp_path / "password").write_text("of no use to a server that trusts\n")

    store = await Store.open(postgres.url, premises=Premises(tmp_path / "password"))
    await store.check()
    await store.close()


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


async def test_two_processes_keep_a_message_that_is_sent_to_both_once(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        kept = await asyncio.gather(*(store.keep(arrival()) for store in (one, other, one, other)))

        assert sorted(receipt.duplicate for receipt in kept) == [False, True, True, True]
        assert len(await one.messages()) == 1


async def test_two_processes_never_get_the_same_patient(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await asyncio.gather(*(one.keep(arrival(f"MSG{n}", patient=f"patient {n}")) for n in range(30)))

        shares = await asyncio.gather(*(store.claim(NOON, 4, LEASE) for store in (one, other) * 5))

    taken = [claim.patient for share in shares for claim in share]
    assert len(taken) == len(set(taken)) == 30


async def test_what_a_process_holds_is_not_taken_by_one_that_starts(postgres: PostgresPlace):
    async with opened(postgres) as one:
        await one.keep(arrival())
        claim = await claimed(one)
        async with opened(postgres) as other:
            assert await other.claim(later(0.5), 10, LEASE) == []
        await one.postpone(claim, later(2), "down")


async def test_what_a_dead_process_held_is_taken_after_the_lease_and_it_can_no_longer_write(postgres: PostgresPlace):
    async with opened(postgres) as one, opened(postgres) as other:
        await one.keep(arrival())
        lapsed = await claimed(one)
        assert (await claimed(other, later(1))).attempts == 1

        with pytest.raises(StaleClaimError):
            await one.record_delivery(lapsed, publication(), later(1))


async def test_crossing_writes_of_two_processes_all_succeed(postgres: PostgresPlace):
    """Each has the patients of the other in its groups, in another order, while both claim and settle."""
    patients = [f"patient {n}" for n in range(40)]
    async with opened(postgres) as one, opened(postgres) as other, asyncio.timeout(60):
        for round_ in range(5):
            told = [(one, patients), (other, patients[::-1])]
            await asyncio.gather(
                *(
                    store.keep(arrival(f"MSG{round_}.{index}.{key}", patient=key))
                    for index, (store, keys) in enumerate(told)
                    for key in keys
                ),
                *(_work(store) for store, _ in told),
            )

        assert len(await one.messages(limit=1000)) == 400
        assert set(await dues(one)) <= set(patients)


async def _work(store: Store):
    claims = await store.claim(NOON, 20, LEASE)
    await asyncio.gather(*(store.settle(claim, NOON) for claim in claims))


async def test_writes_that_lock_in_a_circle_are_tried_again(postgres: PostgresPlace):
    both = asyncio.Barrier(2)
    loop = asyncio.get_running_loop()

    def crossing(first: str, second: str):
        meet = iter([True])

        def run(connection):
            connection.execute(text("UPDATE patient SET attempts = attempts + 1 WHERE key = :key"), {"key": first})
            if next(meet, False):
                asyncio.run_coroutine_threadsafe(_meet(both), loop).result(20)
            connection.execute(text("UPDATE patient SET attempts = attempts + 1 WHERE key = :key"), {"key": second})

        return run

    async with opened(postgres) as one, opened(postgres) as other:
        await one.keep(arrival("MSG1"))
        await one.keep(arrival("MSG2", patient=JOHN.key))
        await asyncio.gather(
            one._writer.write(crossing(JANE.key, JOHN.key)), other._writer.write(crossing(JOHN.key, JANE.key))
        )

        assert [lane.attempts for lane in await one.waiting()] == [2, 2]


async def _meet(barrier: asyncio.Barrier) -> None:
    await barrier.wait()


async def test_the_first_write_of_a_new_resource_by_two_processes_is_one_resource(postgres: PostgresPlace):
    device = {"resourceType": "Device", "id": "ours"}
    async with opened(postgres) as one, opened(postgres) as other:
        await one.keep(arrival("MSG1"))
        await one.keep(arrival("MSG2", patient=JOHN.key))
        first, second = await one.claim(NOON, 2, LEASE)
        await asyncio.gather(
            one.put_resources(first, first.patient, [device], NOON),
            other.put_resources(second, second.patient, [device], NOON),
        )

        assert len(await one.resource_history("Device", "ours")) == 1


async def test_after_a_lost_connection_reads_go_on_and_writes_fail_once_at_most(postgres: PostgresPlace):
    async with opened(postgres) as store:
        kept = await store.keep(arrival())
        await store.message(kept.message_id)
        postgres.server.disconnect(postgres.name)

        assert await store.message(kept.message_id) is not None
        with pytest.raises(StoreUnavailableError):
            await store.keep(arrival("MSG2"))
        assert not (await store.keep(arrival("MSG2"))).duplicate


@pytest.mark.slow
async def test_what_was_accepted_is_there_after_a_crash_of_the_server_and_the_store_goes_on():
    with postgres_server() as own:
        async with opened(own.url(own.create())) as store:
            kept = await store.keep(arrival())
            own.crash()
            with pytest.raises(StoreUnavailableError, match="PostgreSQL"):
                await store.keep(arrival("MSG2"))
            with pytest.raises(StoreUnavailableError, match="cannot be reached"):
                await store.message(kept.message_id)
            own.start()

            assert (await store.message(kept.message_id)).raw == arrival().raw
            await store.keep(arrival("MSG2"))


async def test_what_postgresql_cannot_hold_is_found_nowhere_and_is_no_failure(postgres: PostgresPlace):
    strange = "a\x00b"
    resource = {"resourceType": "Observation", "id": "1", "subject": {"identifier": {"system": "s", "value": strange}}}
    async with opened(postgres) as store:
        await store.keep(arrival())
        await store.put_resources(await claimed(store), JANE.key, [resource | {"status": "final"}], NOON)

        filters = ResourceFilter(identifiers=(Token("a\x00c"),))
        assert (await store.search_resources("Observation", filters, 10)).total == 0
        assert await store.read_resource("Observation", "\x00") is None


async def test_a_reader_cannot_write(postgres: PostgresPlace):
    async with opened(postgres) as store:
        with pytest.raises(StoreUnavailableError, match="25006"):
            await store._reader.read(lambda connection: connection.execute(text("DELETE FROM message")))


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (psycopg.errors.DiskFull(), "disk of PostgreSQL is full"),
        (psycopg.errors.TooManyConnections(), "no room"),
        (psycopg.errors.InvalidPassword(), "user or password"),
        (psycopg.errors.InsufficientPrivilege(), "may not do this"),
        (psycopg.errors.QueryCanceled(), "in time"),
        (psycopg.errors.UndefinedTable(), "db migrate.* .SQLSTATE 42P01"),
        (psycopg.errors.UndefinedFunction(), "answered with an error .42883"),
        (psycopg.OperationalError(), "cannot be reached"),
        (psycopg.DataError(), "cannot be used .DataError"),
    ],
    ids=lambda given: type(given).__name__ if isinstance(given, Exception) else "",
)
def test_a_failure_is_told_in_words_for_an_operator(failure, words):
    with pytest.raises(StoreUnavailableError, match=words):
        raise unavailable(failure)


def test_migrating_again_changes_nothing(postgres: PostgresPlace):
    engines = open_postgres(postgres.url, None)
    migrate(engines.writer)
    engines.dispose()

    ((revision,),) = postgres.server.run("SELECT version_num FROM alembic_version", postgres.name)
    assert revision == ScriptDirectory.from_config(migration_config()).get_current_head()
