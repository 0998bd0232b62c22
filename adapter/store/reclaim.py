"""Space that was freed goes back to the file system: SQLite's file shrinks, page by page or rebuilt as a whole.

PostgreSQL does so by itself: autovacuum makes the space of deleted rows usable again (docs/retention.md).
"""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection

from adapter.store.engine import sqlite_file
from adapter.store.failure import unavailable
from adapter.store.opening import Premises, open_database
from adapter.store.postgres_address import BACKEND, is_postgres
from adapter.store.premises import Lock

INCREMENTAL = 2
"""SQLite's auto_vacuum of a file that can give pages back one by one; it is set when the file is made, or rebuilt."""


def stored_bytes(connection: Connection) -> int:
    """Turn a store into the bytes that it takes on disk, without SQLite's log."""
    if connection.dialect.name == BACKEND:
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def gives_back(connection: Connection) -> bool:
    """Does what is freed go back without a rebuild? In PostgreSQL that is for the server to do."""
    if connection.dialect.name == BACKEND:
        return True
    return bool(connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == INCREMENTAL)


def free_pages(connection: Connection) -> int:
    """Count the pages of SQLite's file that hold nothing; 0 where they cannot be given back one by one."""
    if connection.dialect.name == BACKEND or not gives_back(connection):
        return 0
    return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def give_back(connection: Connection, within: timedelta) -> int:
    """Take free pages off the file's end until the time is over; gives how many are left. The checkpoint cuts it."""
    until = monotonic() + within.total_seconds()
    left = free_pages(connection)
    cursor = connection.connection.cursor()
    while left and monotonic() < until:
        # The driver does not step a PRAGMA that gives no rows to its end: one page at a time is what it does.
        cursor.execute("PRAGMA incremental_vacuum(1)")
        left -= 1
    cursor.close()
    return left


def rebuild(url: str, premises: Premises) -> None:
    """Write SQLite's file anew, of what is in it alone, and empty its log; the service is stopped.

    It takes as much free space as what is kept. From then on the file gives pages back one by one. Raises
    StoreUnavailableError.
    """
    if is_postgres(url):
        return
    open_database(url, premises).close()
    file = sqlite_file(url)
    lock = Lock.take(file)
    try:
        _rebuild(file)
    except sqlite3.Error as error:
        raise unavailable(error) from error
    finally:
        lock.release()


def _rebuild(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
