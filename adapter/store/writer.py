"""One thread writes, in groups: whatever arrived while the last commit ran is the next commit. No timer.

A commit waits for the disk; sharing it among all who wait is what makes durable receipts affordable, and one caller
alone pays no delay for it. A future is released only after the commit that holds its work.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from adapter.outcome import StoreUnavailableError
from adapter.store.failure import unavailable
from adapter.store.postgres_address import BACKEND, transient

T = TypeVar("T")
Operation = Callable[[Connection], T]

GROUP_LIMIT = 500
"""Operations in one commit; it bounds how long the first of them waits for the last."""

TRIES = 3
"""Times that an operation is tried in whose way another process got."""


@dataclass(slots=True)
class _Order(Generic[T]):
    """One operation, who waits for it, and what came of it."""

    operation: Operation[T]
    future: asyncio.Future[T]
    lane: str | None = None
    result: T | None = None
    error: Exception | None = None

    def release(self) -> None:
        """Tell who waits, if anybody still does."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]  # T itself may be None


class Writer:
    """Turns the operations of many tasks into few durable commits; ``commits`` counts them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._orders: SimpleQueue[_Order[Any] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._connection: Connection | None = None
        self._ordered = _by_lane if engine.dialect.name == BACKEND else _as_they_came
        self._closed = False
        self.commits = 0
        self._thread.start()

    async def write(self, operation: Operation[T], lane: str | None = None) -> T:
        """Turn an operation on the connection into its result, durable when this returns.

        What the operation raises is raised here, and its own writes are undone alone; it may be run twice, the first
        time undone. ``lane`` is the patient whose lane it locks, if it is one. StoreUnavailableError: nothing of it was
        written, as far as can be known (a sender that repeats itself is recognised).
        """
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._orders.put(_Order(operation, future, lane))
        return await future

    async def close(self) -> None:
        """Write what was asked for so far, then stop."""
        if not self._closed:
            self._closed = True
            self._orders.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._next_group()
            if group:
                self._write_group(self._ordered(group))
        self._disconnect()

    def _next_group(self) -> tuple[list[_Order[Any]], bool]:
        group: list[_Order[Any]] = []
        order = self._orders.get()
        with contextlib.suppress(Empty):
            while order is not None:
                group.append(order)
                if len(group) == GROUP_LIMIT:
                    return group, False
                order = self._orders.get_nowait()
            return group, True
        return group, False

    def _write_group(self, group: Sequence[_Order[Any]]) -> None:
        try:
            connection = self._connected()
            if not _written_together(connection, group):
                _write_apart(connection, group)
            self.commits += 1
        except Exception as error:  # noqa: BLE001  # whatever it is, it befell the group, and the thread must live on
            self._disconnect()  # the next group starts on a new connection, checked as the first one was
            for order in group:
                order.error = unavailable(error)
                order.error.__cause__ = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(_release, group)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):  # a connection that failed may fail to end as well
                self._connection.close()
            self._connection = None
        self._engine.dispose()


def _as_they_came(group: list[_Order[Any]]) -> list[_Order[Any]]:
    return group


def _by_lane(group: list[_Order[Any]]) -> list[_Order[Any]]:
    """Put the operations of several processes into one order, so that none holds what another waits for in a circle.

    What locks no certain lane comes last: a claim passes over what is locked, and waits for nobody.
    """
    return sorted(group, key=lambda order: (order.lane is None, order.lane or ""))


def _written_together(connection: Connection, group: Sequence[_Order[Any]]) -> bool:
    """Write a group as one. False when an operation failed: nothing is written, and all are to be tried apart.

    Failures are rare, and two statements for a savepoint cost as much as a small operation itself.
    """
    with connection.begin() as transaction:
        try:
            for order in group:
                order.result = order.operation(connection)
        except Exception:  # noqa: BLE001  # it comes again when its operation is tried apart, and is told then
            transaction.rollback()
            return False
    return True


def _write_apart(connection: Connection, group: Sequence[_Order[Any]]) -> None:
    """Write a group in one transaction, each operation in a savepoint: one that fails is undone alone."""
    with connection.begin():
        for order in group:
            _attempt(connection, order)


def _attempt(connection: Connection, order: _Order[Any]) -> None:
    """Run one operation in its own savepoint; raises when the group's whole transaction is lost."""
    for _ in range(TRIES):
        error = _tried(connection, order)
        if error is None:
            return
        order.error = _told(error)
        if not transient(error):
            return


def _tried(connection: Connection, order: _Order[Any]) -> Exception | None:
    failed: Exception | None = None
    connection.exec_driver_sql("SAVEPOINT operation")
    try:
        order.result = order.operation(connection)
        order.error = None
    except Exception as error:  # noqa: BLE001  # it goes to whoever asked for this operation
        try:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT operation")
        except SQLAlchemyError:
            # After a disk error SQLite may have rolled back everything by itself, and there is no savepoint to return
            # to: the whole group fails, of this cause, rather than that half of it is committed.
            raise error from None
        failed = error
    connection.exec_driver_sql("RELEASE SAVEPOINT operation")
    return failed


def _told(error: Exception) -> Exception:
    if not isinstance(error, SQLAlchemyError):
        return error
    told = unavailable(error)
    told.__cause__ = error
    return told


def _release(group: Sequence[_Order[Any]]) -> None:
    for order in group:
        order.release()
