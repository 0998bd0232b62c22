"""What tests of every folder are given: a place for a store, in each of the databases that can hold one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import PostgresPlace, PostgresServer, postgres_server

from adapter.store.migrate import migrate
from adapter.store.postgres import open_postgres


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests of a session."""
    with postgres_server() as started:
        yield started


@pytest.fixture(scope="session")
def tables(server: PostgresServer) -> str:
    """A database with this version's tables: a copy of it is made sooner than they are."""
    name = server.create()
    engines = open_postgres(server.url(name), None)
    migrate(engines.writer)
    engines.dispose()
    return name


@pytest.fixture
def postgres(server: PostgresServer, tables: str) -> Iterator[PostgresPlace]:
    """A database of the test's own."""
    found = PostgresPlace(server, tables)
    yield found
    found.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | PostgresPlace:
    """Where a store may be: a folder, or a database of PostgreSQL; what holds of the one holds of the other."""
    return tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres")
