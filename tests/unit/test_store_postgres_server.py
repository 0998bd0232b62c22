"""A server that may lose or garble is refused, and what is wrong with it is said in words for an operator."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from postgres_server import PostgresPlace, PostgresServer, postgres_server

from adapter.outcome import StoreUnavailableError
from adapter.store import Store
from adapter.store.failure import unavailable
from adapter.store.opening import Premises
from adapter.store.postgres import ServerState, refuse_state
from adapter.store.postgres_address import postgres_address

SOUND = ServerState(150004, "on", "on", "on", "UTF8", standby=False)


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
