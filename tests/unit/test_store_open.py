"""A store opens only where it can keep its word, is alone there, and finds the tables of its own version."""

import contextlib
import sqlite3
import stat

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect
from store_places import url
from test_store_samples import arrival, child, line, opened

from adapter.outcome import StoreUnavailableError
from adapter.store import Store
from adapter.store.engine import refuse_unless_durable, sqlite_file, version_warnings
from adapter.store.migrate import migrate, migration_config
from adapter.store.opening import Premises
from adapter.store.premises import file_system
from adapter.store.schema import metadata

HOLDER = """
import asyncio, sys
from test_store_samples import opened

async def main():
    async with opened(sys.argv[1]):
        print("open", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""

MOUNTINFO = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:27 / /mnt/results rw,relatime shared:9 - nfs4 server:/export rw
31 22 0:28 / /mnt/with\040blank rw,relatime - cifs //server/share rw
32 30 254:1 / /mnt/results/local rw - xfs /dev/vdb rw
a line that is none
"""


async def test_a_new_database_is_created_with_its_folders(tmp_path):
    async with opened(tmp_path / "var" / "netpet") as store:
        await store.keep(arrival())

    assert (tmp_path / "var" / "netpet" / "netpet.db").stat().st_size > 0


async def test_a_new_database_is_for_its_owner_alone(tmp_path):
    async with opened(tmp_path / "var") as store:
        await store.keep(arrival())
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "var").glob("netpet.db*")}

    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert {modes["netpet.db"], modes["netpet.db-wal"], modes["netpet.db-shm"]} == {0o600}


async def test_what_was_kept_is_there_after_closing_and_opening_again(tmp_path):
    async with opened(tmp_path) as store:
        kept = await store.keep(arrival())
    async with opened(tmp_path) as store:
        assert (await store.message(kept.message_id)).raw == arrival().raw


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("mysql://localhost/netpet", "write sqlite:///"),
        ("not a url", "write it as sqlite:///"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite:///file:netpet.db", "name a file"),
        ("sqlite:///netpet.db?nolock=1", "remove what follows"),
    ],
)
async def test_an_address_that_cannot_be_durable_is_refused_with_advice(address, advice):
    with pytest.raises(StoreUnavailableError, match=advice):
        await Store.open(address)


def test_a_relative_address_is_relative_to_where_the_service_runs(tmp_path):
    with contextlib.chdir(tmp_path):
        assert sqlite_file("sqlite:///var/netpet.db") == (tmp_path / "var" / "netpet.db").resolve()


def test_a_database_without_a_write_ahead_log_is_refused():
    with pytest.raises(StoreUnavailableError, match="journal_mode=memory"):
        refuse_unless_durable(sqlite3.connect(":memory:"))


def test_a_database_that_does_not_wait_for_the_disk_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "netpet.db")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")

    with pytest.raises(StoreUnavailableError, match="synchronous"):
        refuse_unless_durable(connection)


async def test_the_writing_connection_waits_for_the_disk(tmp_path):
    async with opened(tmp_path) as store:
        settings = await store._writer.write(
            lambda connection: {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        )

    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


async def test_a_reading_connection_neither_writes_nor_checkpoints(tmp_path):
    async with opened(tmp_path) as store:
        settings = await store._reader.read(
            lambda connection: [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("query_only", "wal_autocheckpoint")
            ]
        )

    assert settings == [1, 0]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/var/netpet.db", "ext4"),
        ("/mnt/results/netpet.db", "nfs4"),
        ("/mnt/with blank/netpet.db", "cifs"),
        ("/mnt/results/local/netpet.db", "xfs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(tmp_path, path, found):
    assert file_system(tmp_path.__class__(path), MOUNTINFO) == found


async def test_a_network_file_system_is_refused(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"30 22 0:27 / {tmp_path.resolve()} rw - nfs4 server:/export rw\n")

    with pytest.raises(StoreUnavailableError, match="network file system"):
        await Store.open(url(tmp_path), premises=Premises(mounts=mounts))


async def test_where_mounts_are_not_told_the_operator_is_warned(tmp_path):
    store = await Store.open(url(tmp_path), premises=Premises(mounts=tmp_path / "none"))
    await store.close()

    assert "local disk" in store.warnings[0]


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)])
def test_a_version_with_the_wal_reset_fault_is_warned_of(version):
    assert "WAL-reset" in version_warnings(version)[0]


@pytest.mark.parametrize("version", [(3, 6, 23), (3, 51, 3)])
def test_a_version_without_the_wal_reset_fault_is_not(version):
    assert version_warnings(version) == []


async def test_a_second_process_is_refused(tmp_path):
    async with child(HOLDER, url(tmp_path)) as process:
        assert await line(process) == "open"

        with pytest.raises(StoreUnavailableError, match="in use by another"):
            await Store.open(url(tmp_path))


async def test_a_killed_process_does_not_keep_the_next_one_out(tmp_path):
    async with child(HOLDER, url(tmp_path)) as process:
        assert await line(process) == "open"
        process.kill()
        await process.wait()

    async with opened(tmp_path) as store:
        await store.check()


async def test_a_second_store_in_one_process_is_refused(tmp_path):
    async with opened(tmp_path):
        with pytest.raises(StoreUnavailableError, match="in use by another"):
            await Store.open(url(tmp_path))


async def test_a_lock_that_cannot_be_taken_for_another_cause_names_that_cause(tmp_path):
    (tmp_path / "netpet.db.lock").write_text("no database at all, for certain none")

    with pytest.raises(StoreUnavailableError, match="not a database"):
        await Store.open(url(tmp_path))


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnavailableError, match="cannot be created"):
        await Store.open(url(tmp_path / "file"))


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    (tmp_path / "netpet.db").write_text("a letter to the hospital, of some length")

    with pytest.raises(StoreUnavailableError, match="not a database"):
        await Store.open(url(tmp_path))
    assert (tmp_path / "netpet.db").read_text() == "a letter to the hospital, of some length"


async def test_a_refused_opening_lets_go_of_the_lock(tmp_path):
    (tmp_path / "netpet.db").write_text("a letter to the hospital, of some length")
    with pytest.raises(StoreUnavailableError):
        await Store.open(url(tmp_path))
    (tmp_path / "netpet.db").unlink()

    async with opened(tmp_path) as store:
        await store.check()


async def test_migrations_from_an_empty_file_make_the_tables_of_the_schema(tmp_path):
    async with opened(tmp_path) as store:
        with store._opened.engines.writer.begin() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})

            assert compare_metadata(context, metadata) == []


async def test_migrating_again_changes_nothing(tmp_path):
    async with opened(tmp_path) as store:
        kept = await store.keep(arrival())

    async with opened(tmp_path) as store:
        migrate(store._opened.engines.writer)

        assert await store.message(kept.message_id) is not None


async def test_migrations_can_be_taken_back_to_an_empty_file(tmp_path):
    async with opened(tmp_path) as store:
        config = migration_config()
        with store._opened.engines.writer.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "base")

            assert inspect(connection).get_table_names() == ["alembic_version"]


async def test_a_database_of_a_newer_version_is_refused(tmp_path):
    async with opened(tmp_path) as store:
        await store._writer.write(
            lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num='9999'")
        )

    with pytest.raises(StoreUnavailableError, match="newer version"):
        await Store.open(url(tmp_path))
