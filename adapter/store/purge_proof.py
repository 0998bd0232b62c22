"""Proof that a patient is gone: what it was called is looked for in every column of every row, and in the file."""

import hashlib
import hmac
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    Text,
    and_,
    false,
    func,
    literal,
    or_,
    select,
)

from adapter.scoring.report import PatientIdentity
from adapter.store.postgres_address import BACKEND
from adapter.store.purge import AT_A_TIME
from adapter.store.purge_names import Called
from adapter.store.purge_pattern import clues_of, family_pattern, pattern_of, readable
from adapter.store.schema import message, metadata

CHUNK = 1 << 18
OVERLAP = 1 << 13
"""Bytes at most from the beginning of a name to its end."""


def digest_of(identity: PatientIdentity, key: str) -> str:
    """Turn an identity and a secret key (hexadecimal) into what proves whom a purge was about, to who has the key."""
    text = json.dumps([identity.authority_oid or identity.authority, identity.value])
    return hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()


def bodies_of(connection: Connection, sequences: Collection[int]) -> Iterator[tuple[str, bytes]]:
    """Turn messages into their formats and bodies."""
    every = list(sequences)
    for start in range(0, len(every), AT_A_TIME):
        these = message.c.sequence.in_(every[start : start + AT_A_TIME]) & message.c.raw.is_not(None)
        for row in connection.execute(select(message.c.format, message.c.raw).where(these)):
            yield row.format, row.raw


class Searched:
    """A patient who is looked for."""

    def __init__(self, subject: Called) -> None:
        self.subject = subject
        self.clues = clues_of(subject)
        self.pattern = pattern_of(subject)
        self._family = family_pattern(subject)

    def may_be_in(self, held: bytes) -> bool:
        """Is it worth a closer look? That takes ten times as long."""
        return any(all(any(one in held for one in some) for some in clue) for clue in self.clues)

    def stands_in(self, value: str | bytes) -> bool:
        """Does what a row holds name the patient?"""
        return self.pattern.search(readable(value)) is not None

    def is_named_by(self, reason: str) -> bool:
        """Does a reason that is given about the patient name it? Of the name the family alone does."""
        folded = reason.casefold()
        texts = (*self.subject.numbers, *self.subject.whole)
        is_said = any(text.casefold() in folded for text in texts) or self.stands_in(reason)
        return is_said or self._family.search(readable(reason)) is not None


@dataclass(frozen=True, slots=True)
class Trace:
    """Rows that still hold one of the texts: in which column, how many, and of messages their ids."""

    table: str
    column: str
    rows: int
    messages: tuple[str, ...] = ()


def traces_in_rows(connection: Connection, subject: Called) -> list[Trace]:
    """Look for what a patient is called in every column of every row."""
    _take_time(connection)
    searched = Searched(subject)
    columns = [(table, column) for table in metadata.sorted_tables for column in table.c if _holds_text(column)]
    found = (_trace(connection, place, searched) for place in columns)
    return [trace for trace in found if trace.rows]


def messages_naming(connection: Connection, subject: Called) -> tuple[str, ...]:
    """Turn what a patient is called into the ids of the messages, its own and others', that name it."""
    _take_time(connection)
    return _trace(connection, (message, message.c.raw), Searched(subject)).messages


def _take_time(connection: Connection) -> None:
    """A large store is looked through for longer than any other statement may last."""
    if connection.dialect.name == BACKEND:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _holds_text(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | LargeBinary)


def _trace(connection: Connection, place: tuple[Table, Column[Any]], searched: Searched) -> Trace:
    table, column = place
    may = _may_name(connection, column, searched)
    id_ = table.c.id if table is message else literal("")
    rows = connection.execute(select(column, id_.label("message_id")).where(may), execution_options={"yield_per": 100})
    ids = [row.message_id for row in rows if searched.stands_in(row[0])]
    return Trace(table.name, column.name, len(ids), tuple(ids) if table is message else ())


def _may_name(connection: Connection, column: Column[Any], searched: Searched) -> ColumnElement[bool]:
    """Only such rows are fetched as hold a clue."""

    def holds(spelled: set[bytes]) -> ColumnElement[bool]:
        return or_(*(_contains(connection, column, one) for one in sorted(spelled)))

    return or_(false(), *(and_(*map(holds, clue)) for clue in searched.clues))


def _contains(connection: Connection, column: Column[Any], spelling: bytes) -> ColumnElement[bool]:
    is_text = isinstance(column.type, Text)
    wanted = literal(spelling.decode("utf-8", "replace") if is_text else spelling)
    if connection.dialect.name != BACKEND:
        return func.instr(column, wanted) > 0
    return func.strpos(column, wanted) > 0 if is_text else func.position(wanted.op("IN")(column)) > 0


def traces_in_file(file: Path, subject: Called) -> int:
    """Count the places in SQLite's file, and in its log, at which the patient is named."""
    searched = Searched(subject)
    return sum(_count(one, searched) for one in (file, Path(f"{file}-wal"), Path(f"{file}-journal")) if one.exists())


def _count(file: Path, searched: Searched) -> int:
    """Portion by portion: what begins near an end is looked at with the next one, so that nothing is cut in two."""
    count, begin, held = 0, 0, b""
    longest = max(OVERLAP, len(searched.pattern.pattern))
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            held += chunk
            until = max(len(held) - longest, begin)
            count += _between(searched, held, begin, until)
            cut = max(until - 1, 0)  # one byte more: a pattern looks at what stands before it
            begin, held = until - cut, held[cut:]
    return count + _between(searched, held, begin, len(held))


def _between(searched: Searched, held: bytes, begin: int, until: int) -> int:
    if not searched.may_be_in(held):
        return 0
    return sum(begin <= found.start() < until for found in searched.pattern.finditer(held))
