"""The messages that a service keeps, read beside it: by a connection that cannot write, while it goes on."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from adapter.outcome import StoreUnavailableError
from adapter.store.engine import sqlite_file
from adapter.store.failure import unavailable
from adapter.store.postgres_address import is_postgres
from adapter.store.schema import message

WAIT = 5.0
"""Seconds for the service to let go of the file, which in WAL it does not even hold against readers."""


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A message as it came: its id, format and sender's name, the processing id (MSH-11), and its bytes."""

    id: str
    format: str
    sender: str
    processing_id: str
    raw: bytes


def last_messages(url: str, count: int) -> list[RecordedMessage]:
    """Turn a store's URL into the last messages it keeps, in the order of arrival; an ignored one has no bytes.

    Raises StoreUnavailableError for a store that is not there or cannot be read.
    """
    if is_postgres(url):
        raise StoreUnavailableError("store.url is PostgreSQL: take a copy (netpet-adapter db backup) and name that")
    file = sqlite_file(url)
    if not file.is_file():
        raise StoreUnavailableError(f"store.url: {file} is not there: is this the service's setting, and its folder?")
    try:
        with closing(_read_only(file)) as connection:
            rows = connection.execute(_NEWEST, (count,)).fetchall()
    except sqlite3.Error as error:
        raise unavailable(error) from error
    return [RecordedMessage(*row) for row in reversed(rows)]


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=WAIT)


def _newest() -> str:
    columns = (message.c.id, message.c.format, message.c.sender, message.c.processing_id, message.c.raw)
    query = select(*columns).where(message.c.raw.is_not(None)).order_by(message.c.sequence.desc())
    return str(query.compile(dialect=sqlite.dialect())) + " LIMIT ?"


_NEWEST = _newest()
