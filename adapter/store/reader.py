"""Reads run on connections that cannot write, in a few threads of their own, each in one consistent view."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from adapter.outcome import StoreUnavailableError
from adapter.store.engine import READERS
from adapter.store.failure import unavailable
from adapter.store.postgres_address import lost

T = TypeVar("T")


class Reader:
    """Turns a query into its result without holding up the event loop or the writer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._closed = False

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query; raises StoreUnavailableError when the database cannot answer."""
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, query)

    def _run(self, query: Callable[[Connection], T]) -> T:
        try:
            return self._answer(query)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise unavailable(error) from error

    def _answer(self, query: Callable[[Connection], T]) -> T:
        """A server that was restarted has ended the connections that wait here for their next query: once more then."""
        try:
            with self._engine.begin() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            if not lost(error):
                raise
        self._engine.dispose()
        with self._engine.begin() as connection:
            return query(connection)

    async def close(self) -> None:
        """Let the running queries end, and take no more."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
