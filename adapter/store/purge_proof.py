"""Proof that a patient is gone: what it was called is looked for in every column of every row, and in the file."""

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, Table, Text, func, literal, or_, select

from adapter.scoring.report import PatientIdentity
from adapter.store.postgres_address import BACKEND
from adapter.store.purge import AT_A_TIME
from adapter.store.schema import message, metadata

CHUNK = 1 << 20
HL7V2_NAME, PATIENT_SEGMENT = 5, b"PID"
SHORTEST = 3
"""Characters of a text that is looked for; a shorter one stands everywhere."""


def digest_of(identity: PatientIdentity, key: str) -> str:
    """Turn an identity and a secret key (hexadecimal) into what proves whom a purge was about, to who has the key."""
    text = json.dumps([identity.authority_oid or identity.authority, identity.value])
    return hmac.new(bytes.fromhex(key), text.encode(), hashlib.sha256).hexdigest()


def called(identities: Iterable[PatientIdentity], bodies: Iterable[tuple[str, bytes]]) -> tuple[str, ...]:
    """Turn a patient's identities and messages (format, body) into the texts that name it: numbers, and whole names."""
    texts = [one.value for one in identities]
    for format_, body in bodies:
        texts += _names_in_json(body) if format_ == "fhir" else _names_in_hl7v2(body)
    return tuple(dict.fromkeys(text for text in texts if len(text) >= SHORTEST))


def bodies_of(connection: Connection, sequences: Collection[int]) -> Iterator[tuple[str, bytes]]:
    """Turn messages into their formats and bodies."""
    every = list(sequences)
    for start in range(0, len(every), AT_A_TIME):
        these = message.c.sequence.in_(every[start : start + AT_A_TIME]) & message.c.raw.is_not(None)
        for row in connection.execute(select(message.c.format, message.c.raw).where(these)):
            yield row.format, row.raw


def _names_in_hl7v2(body: bytes) -> Iterator[str]:
    """PID-5 as it was sent, each repetition whole and without the empty components at its end."""
    separator, component, repetition = body[3:4], body[4:5], body[5:6]
    for line in re.split(rb"[\r\n]+", body):
        fields = line.split(separator) if separator else []
        if fields and fields[0].strip().upper() == PATIENT_SEGMENT and len(fields) > HL7V2_NAME:
            for name in fields[HL7V2_NAME].split(repetition) if repetition else ():
                yield _decoded(name.rstrip(component))


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("latin-1")


def _names_in_json(body: bytes) -> Iterator[str]:
    """``Patient.name.text``, wherever a Patient stands."""
    try:
        ahead: list[Any] = [json.loads(body)]
    except ValueError:
        return
    while ahead:
        one = ahead.pop()
        if isinstance(one, dict):
            names = one.get("name") if one.get("resourceType") == "Patient" else None
            yield from (str(name["text"]) for name in names or () if isinstance(name, dict) and name.get("text"))
        ahead += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()


def _spellings(text: str) -> set[bytes]:
    """The bytes that a text may be kept as: by character set, and escaped in JSON."""
    found = {text.encode(), json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
    return found | {text.encode("latin-1", "ignore")} - {b""}


def _pattern(texts: Iterable[str]) -> re.Pattern[bytes]:
    """A number that is part of a digest or of a longer number is not the patient's."""
    spelled = sorted({spelling for text in texts for spelling in _spellings(text)})
    return re.compile(b"(?<![0-9A-Fa-f])(?:" + b"|".join(map(re.escape, spelled)) + b")(?![0-9A-Fa-f])")


@dataclass(frozen=True, slots=True)
class Trace:
    """Rows that still hold one of the texts: in which column, how many, and of messages their ids."""

    table: str
    column: str
    rows: int
    messages: tuple[str, ...] = ()


def traces_in_rows(connection: Connection, texts: Collection[str]) -> list[Trace]:
    """Look for texts in every column of every row."""
    if not texts:
        return []
    pattern = _pattern(texts)
    columns = [(table, column) for table in metadata.sorted_tables for column in table.c if _holds_text(column)]
    found = (_trace(connection, (table, column), texts, pattern) for table, column in columns)
    return [trace for trace in found if trace.rows]


def _holds_text(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | LargeBinary)


def _trace(
    connection: Connection, place: tuple[Table, Column[Any]], texts: Collection[str], pattern: re.Pattern[bytes]
) -> Trace:
    table, column = place
    spelled = {spelling for text in texts for spelling in _spellings(text)}
    may = or_(*(_contains(connection, column, spelling) for spelling in sorted(spelled)))
    id_ = table.c.id if table is message else literal("")
    rows = connection.execute(select(column, id_.label("message_id")).where(may), execution_options={"yield_per": 100})
    ids = [row.message_id for row in rows if pattern.search(_bytes(row[0]))]
    return Trace(table.name, column.name, len(ids), tuple(ids) if table is message else ())


def _contains(connection: Connection, column: Column[Any], spelling: bytes) -> ColumnElement[bool]:
    is_text = isinstance(column.type, Text)
    wanted = literal(spelling.decode("utf-8", "replace") if is_text else spelling)
    if connection.dialect.name != BACKEND:
        return func.instr(column, wanted) > 0
    return func.strpos(column, wanted) > 0 if is_text else func.position(wanted.op("IN")(column)) > 0


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "backslashreplace") if isinstance(value, str) else bytes(value)


def traces_in_file(file: Path, texts: Collection[str]) -> int:
    """Count the places in SQLite's file, and in its log, at which one of the texts stands."""
    if not texts:
        return 0
    pattern = _pattern(texts)
    return sum(_count(one, pattern) for one in (file, Path(f"{file}-wal"), Path(f"{file}-journal")) if one.exists())


def _count(file: Path, pattern: re.Pattern[bytes]) -> int:
    """Chunk by chunk, each with the end of the one before, so that nothing is cut in two."""
    count, kept = 0, b""
    longest = len(pattern.pattern)
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            text = kept + chunk
            count += sum(1 for found in pattern.finditer(text) if found.end() > len(kept))
            kept = text[-longest:]
    return count
