"""Messages and counts as pages, command line and metrics show them."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, TextClause, func, select

from adapter.outcome import NOWHERE
from adapter.store.codec import milliseconds, moment, moment_or_none, place_from_text, storable
from adapter.store.messages import RECEIVED
from adapter.store.schema import UNDELIVERED, audit, message, patient, score
from adapter.store.views import AuditEntry, Counts, MessageDetail, MessageFilter, MessageSummary

SUMMARY = [message.c[field.name] for field in fields(MessageSummary)]
_EQUAL = ("id", "channel", "patient", "control_id", "problem", "mapping_id", "mapping_version", "sender")


def messages(connection: Connection, filters: MessageFilter, limit: int, before: int | None) -> list[MessageSummary]:
    """List messages, the last received first; ``before`` is the sequence of the last one seen."""
    query = select(*SUMMARY).where(*conditions(filters)).order_by(message.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(message.c.sequence < before)
    return [_summary(row) for row in connection.execute(query)]


def conditions(filters: MessageFilter) -> Iterator[ColumnElement[bool] | TextClause]:
    """Turn a filter into what must hold of a message."""
    if filters.states:
        yield message.c.state.in_(filters.states)
    for name in _EQUAL:
        value: str | None = getattr(filters, name)
        if value is not None:
            yield message.c[name] == storable(value)
    if filters.received_from is not None:
        yield message.c.received >= milliseconds(filters.received_from)
    if filters.received_before is not None:
        yield message.c.received < milliseconds(filters.received_before)
    if filters.undelivered:
        yield UNDELIVERED


def _summary(row: Row[tuple[object, ...]]) -> MessageSummary:
    values = {column.name: getattr(row, column.name) for column in SUMMARY}
    return MessageSummary(**values | {"received": moment(values["received"])})


def message_detail(connection: Connection, message_id: str) -> MessageDetail | None:
    """Turn a message's id into all that is known of it, or None."""
    row = connection.execute(select(message).where(message.c.id == message_id)).one_or_none()
    if row is None:
        return None
    return MessageDetail(
        summary=_summary(row),
        peer=row.peer,
        sha256=row.sha256,
        raw=row.raw,
        answer=row.answer,
        place=place_from_text(row.place) if row.place else NOWHERE,
        rule=row.rule or "",
        mapping_id=row.mapping_id,
        mapping_version=row.mapping_version,
        mapping_sha256=row.mapping_sha256,
        notes=tuple(dict.fromkeys(_notes(row.deviations) + _notes(row.notes))),
        sender=row.sender,
        application_asked=row.application_asked,
        application_answer=row.application_answer,
        application_delivered=moment_or_none(row.application_delivered),
        application_given_up=moment_or_none(row.application_given_up),
        application_problem=row.application_problem,
        application_closed=moment_or_none(row.application_closed),
    )


def _notes(text: str | None) -> list[str]:
    return json.loads(text) if text else []


def counts(connection: Connection) -> Counts:
    """Count messages and scores by state, and the lanes that wait or fail."""
    oldest = select(message.c.received).where(message.c.state == RECEIVED).order_by(message.c.sequence).limit(1)
    lanes = select(func.count(patient.c.due), func.count(patient.c.failing_since))
    waiting, failing = connection.execute(lanes).one()
    return Counts(
        messages=_by_state(connection, message.c.state),
        scores=_by_state(connection, score.c.state),
        waiting=waiting,
        failing=failing,
        oldest_unread=moment_or_none(connection.scalar(oldest)),
        undelivered=connection.scalar(select(func.count()).select_from(message).where(UNDELIVERED)) or 0,
    )


def _by_state(connection: Connection, state: ColumnElement[str]) -> dict[str, int]:
    counted = connection.execute(select(state, func.count()).group_by(state))
    return dict(counted.all())


def audit_trail(connection: Connection, limit: int) -> list[AuditEntry]:
    """List what persons did, the last first."""
    rows = connection.execute(select(audit).order_by(audit.c.id.desc()).limit(limit))
    return [audit_entry(row) for row in rows]


def audit_entry(row: Row[Any]) -> AuditEntry:
    """Turn a row of the audit into what is seen of it."""
    return AuditEntry(moment(row.at), row.action, row.subject, row.reason, row.by)
