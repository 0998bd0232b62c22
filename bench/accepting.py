"""Durable accepts of the store alone, beside a bare group commit: the same tables and rows, none of our code."""

import asyncio
import itertools
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from adapter.arrival import Arrival
from adapter.store import Store
from adapter.store.engine import WRITER_PRAGMAS
from adapter.store.messages import arrival_row
from bench.postgres import PostgresServer, postgres_server
from bench.results import Bar, Row, Section, ratios, rounds

ROUNDS = 3
SECONDS = 2.0
SENDERS = (1, 50)
BODY = 2000
HALF = 0.5
READY = 40_000
"""Rows made before a bare run begins: to make them is no part of a commit."""

MESSAGE = (
    *("channel", "sending_application", "sending_facility", "control_id", "sha256", "id", "peer", "format"),
    *("processing_id", "size", "raw", "answer", "received", "patient", "state", "read_again", "sender", "deviations"),
    *("application_asked", "control_id_reused"),
)
INSERT = f"INSERT INTO message ({', '.join(MESSAGE)}) VALUES ({', '.join('?' * len(MESSAGE))})"
MARK = (
    "INSERT INTO patient (key, due, token, attempts) VALUES (?, ?, 0, 0) "
    "ON CONFLICT (key) DO UPDATE SET due = excluded.due WHERE patient.due IS NULL"
)


def measure(folder: Path) -> Section:
    """Take accepts of one sender and of fifty, ours and the bare ones in turn; PostgreSQL for comparison."""
    runs = _Runs(folder / "accepting")
    with postgres_server() as server:
        routes = {f"{engine}-{n}": partial(runs.accepts, engine, n, server) for engine in ENGINES for n in SENDERS}
        found = rounds(ROUNDS, routes)
    rows = []
    for n in SENDERS:
        ours, bare = found[f"SQLite-{n}"], found[f"bare-{n}"]
        rows += [
            Row(f"SQLite, {n} connections" if n > 1 else "SQLite, 1 connection", "accepts/s", ours),
            Row("bare group commit of as many", "accepts/s", bare),
            Row("SQLite / bare", "x", ratios(ours, bare), Bar(HALF)),
            Row("PostgreSQL of as many", "accepts/s", found[f"PostgreSQL-{n}"]),
        ]
    method = f"""
        Messages of {BODY:,} bytes, each of a new control id, kept by the store in this process without a socket. Bare:
        a loop around sqlite3 that writes the same two rows for each of what so many senders have pending, and commits;
        the rows are made before. Same schema, WAL, synchronous FULL, the same disk.
    """
    return Section("Durable accepts of the store", method, tuple(rows))


class _Runs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._file = folder / "netpet.db"

    def accepts(self, engine: str, senders: int, server: PostgresServer) -> float:
        """Accepts a second on a store that was just made."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        address = server.url(server.create()) if engine == "PostgreSQL" else f"sqlite:///{self._file}"
        if engine == "bare":
            asyncio.run(_make(address))
            return bare(self._file, senders, self._numbers)
        return asyncio.run(kept(address, senders, self._numbers))


ENGINES = ("SQLite", "bare", "PostgreSQL")


async def _make(address: str) -> None:
    await (await Store.open(address)).close()


async def kept(address: str, senders: int, numbers: Iterator[int]) -> float:
    """Turn a store's address and a number of senders, each of which waits for its answer, into accepts a second."""
    store = await Store.open(address)
    began = time.perf_counter()

    async def send() -> int:
        sent = 0
        while time.perf_counter() - began < SECONDS:
            await store.keep(arrival(next(numbers)))
            sent += 1
        return sent

    sent = sum(await asyncio.gather(*(send() for _ in range(senders))))
    rate = sent / (time.perf_counter() - began)
    await store.close()
    return rate


def bare(file: Path, group: int, numbers: Iterator[int]) -> float:
    """Turn a database file and a size of groups into rows a second, each group one commit."""
    ready = [arrival_row(arrival(next(numbers))) | {"control_id_reused": False} for _ in range(READY)]
    messages = [[row[name] for name in MESSAGE] for row in ready]
    marks = [(row["patient"], row["received"]) for row in ready]
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in WRITER_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < SECONDS and done < READY:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, messages[done : done + group])
            connection.executemany(MARK, marks[done : done + group])
            connection.execute("COMMIT")
            done += group
        return done / (time.perf_counter() - began)


def arrival(number: int) -> Arrival:
    """A message that nobody reads."""
    return Arrival(
        raw=f"MSH|{number}|".encode() + b"x" * BODY,
        received=datetime.now(UTC),
        control_id=str(number),
        patient=f"patient {number % 500}",
        answer=b"MSA|AA",
        channel="mllp",
        peer="127.0.0.1",
        format="hl7v2",
        sending_application="RIS",
        sending_facility="NUCMED",
        processing_id="P",
    )
