"""From an address to a database that is durable and of this version's schema; SQLite's is ours alone as well."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from adapter.outcome import StoreUnavailableError
from adapter.store import patients
from adapter.store.engine import Engines, open_sqlite, sqlite_file, version_warnings
from adapter.store.failure import unavailable
from adapter.store.migrate import migrate
from adapter.store.postgres_address import is_postgres
from adapter.store.premises import MOUNTS, Lock, make_room, refuse_network

BUSY_TIMEOUT = timedelta(seconds=5)
"""How long a commit waits for a foreign program that locks the file, a backup for one."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What an opening needs to know besides the address: the password's file, and what a test may change."""

    password_file: Path | None = None
    busy_timeout: timedelta = BUSY_TIMEOUT
    mounts: Path = field(default=MOUNTS)


@dataclass(frozen=True, slots=True)
class Opened:
    """A database that may be trusted, what keeps others out of it, and what an operator should know of it."""

    engines: Engines
    release: Callable[[], None]
    warnings: tuple[str, ...]

    def close(self) -> None:
        """Let go of the database."""
        self.engines.dispose()
        self.release()


def open_database(url: str, premises: Premises) -> Opened:
    """Turn an address into an open database: created, locked, checked and migrated as its engine needs."""
    if is_postgres(url):
        return _open_postgres(url, premises)
    return _open_sqlite(sqlite_file(url), premises)


def _open_postgres(url: str, premises: Premises) -> Opened:
    """Others may work in it now: whose process died is found by the end of the lease, not here."""
    from adapter.store.postgres import open_postgres  # noqa: PLC0415 - SQLite needs no driver of 10 MB

    engines = open_postgres(url, premises.password_file)
    try:
        migrate(engines.writer)
    except (SQLAlchemyError, StoreUnavailableError) as error:
        engines.dispose()
        raise unavailable(error) from error
    return Opened(engines, _nothing, ())


def _nothing() -> None:
    """Nothing is locked."""


def _open_sqlite(path: Path, premises: Premises) -> Opened:
    make_room(path)
    warnings = (*refuse_network(path, premises.mounts), *version_warnings())
    lock = Lock.take(path)
    engines = open_sqlite(path, premises.busy_timeout)
    try:
        migrate(engines.writer)
        with engines.writer.begin() as connection:
            patients.release_all(connection)
    except (SQLAlchemyError, sqlite3.Error, StoreUnavailableError) as error:
        engines.dispose()
        lock.release()
        raise unavailable(error) from error
    return Opened(engines, lock.release, warnings)
