"""Proof that a patient is gone: what it was called is looked for in every column of every row, and in the file."""

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Iterable, Iterator
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
from adapter.store.purge_names import Called, Name
from adapter.store.purge_pattern import family_pattern, pattern_of, readable, spellings, word_spellings, words_of
from adapter.store.schema import message, metadata

CHUNK = 1 << 20
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
        self.pattern = pattern_of(subject)
        self._family = family_pattern(subject)

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
    """Look for what a patient is called in every column of every row; a large store takes its time."""
    if connection.dialect.name == BACKEND:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    searched = Searched(subject)
    columns = [(table, column) for table in metadata.sorted_tables for column in table.c if _holds_text(column)]
    found = (_trace(connection, place, searched) for place in columns)
    return [trace for trace in found if trace.rows]


def _holds_text(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | LargeBinary)


def _trace(connection: Connection, place: tuple[Table, Column[Any]], searched: Searched) -> Trace:
    table, column = place
    may = _may_name(connection, column, searched.subject)
    id_ = table.c.id if table is message else literal("")
    rows = connection.execute(select(column, id_.label("message_id")).where(may), execution_options={"yield_per": 100})
    ids = [row.message_id for row in rows if searched.stands_in(row[0])]
    return Trace(table.name, column.name, len(ids), tuple(ids) if table is message else ())


def _may_name(connection: Connection, column: Column[Any], subject: Called) -> ColumnElement[bool]:
    """Only such rows are fetched as hold a number, a whole name, or words of a family and a given name anywhere."""

    def holds(texts: Iterable[set[bytes]]) -> ColumnElement[bool]:
        every = {spelling for some in texts for spelling in some}
        return or_(false(), *(_contains(connection, column, spelling) for spelling in sorted(every)))

    def together(name: Name) -> ColumnElement[bool]:
        family, *given = (word_spellings(words_of(part)[0]) for part in name)
        return and_(holds([family]), holds(given)) if given else holds([family])

    return or_(holds(map(spellings, (*subject.numbers, *subject.whole))), *map(together, subject.names))


def _contains(connection: Connection, column: Column[Any], spelling: bytes) -> ColumnElement[bool]:
    is_text = isinstance(column.type, Text)
    wanted = literal(spelling.decode("utf-8", "replace") if is_text else spelling)
    if connection.dialect.name != BACKEND:
        return func.instr(column, wanted) > 0
    return func.strpos(column, wanted) > 0 if is_text else func.position(wanted.op("IN")(column)) > 0


def traces_in_file(file: Path, subject: Called) -> int:
    """Count the places in SQLite's file, and in its log, at which the patient is named."""
    pattern = pattern_of(subject)
    return sum(_count(one, pattern) for one in (file, Path(f"{file}-wal"), Path(f"{file}-journal")) if one.exists())


def _count(file: Path, pattern: re.Pattern[bytes]) -> int:
    """Portion by portion: what begins near an end is looked at with the next one, so that nothing is cut in two."""
    count, begin, held = 0, 0, b""
    longest = max(OVERLAP, len(pattern.pattern))
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            held += chunk
            until = max(len(held) - longest, begin)
            count += _between(pattern, held, begin, until)
            cut = max(until - 1, 0)  # one byte more: a pattern looks at what stands before it
            begin, held = until - cut, held[cut:]
    return count + _between(pattern, held, begin, len(held))


def _between(pattern: re.Pattern[bytes], held: bytes, begin: int, until: int) -> int:
    return sum(begin <= found.start() < until for found in pattern.finditer(held))
