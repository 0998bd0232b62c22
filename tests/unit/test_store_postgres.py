"""PostgreSQL keeps what it accepts, through a lost connection and a crash, and what it cannot hold is no failure."""

import subprocess
import sys

import pytest
from postgres_server import PostgresPlace, PostgresServer, postgres_server
from sqlalchemy import text
from test_store_samples import JANE, NOON, arrival, claimed, opened

from adapter.fhir.resource_filter import ResourceFilter, Token
from adapter.outcome import StoreUnavailableError


def test_who_uses_sqlite_does_not_load_the_driver():
    program = "import sys, adapter.app.service; sys.exit('psycopg' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_long_values_are_packed_by_lz4_where_the_server_knows_it(server: PostgresServer):
    ((known,),) = server.run("SELECT max(enumvals)::text FROM pg_settings WHERE name = 'default_toast_compression'")
    async with opened(server.url(server.create())) as store:
        with store._opened.engines.writer.begin() as connection:
            chosen = connection.scalar(text("SHOW default_toast_compression"))

    assert chosen == ("lz4" if "lz4" in str(known) else "pglz")


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
