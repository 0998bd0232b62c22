"""Messages: kept as they came, read in their order, held until they can be read, replayed on a person's word."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from uuid import uuid5

from sqlalchemy import Connection, Executable, bindparam, case, delete, exists, insert, select, update

from adapter.arrival import Arrival, ControlIdReusedError, Kept
from adapter.outcome import Held, Ignored
from adapter.publication import Claim, StaleClaimError
from adapter.reading import KeptMessage, Reading
from adapter.scoring.report import OID_NAMESPACE
from adapter.store import patients
from adapter.store.codec import dump, milliseconds, moment, place_to_text, report_to_text, storable
from adapter.store.schema import audit, insert_into, message, patient, report

RECEIVED, READ, HELD, IGNORED = "received", "read", "held", "ignored"

SENDER = ("channel", "sending_application", "sending_facility", "control_id")
"""With the content's sha256, what one message is: senders reuse control ids, and repeat what they got no answer to."""

NOTHING_READ: dict[str, Any] = dict.fromkeys(
    ("problem", "place", "rule", "mapping_id", "mapping_version", "mapping_sha256", "notes")
)
"""What a reading leaves on its message, before there is one."""

Row = dict[str, Any]


def arrival_row(arrival: Arrival) -> Row:
    """Turn an arrival into its row; the id follows from what the message is, so that the same one has the same id."""
    row: Row = {
        "channel": storable(arrival.channel),
        "sending_application": storable(arrival.sending_application),
        "sending_facility": storable(arrival.sending_facility),
        "control_id": storable(arrival.control_id),
        "sha256": hashlib.sha256(arrival.raw).hexdigest(),
    }
    identity = json.dumps(["message", *row.values()])
    return row | {
        "id": str(uuid5(OID_NAMESPACE, identity)),
        "peer": storable(arrival.peer),
        "format": storable(arrival.format),
        "processing_id": storable(arrival.processing_id),
        "size": len(arrival.raw),
        "raw": arrival.raw,
        "answer": arrival.answer,
        "received": milliseconds(arrival.received),
        "patient": arrival.patient,
        "state": RECEIVED,
        "read_again": False,
        "sender": storable(arrival.sender),
        "deviations": _noted(arrival.deviations) if arrival.deviations else None,
        "application_asked": arrival.application_asked,
    }


@dataclass(frozen=True, slots=True)
class Reuse:
    """Since when a control ID counts as used (milliseconds), and whether its second use is then refused."""

    since: int = 0
    refused: bool = False

    @classmethod
    def of(cls, arrival: Arrival) -> "Reuse":
        """Turn an arrival into what was agreed with its sender."""
        since = arrival.reused_since
        return cls(0 if since is None else milliseconds(since), arrival.refuse_reused)


@cache
def _insert_new(dialect: str) -> Executable:
    """Insert the message unless it is there, and tell whether its control id was used for other content of late."""
    other = message.alias("other")
    same = (other.c[name] == bindparam(f"same_{name}") for name in SENDER)
    reused = exists().where(*same, other.c.received >= bindparam("used_since"))
    row = insert_into(dialect, message).values(control_id_reused=reused.select().scalar_subquery())
    return row.on_conflict_do_nothing().returning(message.c.control_id_reused)


_STORED = select(
    message.c.answer,
    message.c.control_id_reused,
    message.c.state,
    message.c.application_asked,
    message.c.application_answer,
).where(message.c.id == bindparam("id"))


def keep(connection: Connection, row: Row, reuse: Reuse = Reuse()) -> Kept:
    """Keep a message and mark its patient, or find it as it was kept before: then nothing changes.

    Raises ControlIdReusedError where a second use of a control ID is refused; the caller undoes the insert.
    """
    asked = {f"same_{name}": row[name] for name in SENDER} | {"used_since": reuse.since}
    new = connection.execute(_insert_new(connection.dialect.name), row | asked).one_or_none()
    if new is None:
        return _found(connection, row["id"])
    if new.control_id_reused and reuse.refused:
        raise ControlIdReusedError
    patients.mark(connection, [row["patient"]], row["received"])
    asks = row["application_asked"]
    return Kept(row["id"], row["answer"], control_id_reused=new.control_id_reused, application_asked=asks)


def _found(connection: Connection, message_id: str) -> Kept:
    stored = connection.execute(_STORED, {"id": message_id}).one()
    to_come = stored.state == RECEIVED or stored.application_answer is not None
    return Kept(
        message_id,
        stored.answer,
        duplicate=True,
        control_id_reused=stored.control_id_reused,
        application_asked=stored.application_asked and to_come,
        application_answer=stored.application_answer,
    )


def unread(connection: Connection, key: str, limit: int) -> list[KeptMessage]:
    """List a patient's messages that wait to be read, in the order of their arrival."""
    of_patient = (message.c.patient == key) & (message.c.state == RECEIVED)
    rows = connection.execute(select(message).where(of_patient).order_by(message.c.sequence).limit(limit))
    return [
        KeptMessage(
            id=row.id,
            sequence=row.sequence,
            channel=row.channel,
            format=row.format,
            raw=row.raw,
            received=moment(row.received),
            control_id=row.control_id,
            processing_id=row.processing_id,
            patient=row.patient,
            sha256=row.sha256,
            sender=row.sender,
            application_asked=row.application_asked and row.application_answer is None,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What follows on a reading: the answer that its sender asked for (None: none), and what stays of a message.

    ``keep_ignored``: the body of a message that is none of ours stays for the time being.
    """

    answer: bytes | None = None
    keep_ignored: bool = False


class AfterReading(Protocol):
    """Who decides what follows on a reading, and is told when that is on disk."""

    def aftermath(self, message: KeptMessage, reading: Reading) -> Aftermath:
        """Turn a reading into what follows on it; it is kept in the reading's own commit."""
        ...

    def concluded(self, message_id: str, answer: bytes | None) -> None:
        """Take note that a reading and what follows on it are on disk."""
        ...


class NothingFollows:
    """No answer after a reading, and nothing kept of what is ignored."""

    def aftermath(self, message: KeptMessage, reading: Reading) -> Aftermath:  # noqa: ARG002 - whatever they are
        """Turn any reading into nothing."""
        return Aftermath()

    def concluded(self, message_id: str, answer: bytes | None) -> None:
        """Tell nobody."""


def reading_row(reading: Reading, aftermath: Aftermath = Aftermath()) -> Row:
    """Turn what the reading found into the columns of its message."""
    row = _outcome(reading, keep_ignored=aftermath.keep_ignored)
    return row if aftermath.answer is None else row | {"application_answer": aftermath.answer}


def _outcome(reading: Reading, *, keep_ignored: bool) -> Row:
    match reading:
        case Held():
            place = place_to_text(reading.place)
            return NOTHING_READ | {
                "state": HELD,
                "problem": reading.problem.value,
                "place": place,
                "rule": storable(reading.rule),
                "notes": _noted(reading.notes),
            }
        case Ignored() if keep_ignored:
            return NOTHING_READ | {"state": IGNORED, "rule": reading.reason}
        case Ignored():
            # Of a message that is none of ours nothing is kept but its envelope; a replay in waiting still needs it.
            return NOTHING_READ | {
                "state": IGNORED,
                "rule": reading.reason,
                "raw": case((message.c.read_again, message.c.raw)),
            }
        case _:
            return NOTHING_READ | {
                "state": READ,
                "mapping_id": reading.mapping_id,
                "mapping_version": reading.mapping_version,
                "mapping_sha256": reading.mapping_sha256,
                "notes": _noted(reading.notes),
            }


def _noted(notes: tuple[str, ...]) -> str:
    return dump([storable(note) for note in notes])


def mark_delivered(connection: Connection, message_id: str, at: datetime) -> None:
    """Note that the sender got the application level answer of a message."""
    this = message.c.id == message_id
    connection.execute(update(message).where(this).values(application_delivered=milliseconds(at)))


def forget_ignored(connection: Connection, before: datetime, limit: int) -> int:
    """Drop the bodies of messages that are none of ours and were received before then; gives how many."""
    old = (message.c.state == IGNORED) & message.c.raw.is_not(None) & (message.c.received < milliseconds(before))
    some = select(message.c.sequence).where(old).order_by(message.c.sequence).limit(limit)
    return connection.execute(update(message).where(message.c.sequence.in_(some)).values(raw=None)).rowcount


def report_rows(kept: KeptMessage, reading: Reading) -> list[Row]:
    """Turn the reports of a reading into their rows (none unless it was understood); raises ReportNotKeepableError."""
    if isinstance(reading, Held | Ignored):
        return []
    return [
        {
            "message": kept.sequence,
            "position": position,
            "patient": one.patient.key,
            "accession": storable(one.accession),
            "body": report_to_text(one),
            "mapping_id": reading.mapping_id,
            "mapping_version": reading.mapping_version,
            "mapping_sha256": reading.mapping_sha256,
        }
        for position, one in enumerate(reading.reports)
    ]


def record_reading(
    connection: Connection, claim: Claim, kept: KeptMessage, outcome: Row, reports: Sequence[Row]
) -> None:
    """Replace what was read from a message before, and mark the other patients whom that concerns.

    The claim's own patient is not marked: who holds the claim brings the patient up to date before giving it back.
    """
    patients.require(connection, claim, kept.patient)
    of_message = report.c.message == kept.sequence
    concerned = set(connection.scalars(select(report.c.patient).where(of_message)))
    connection.execute(delete(report).where(of_message))
    if reports:
        connection.execute(insert(report), list(reports))
        concerned.update(row["patient"] for row in reports)
    state = case((message.c.read_again, RECEIVED), else_=outcome["state"])
    this = (message.c.sequence == kept.sequence) & (message.c.patient == claim.patient)
    values = outcome | {"state": state, "read_again": False}
    if not connection.execute(update(message).where(this).values(values)).rowcount:
        raise StaleClaimError(claim)
    patients.mark(connection, concerned - {claim.patient}, milliseconds(kept.received))


def replay(connection: Connection, message_id: str, reason: str, by: str, at: datetime) -> bool:
    """Set a message back to be read anew; its reports stand until then. False: there are no bytes of it."""
    found = connection.execute(
        select(message.c.patient, message.c.state, patient.c.claimed)
        .join(patient, patient.c.key == message.c.patient)
        .where(message.c.id == message_id, message.c.raw.is_not(None))
        .with_for_update()
    ).one_or_none()
    if found is None:
        return False
    # A worker may hold the message in hand, read by the mapping of a minute ago: then once more after it.
    again = found.state == RECEIVED and found.claimed is not None
    values = NOTHING_READ | {"state": RECEIVED, "read_again": again}
    connection.execute(update(message).where(message.c.id == message_id).values(values))
    patients.mark(connection, [found.patient], milliseconds(at))
    entry = {
        "at": milliseconds(at),
        "action": "replay",
        "subject": message_id,
        "reason": storable(reason),
        "by": storable(by),
    }
    connection.execute(insert(audit), entry)
    return True
