"""A patient is removed: every row of every table, under all the records that are joined with the one that was named."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, exists, func, insert, null, select, update

from adapter.outcome import AdapterError
from adapter.scoring.report import PatientIdentity
from adapter.store import identities
from adapter.store.codec import milliseconds, storable
from adapter.store.confirmations import score_decision
from adapter.store.held_merges import held_merge
from adapter.store.identities import merge
from adapter.store.messages import READ
from adapter.store.schema import (
    audit,
    dead_letter,
    message,
    patient,
    placement,
    report,
    resource,
    resource_history,
    resource_token,
    score,
    score_history,
    sent_message,
)
from adapter.store.stated_records import stated_record

REMOVED = "(removed with the patient)"
"""What stands in the audit in place of a reason that named the patient."""
PURGE = "purge"


class InHandError(AdapterError):
    """The service works on the patient at this moment."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about: the records that are one patient's (their keys), and what senders called them."""

    keys: frozenset[str]
    identities: tuple[PatientIdentity, ...]

    @classmethod
    def of(cls, connection: Connection, named: PatientIdentity) -> "Subject":
        """Turn one identity into the patient with all records that are merged with it; one that was undone is not."""
        found = identities.survivors_around(connection, [named.key])
        survivor = found.get(named.key)
        keys = {key for key, end in found.items() if survivor is not None and end.key == survivor.key} | {named.key}
        every = [one for merged in identities.merges_around(connection, keys) for one in (merged.old, merged.survivor)]
        known = dict.fromkeys((named, *(one for one in every if one.key in keys)))
        return cls(frozenset(keys), tuple(known))


def messages_of(connection: Connection, subject: Subject, also: Collection[str] = ()) -> list[int]:
    """List the messages that say something of the patient, and those that are named by their ids."""
    keys = subject.keys
    queries = (
        select(message.c.sequence).where(message.c.patient.in_(keys) | message.c.id.in_(also)),
        select(report.c.message).where(report.c.patient.in_(keys)),
        select(merge.c.message).where(_names(subject)),
        select(held_merge.c.message).where(held_merge.c.record.in_(keys)),
    )
    return sorted({sequence for query in queries for sequence in connection.scalars(query)})


def _names(subject: Subject) -> ColumnElement[bool]:
    return merge.c.replaced.in_(subject.keys) | merge.c.survivor.in_(subject.keys)


def _addresses(subject: Subject) -> Select[tuple[str]]:
    """Where servers have a Patient with any of the identifiers; what else is known of that one goes as well."""
    found = stated_record.alias("found")
    return select(found.c.address).where(found.c.record.in_(subject.keys))


def conditions(subject: Subject) -> list[tuple[Table, ColumnElement[bool]]]:
    """Turn a patient into the rows of each table that are about it alone, those that refer to others first."""
    keys = subject.keys
    scores = select(score.c.id).where(score.c.patient.in_(keys))

    def served(table: Table) -> ColumnElement[bool]:
        same = (resource.c.type == table.c.type) & (resource.c.id == table.c.id)
        return exists().where(same, resource.c.patient.in_(keys))

    return [
        (resource_token, served(resource_token)),
        (resource_history, served(resource_history)),
        (resource, resource.c.patient.in_(keys)),
        (placement, placement.c.score.in_(scores)),
        (score_decision, score_decision.c.score.in_(scores)),
        (dead_letter, dead_letter.c.score.in_(scores)),
        (sent_message, sent_message.c.score.in_(scores)),
        (score_history, score_history.c.score.in_(scores)),
        (score, score.c.patient.in_(keys)),
        (report, report.c.patient.in_(keys)),
        (merge, _names(subject)),
        (held_merge, held_merge.c.record.in_(keys)),
        (stated_record, stated_record.c.address.in_(_addresses(subject))),
    ]


def counts(connection: Connection, subject: Subject, also: Collection[str] = ()) -> dict[str, int]:
    """Turn a patient into how many rows of each table would go."""
    found = {
        table.name: connection.scalar(select(func.count()).select_from(table).where(rows)) or 0
        for table, rows in conditions(subject)
    }
    lanes = select(func.count()).select_from(patient).where(patient.c.key.in_(subject.keys))
    return found | {"message": len(messages_of(connection, subject, also)), "patient": connection.scalar(lanes) or 0}


@dataclass(frozen=True, slots=True)
class Purged:
    """What went: rows by table, messages that stay for others without their body, reasons taken out of the audit."""

    rows: dict[str, int]
    shared: int
    reasons: int


def purge(
    connection: Connection, subject: Subject, also: Collection[str], names: Callable[[str], bool], now: datetime
) -> Purged:
    """Remove a patient, in the caller's transaction; raises InHandError. ``names``: does a reason name the patient?"""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    _wait_for_nobody(connection, subject, now)
    touched = messages_of(connection, subject, also)
    subjects = _ids(connection, subject, touched)
    rows = Counter(
        {table.name: connection.execute(delete(table).where(of)).rowcount for table, of in conditions(subject)}
    )
    shared = _share(connection, subject, touched)
    whole = [sequence for sequence in touched if sequence not in shared]
    rows[held_merge.name] += _delete(connection, held_merge, held_merge.c.message, whole)
    rows[message.name] = _delete(connection, message, message.c.sequence, whole)
    rows[patient.name] = connection.execute(delete(patient).where(patient.c.key.in_(subject.keys))).rowcount
    return Purged(dict(rows), len(shared), _take_out(connection, subjects, names))


def _wait_for_nobody(connection: Connection, subject: Subject, now: datetime) -> None:
    lanes = select(patient.c.claimed, patient.c.due).where(patient.c.key.in_(subject.keys)).order_by(patient.c.key)
    for claimed, due in connection.execute(lanes.with_for_update()):
        if claimed is not None and due > milliseconds(now):
            raise InHandError("the service works on this patient now: try again in a minute")


AT_A_TIME = 500


def _portions(values: Collection[Any]) -> Iterable[list[Any]]:
    every = list(values)
    return (every[start : start + AT_A_TIME] for start in range(0, len(every), AT_A_TIME))


def _delete(connection: Connection, table: Table, column: ColumnElement[Any], values: Collection[Any]) -> int:
    return sum(connection.execute(delete(table).where(column.in_(some))).rowcount for some in _portions(values))


def _ids(connection: Connection, subject: Subject, touched: Collection[int]) -> list[str]:
    """What the audit calls the patient's messages and scores."""
    found = list(connection.scalars(select(score.c.id).where(score.c.patient.in_(subject.keys))))
    return found + message_ids(connection, touched)


def message_ids(connection: Connection, sequences: Collection[int]) -> list[str]:
    """Turn messages' numbers into their ids."""
    these = (select(message.c.id).where(message.c.sequence.in_(some)) for some in _portions(sequences))
    return [id_ for query in these for id_ in connection.scalars(query)]


def _share(connection: Connection, subject: Subject, touched: Collection[int]) -> set[int]:
    """A message that others' reports or merges came with stays for them, without its body, and in their lane."""
    others: dict[int, str] = {}
    for some in _portions(touched):
        reports = select(report.c.message, report.c.patient).where(report.c.message.in_(some))
        merges = select(merge.c.message, merge.c.survivor).where(merge.c.message.in_(some))
        others |= {row[0]: row[1] for query in (merges, reports) for row in connection.execute(query)}
    for sequence, other in others.items():
        this = message.c.sequence == sequence
        connection.execute(update(message).where(this).values(raw=null(), state=READ, read_again=False))
        ours = this & message.c.patient.in_(subject.keys)
        connection.execute(update(message).where(ours).values(patient=other))
    return set(others)


def _take_out(connection: Connection, subjects: Collection[str], names: Callable[[str], bool]) -> int:
    """The audit stays; a reason that names the patient does not."""
    count = 0
    for some in _portions(subjects):
        for row in connection.execute(select(audit.c.id, audit.c.reason).where(audit.c.subject.in_(some))).all():
            if names(row.reason):
                count += connection.execute(update(audit).where(audit.c.id == row.id).values(reason=REMOVED)).rowcount
    return count


def record(connection: Connection, digest: str, reason: str, by: str, now: datetime) -> None:
    """Keep that a patient was removed, without saying who."""
    values = {"at": milliseconds(now), "action": PURGE, "subject": digest}
    connection.execute(insert(audit), values | {"reason": storable(reason), "by": storable(by)})
