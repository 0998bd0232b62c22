"""The one place where a database is opened: its settings are made durable, and read back before anything is trusted.

SQLite is driven in its own autocommit mode with BEGIN issued by us, so that a savepoint, a migration and a read each
live in the transaction that they seem to live in (the driver would otherwise begin one only before some statements).
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError

from adapter.outcome import StoreUnavailableError

READERS = 4
"""Connections for reading; a page that is slow to read then holds up neither the others nor the writer."""

WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""What is left of the write-ahead log after a checkpoint; a long read may have let it grow far beyond."""

WRITER_PRAGMAS = (
    "auto_vacuum=INCREMENTAL",  # of a file that is new: it can then shrink page by page
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=ON",  # macOS: fsync alone leaves the data in the drive's cache
    "checkpoint_fullfsync=ON",
    "foreign_keys=ON",
    f"journal_size_limit={WAL_LIMIT_BYTES}",
)
READER_PRAGMAS = ("query_only=ON", "wal_autocheckpoint=0")

WAL_RESET_FAULT = ((3, 7, 0), (3, 51, 2))
"""SQLite versions in which two connections that write or checkpoint at once may lose a commit."""


@dataclass(frozen=True, slots=True)
class Engines:
    """One connection that writes, and a few that cannot."""

    writer: Engine
    reader: Engine

    def dispose(self) -> None:
        """Close every connection; the writer last, so that it alone checkpoints."""
        self.reader.dispose()
        self.writer.dispose()


def sqlite_file(url: str) -> Path:
    """Turn ``sqlite:///var/netpet.db`` into its path; raises StoreUnavailableError for what cannot be durable."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreUnavailableError("store.url is not a URL: write it as sqlite:///var/netpet.db") from None
    if parsed.get_backend_name() != "sqlite":
        raise StoreUnavailableError("store.url: write sqlite:///var/netpet.db or postgresql://user@host/netpet")
    if parsed.query:
        raise StoreUnavailableError("store.url: remove what follows the '?': such options can switch durability off")
    if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
        raise StoreUnavailableError("store.url: name a file, as in sqlite:///var/netpet.db: memory keeps nothing")
    return Path(parsed.database).resolve()


def open_sqlite(path: Path, busy_timeout: timedelta) -> Engines:
    """Turn a database file into its engines; connections are made, set up and checked when they are first used."""
    return Engines(
        writer=_sqlite_engine(path, busy_timeout, 1, _prepare_writer, "BEGIN IMMEDIATE"),
        reader=_sqlite_engine(path, busy_timeout, READERS, _prepare_reader, "BEGIN"),
    )


def _sqlite_engine(
    path: Path, busy_timeout: timedelta, size: int, prepare: Callable[[sqlite3.Connection], None], begin: str
) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=size,
        max_overflow=0,
        connect_args={"timeout": busy_timeout.total_seconds(), "check_same_thread": False},
        hide_parameters=True,  # an error's text would otherwise quote the message
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _record: object) -> None:
        raw = cast("sqlite3.Connection", connection)
        raw.isolation_level = None
        prepare(raw)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        try:
            cast("sqlite3.Connection", connection.connection.driver_connection).execute(begin)
        except sqlite3.Error as error:
            raise DBAPIError(None, None, error) from error

    return engine


def _prepare_writer(connection: sqlite3.Connection) -> None:
    for pragma in WRITER_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    refuse_unless_durable(connection)


def _prepare_reader(connection: sqlite3.Connection) -> None:
    for pragma in READER_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def refuse_unless_durable(connection: sqlite3.Connection) -> None:
    """Read the settings back: a PRAGMA that SQLite does not follow is no error to it; raises StoreUnavailableError."""
    (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
    if journal != "wal":
        raise StoreUnavailableError(
            f"SQLite runs with journal_mode={journal} instead of WAL: put the file on a local disk that supports it"
        )
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    if synchronous < 2:
        raise StoreUnavailableError(
            "SQLite does not wait for the disk (synchronous below FULL): a power cut would lose"
        )


def version_warnings(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> list[str]:
    """Turn SQLite's version into what an operator should know of it."""
    first, last = WAL_RESET_FAULT
    if not first <= version <= last:
        return []
    number = ".".join(map(str, version))
    warning = (
        f"SQLite {number} has the WAL-reset fault (3.7.0 to 3.51.2). It needs two writing connections and this program "
        "keeps one, so it does no harm here; do not write to the file with other programs while the service runs"
    )
    return [warning]
