"""A backup of a store is a SQLite file, whichever database it was taken from; it can be opened as it is."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from adapter.outcome import StoreUnavailableError
from adapter.store.copying import TableCount, copy_rows, count_table
from adapter.store.engine import open_sqlite, sqlite_file
from adapter.store.failure import unavailable
from adapter.store.migrate import migrate
from adapter.store.opening import BUSY_TIMEOUT, Premises, open_database
from adapter.store.postgres_address import is_postgres
from adapter.store.premises import make_folder, sync_folder
from adapter.store.schema import metadata


@contextmanager
def reading(url: str, password_file: Path | None = None) -> Iterator[Connection]:
    """Turn a store's URL into one consistent view that cannot write, beside a running service."""
    engine = _reader(url, password_file)
    try:
        with engine.begin() as connection:
            yield connection
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise unavailable(error) from error
    finally:
        engine.dispose()


def _reader(url: str, password_file: Path | None) -> Engine:
    if is_postgres(url):
        from adapter.store.postgres import open_postgres  # noqa: PLC0415 - SQLite needs no driver of 10 MB

        return open_postgres(url, password_file).reader
    file = sqlite_file(url)
    if not file.is_file():
        raise StoreUnavailableError(f"store.url: {file} is not there: is this the service's setting, and its folder?")
    return open_sqlite(file, BUSY_TIMEOUT).reader


def copy_store(source: str, target: str, premises: Premises) -> list[TableCount]:
    """Turn a SQLite store, which no service uses now, into the same one in an empty PostgreSQL database."""
    held = open_database(source, Premises())
    try:
        return _copy_into(held.engines.reader, target, premises)
    finally:
        held.close()


def _copy_into(source: Engine, target: str, premises: Premises) -> list[TableCount]:
    opened = open_database(target, premises)
    try:
        with source.begin() as old, opened.engines.writer.begin() as new:
            return copy_rows(old, new)
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise unavailable(error) from error
    finally:
        opened.close()


def back_up(url: str, file: Path, password_file: Path | None = None) -> list[TableCount]:
    """Turn a store, in use or not, into a file that is not there yet; whole and on disk when this returns."""
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise StoreUnavailableError(f"{part} cannot be made: {error.strerror}") from error
    try:
        counted = _back_up_postgres(url, part, password_file) if is_postgres(url) else _back_up_file(url, part)
        _settle(part, file)
    finally:
        for left in (part, *part.parent.glob(f"{part.name}-*")):
            left.unlink(missing_ok=True)
    return counted


def _back_up_file(url: str, part: Path) -> list[TableCount]:
    source = sqlite_file(url)
    if not source.is_file():
        raise StoreUnavailableError(f"store.url: {source} is not there: is this the service's setting, and its folder?")
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
    except sqlite3.Error as error:
        raise unavailable(error) from error
    return counts(part)


def _back_up_postgres(url: str, part: Path, password_file: Path | None) -> list[TableCount]:
    target = open_sqlite(part, BUSY_TIMEOUT)
    try:
        migrate(target.writer)
        with reading(url, password_file) as old, target.writer.begin() as new:
            return copy_rows(old, new)
    finally:
        target.dispose()


def counts(file: Path) -> list[TableCount]:
    """Turn a backup into what its tables hold; raises StoreUnavailableError for a file that is no store.

    A store of an older version may lack tables or columns: what it lacks is not counted.
    """
    with reading(f"sqlite:///{file}") as connection:
        found = inspect(connection)
        there = set(found.get_table_names())
        if "alembic_version" not in there:
            raise StoreUnavailableError(f"{file} is no store of this program")
        tables = [table for table in metadata.sorted_tables if table.name in there]
        columns = {table.name: {one["name"] for one in found.get_columns(table.name)} for table in tables}
        return [count_table(connection, table) for table in tables if set(table.c.keys()) <= columns[table.name]]


def _settle(part: Path, file: Path) -> None:
    """Give the whole file its name, and see both on the disk; a file that has the name already stays."""
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    with part.open("rb+") as whole:
        os.fsync(whole.fileno())
    try:
        os.link(part, file)
    except OSError as error:
        raise StoreUnavailableError(f"{file} cannot be made: {error.strerror}") from error
    sync_folder(file.parent)


def restore(file: Path, url: str, premises: Premises) -> list[TableCount]:
    """Turn a backup, of this version or an older one, into the store of a service that is stopped and has none yet."""
    counted = counts(file)
    if is_postgres(url):
        with TemporaryDirectory(dir=file.parent, prefix=".restore-") as folder:
            copy = Path(folder) / "copy.db"
            back_up(f"sqlite:///{file}", copy)
            return copy_store(f"sqlite:///{copy}", url, premises)
    target = sqlite_file(url)
    if target.exists():
        raise StoreUnavailableError(f"store.url: {target} is there already: move it away (with -wal and -shm) first")
    make_folder(target.parent)
    back_up(f"sqlite:///{file}", target)
    open_database(url, premises).close()
    return counted
