"""Is a store whole? What can be recomputed is recomputed, and what refers to something is followed."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from adapter.fhir.bundle import digest
from adapter.store.codec import load, report_from_text
from adapter.store.resources import without_version
from adapter.store.schema import message, report, resource, score, score_history

PORTIONS = {"yield_per": 200}
"""Rows in memory at one time."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: how many of it, and what is wrong, by table and id, never by value."""

    name: str
    looked_at: int
    faults: tuple[str, ...]


def verify(connection: Connection) -> list[Check]:
    """Turn a store into what was looked at, in one consistent view; nothing is changed."""
    checks = [_bodies, _reports, _resources, _scores]
    if connection.dialect.name == "sqlite":
        checks = [_file, _references, *checks]
    return [_check(connection, check) for check in checks]


def missing_numbers(connection: Connection) -> int:
    """Count the numbers of messages that were given and are not there: pruned, or a write that was undone."""
    first, last, rows = connection.execute(
        select(func.min(message.c.sequence), func.max(message.c.sequence), func.count())
    ).one()
    return 0 if first is None else int(last - first + 1 - rows)


Finding = str | None


def _check(connection: Connection, check: Callable[[Connection], Iterator[Finding]]) -> Check:
    found = list(check(connection))
    return Check(check.__doc__ or "", len(found), tuple(fault for fault in found if fault))


def _file(connection: Connection) -> Iterator[Finding]:
    """file"""
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        yield None if line == "ok" else "the database file is damaged: restore the last backup"


def _references(connection: Connection) -> Iterator[Finding]:
    """references"""
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"{table} row {row} refers to a row of {parent} that is not there"


def _bodies(connection: Connection) -> Iterator[Finding]:
    """messages"""
    query = select(message.c.id, message.c.sha256, message.c.size, message.c.raw).where(message.c.raw.is_not(None))
    for row in connection.execute(query, execution_options=PORTIONS):
        same = hashlib.sha256(row.raw).hexdigest() == row.sha256 and len(row.raw) == row.size
        yield None if same else f"message {row.id} is not as it was received"


def _reports(connection: Connection) -> Iterator[Finding]:
    """reports"""
    query = select(report.c.message, report.c.position, report.c.patient, report.c.body)
    for row in connection.execute(query, execution_options=PORTIONS):
        try:
            same = report_from_text(row.body).patient.key == row.patient
        except ValueError:
            same = False
        yield None if same else f"report {row.message}/{row.position} cannot be read back"


def _resources(connection: Connection) -> Iterator[Finding]:
    """served resources"""
    query = select(resource.c.type, resource.c.id, resource.c.digest, resource.c.body)
    for row in connection.execute(query, execution_options=PORTIONS):
        try:
            same = digest([without_version(load(row.body))]) == row.digest
        except (ValueError, AttributeError):
            same = False
        yield None if same else f"{row.type}/{row.id} is not as it was put there"


def _scores(connection: Connection) -> Iterator[Finding]:
    """scores"""
    last = (score_history.c.score == score.c.id) & (score_history.c.version == score.c.version)
    query = select(score.c.id, score.c.digest, score_history.c.digest.label("kept")).outerjoin(score_history, last)
    for row in connection.execute(query):
        yield None if row.digest == row.kept else f"score {row.id} does not agree with its history"


def revision(connection: Connection) -> str:
    """Turn a store into the name of its schema."""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))
