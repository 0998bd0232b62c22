"""What we know of the servers that reports come from: how far we have read, and which reports are to be fetched."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, delete, func, or_, select, update

from adapter.sources import PendingReport, SourceState
from adapter.store.codec import milliseconds, moment, moment_or_none, storable
from adapter.store.reader import Reader
from adapter.store.schema import fhir_pending, fhir_seen, fhir_source, insert_into
from adapter.store.writer import Writer

LONGEST = 2 * 3600 * 1000
"""Milliseconds; no report is put off for as long, but by a clock that has been set back since."""
AT_A_TIME = 500
"""Names in one query."""


class SourceRecords:
    """Keeps states and pending reports by the name of their source; every call may raise StoreUnavailableError."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def state(self, source: str) -> SourceState:
        """Give how far a source was read; of one that is new: nothing."""
        return await self._reader.read(lambda connection: state(connection, source))

    async def note(self, source: str, reports: Sequence[str], at: datetime, changed: SourceState | None = None) -> None:
        """Keep that reports are to be fetched, and a new state, both or neither."""
        await self._writer.write(lambda connection: note(connection, source, reports, at, changed))

    async def ask_for_sweep(self, source: str, at: datetime) -> None:
        """Make a sweep due, unless one is."""
        await self._writer.write(lambda connection: ask_for_sweep(connection, source, at))

    async def due(self, source: str, now: datetime, limit: int = 50) -> list[PendingReport]:
        """List the reports to be fetched now, the longest due first."""
        return await self._reader.read(lambda connection: due(connection, source, now, limit))

    async def next_due(self, source: str) -> datetime | None:
        """Give when the next report is to be fetched; None: none waits."""
        return await self._reader.read(lambda connection: next_due(connection, source))

    async def fetched(self, source: str, pending: PendingReport, version: str, at: datetime) -> None:
        """Keep that a report was fetched in a version and is on disk; asked for again meanwhile, it stays pending."""
        await self._writer.write(lambda connection: fetched(connection, source, pending, version, at))

    async def postpone(self, source: str, pending: PendingReport, due: datetime | None, problem: str) -> None:
        """Keep that a report could not be fetched; ``due`` None: it waits for a person, or to be named again."""
        await self._writer.write(lambda connection: postpone(connection, source, pending, due, problem))

    async def given_up(self, source: str) -> int:
        """Count the reports that wait for a person."""
        return await self._reader.read(lambda connection: given_up(connection, source))

    async def unseen(self, source: str, versions: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Turn (id, version) of reports into those that are not kept yet."""
        return await self._reader.read(lambda connection: unseen(connection, source, versions))

    async def see(self, source: str, versions: Sequence[tuple[str, str]], at: datetime) -> None:
        """Keep that these versions of reports are on disk."""
        await self._writer.write(lambda connection: see(connection, source, versions, at))

    async def swept(self, source: str, high_water: str, asked: datetime | None) -> None:
        """Keep how far a sweep came, and that what was asked for before it is done; one asked for since stays due."""
        await self._writer.write(lambda connection: swept(connection, source, high_water, asked))


def state(connection: Connection, source: str) -> SourceState:
    """Give how far a source was read."""
    row = connection.execute(select(fhir_source).where(fhir_source.c.source == source)).one_or_none()
    if row is None:
        return SourceState()
    ahead = tuple(json.loads(row.ahead))
    return SourceState(
        row.high_water, moment_or_none(row.sweep_asked), row.last_event, ahead, moment_or_none(row.heard)
    )


def note(
    connection: Connection, source: str, reports: Iterable[str], at: datetime, changed: SourceState | None
) -> None:
    """Make reports due, whatever was known of them, and replace what was heard of the subscription.

    A sweep may be asked for; ``high_water``, and that one was made, is for the sweep to say.
    """
    fresh = {"asked": milliseconds(at), "due": milliseconds(at), "attempts": 0, "problem": ""}
    for report in reports:
        row = insert_into(connection.dialect.name, fhir_pending).values(source=source, report=report, **fresh)
        connection.execute(
            row.on_conflict_do_update(index_elements=[fhir_pending.c.source, fhir_pending.c.report], set_=fresh)
        )
    if changed is None:
        return
    if changed.sweep_asked is not None:
        ask_for_sweep(connection, source, changed.sweep_asked)
    values = {
        "last_event": changed.last_event,
        "ahead": json.dumps(list(changed.ahead)),
        "heard": None if changed.heard is None else milliseconds(changed.heard),
    }
    _put_state(connection, source, values)


def _put_state(
    connection: Connection, source: str, values: dict[str, Any], changed: dict[str, Any] | None = None
) -> None:
    first = {"high_water": "", "ahead": "[]"} | values
    row = insert_into(connection.dialect.name, fhir_source).values(source=source, **first)
    connection.execute(row.on_conflict_do_update(index_elements=[fhir_source.c.source], set_=changed or values))


def ask_for_sweep(connection: Connection, source: str, at: datetime) -> None:
    """Make a sweep due; one that began before then does not answer it, whatever the clocks of processes say."""
    latest = fhir_source.c.sweep_asked
    asked = milliseconds(at)
    _put_state(
        connection, source, {"sweep_asked": asked}, {"sweep_asked": case((latest >= asked, latest + 1), else_=asked)}
    )


def due(connection: Connection, source: str, now: datetime, limit: int) -> list[PendingReport]:
    """List the reports to be fetched now."""
    at = milliseconds(now)
    is_due = or_(fhir_pending.c.due <= at, fhir_pending.c.due > at + LONGEST, fhir_pending.c.asked > at)
    waiting = (fhir_pending.c.source == source) & is_due
    rows = connection.execute(select(fhir_pending).where(waiting).order_by(fhir_pending.c.due).limit(limit))
    return [PendingReport(row.report, moment(row.asked), row.attempts) for row in rows]


def next_due(connection: Connection, source: str) -> datetime | None:
    """Give when the next report is to be fetched."""
    earliest = select(func.min(fhir_pending.c.due)).where(fhir_pending.c.source == source)
    return moment_or_none(connection.execute(earliest).scalar_one())


def fetched(connection: Connection, source: str, pending: PendingReport, version: str, at: datetime) -> None:
    """Take a report from the list, unless it was asked for again."""
    see(connection, source, [(pending.report, version)], at)
    table = fhir_pending.c
    this = (table.source == source) & (table.report == pending.report) & (table.asked == milliseconds(pending.asked))
    connection.execute(delete(fhir_pending).where(this))


def postpone(connection: Connection, source: str, pending: PendingReport, due: datetime | None, problem: str) -> None:
    """Try again later, unless it was asked for again: then it is due at once."""
    table = fhir_pending.c
    this = (table.source == source) & (table.report == pending.report) & (table.asked == milliseconds(pending.asked))
    later = {"due": None if due is None else milliseconds(due), "attempts": pending.attempts + 1}
    connection.execute(update(fhir_pending).where(this).values(problem=storable(problem), **later))


def given_up(connection: Connection, source: str) -> int:
    """Count the reports that wait for a person."""
    waiting = (fhir_pending.c.source == source) & fhir_pending.c.due.is_(None)
    return int(connection.execute(select(func.count()).select_from(fhir_pending).where(waiting)).scalar_one())


def unseen(connection: Connection, source: str, versions: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Turn (id, version) of reports into those that are not kept yet; one without a version never counts as kept."""
    known: set[tuple[str, str]] = set()
    ids = [report for report, _ in versions]
    for start in range(0, len(ids), AT_A_TIME):
        these = fhir_seen.c.report.in_(ids[start : start + AT_A_TIME])
        rows = connection.execute(
            select(fhir_seen.c.report, fhir_seen.c.version).where(fhir_seen.c.source == source, these)
        )
        known |= {(row.report, row.version) for row in rows if row.version}
    return set(versions) - known


def see(connection: Connection, source: str, versions: Sequence[tuple[str, str]], at: datetime) -> None:
    """Keep the version in which each report was last kept."""
    for report, version in versions:
        values = {"version": storable(version), "at": milliseconds(at)}
        row = insert_into(connection.dialect.name, fhir_seen).values(source=source, report=report, **values)
        connection.execute(
            row.on_conflict_do_update(index_elements=[fhir_seen.c.source, fhir_seen.c.report], set_=values)
        )


def swept(connection: Connection, source: str, high_water: str, asked: datetime | None) -> None:
    """Keep how far a sweep came; ``asked`` is what was asked for when it began."""
    _put_state(connection, source, {"high_water": storable(high_water)})
    if asked is not None:
        table = fhir_source.c
        answered = (table.source == source) & (table.sweep_asked == milliseconds(asked))
        connection.execute(update(fhir_source).where(answered).values(sweep_asked=None))
