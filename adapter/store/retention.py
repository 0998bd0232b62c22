"""Retention: what may go is found beside the work, goes in small commits, and its space is given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Connection, func, select

from adapter.store import reclaim, retention_rows
from adapter.store.leases import Tenure, require
from adapter.store.reader import Reader
from adapter.store.retention_rows import REMOVERS, Found, Kind, Piece, Rule
from adapter.store.schema import message
from adapter.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces of a kind that are to go in one commit, and for how long that may take."""

    kind: Kind
    pieces: Sequence[Piece]
    within: timedelta


@dataclass(frozen=True, slots=True)
class Removed:
    """What a commit removed: how many pieces, their bytes, and how many were looked at before its time was over."""

    count: int
    size: int
    tried: int


@dataclass(frozen=True, slots=True)
class StateSize:
    """The messages of one state: how many there are, how many of them have a body, and the bytes of those."""

    state: str
    messages: int
    bodies: int
    size: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store takes on disk, in bytes, and its messages by state."""

    size: int
    states: tuple[StateSize, ...]


class RetentionRecords:
    """What the store knows of what may go; every call may raise StoreUnavailableError."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def beyond(self, rule: Rule) -> int:
        """Turn a rule's limit in bytes into the newest message over it; 0: none is."""
        return await self._reader.read(lambda connection: retention_rows.beyond(connection, rule))

    async def find(self, rule: Rule, over: int, after: tuple[Any, ...] | None) -> Found:
        """Give the next page of what may go."""
        return await self._reader.read(lambda connection: retention_rows.find(connection, rule, over, after))

    async def remove(self, tenure: Tenure, batch: Batch) -> Removed:
        """Remove pieces in one commit; one that is no longer what it was stays. Raises LeaseLostError."""
        return await self._writer.write(lambda connection: remove(connection, tenure, batch))

    async def give_back(self, tenure: Tenure, within: timedelta) -> int:
        """Give free space back to the file system, for so long; gives how many pages are left to give back."""
        if not await self._reader.read(reclaim.free_pages):
            return 0
        return await self._writer.write(lambda connection: give_back(connection, tenure, within))

    async def stored(self) -> Stored:
        """Give what the store takes."""
        return await self._reader.read(stored)


def remove(connection: Connection, tenure: Tenure, batch: Batch) -> Removed:
    """Remove pieces until the time is over, at least one."""
    require(connection, tenure)
    until = monotonic() + batch.within.total_seconds()
    count = size = tried = 0
    for piece in batch.pieces:
        if REMOVERS[batch.kind](connection, batch.kind, piece.place):
            count, size = count + 1, size + piece.size
        tried += 1
        if monotonic() >= until:
            break
    return Removed(count, size, tried)


def give_back(connection: Connection, tenure: Tenure, within: timedelta) -> int:
    """Give pages back until the time is over."""
    require(connection, tenure)
    return reclaim.give_back(connection, within)


def stored(connection: Connection) -> Stored:
    """Turn a store into what it takes, by state."""
    sizes = func.coalesce(func.sum(message.c.size).filter(message.c.raw.is_not(None)), 0)
    columns = (message.c.state, func.count(), func.count().filter(message.c.raw.is_not(None)), sizes)
    rows = connection.execute(select(*columns).group_by(message.c.state).order_by(message.c.state))
    states = tuple(StateSize(state, rows_, bodies, int(size)) for state, rows_, bodies, size in rows)
    return Stored(reclaim.stored_bytes(connection), states)
