"""Messages: kept as they came, read in their order, held until they can be read, replayed on a person's word."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid5

from sqlalchemy import ClauseElement, Connection, Integer, bindparam, exists, select

from adapter.arrival import Arrival, ControlIdReusedError, Kept
from adapter.reading import KeptMessage, Reading
from adapter.scoring.report import OID_NAMESPACE
from adapter.store import answers, patients
from adapter.store.codec import dump, milliseconds, moment, storable
from adapter.store.prepared import Prepared, among
from adapter.store.schema import insert_into, message

STATES = RECEIVED, READ, HELD, IGNORED, CLOSED = "received", "read", "held", "ignored", "closed"

SENDER = ("channel", "sending_application", "sending_facility", "control_id")
"""With the content's sha256, what one message is: senders reuse control ids, and repeat what they got no answer to."""

NOTHING_READ: dict[str, Any] = dict.fromkeys(
    ("problem", "place", "rule", "mapping_id", "mapping_version", "mapping_sha256", "notes", "closed")
)
"""What a reading leaves on its message, before there is one."""

MAPPING = tuple(message.c[name] for name in ("mapping_id", "mapping_version", "mapping_sha256"))
"""What read a message; of one that waits to be read, what it is to be read with (none: the mappings then in use)."""

UNREAD = ("id", "sequence", "channel", "format", "raw", "control_id", "processing_id", "patient", "sha256", "sender")
"""What a reading needs of a message, as it is stored."""

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
        "deviations": noted(arrival.deviations) if arrival.deviations else None,
        "application_asked": arrival.application_asked,
    }


ARRIVED = (
    *("channel", "sending_application", "sending_facility", "control_id", "sha256", "id", "peer", "format"),
    *("processing_id", "size", "raw", "answer", "received", "patient", "state", "read_again", "sender", "deviations"),
    "application_asked",
)
"""The columns of an arrival's row."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """Since when a control ID counts as used (milliseconds), and whether its second use is then refused.

    ``answer_again``: the same message once more has its application level answer sent once more.
    """

    since: int = 0
    refused: bool = False
    answer_again: bool = False

    @classmethod
    def of(cls, arrival: Arrival) -> "Reuse":
        """Turn an arrival into what was agreed with its sender."""
        since = arrival.reused_since
        return cls(0 if since is None else milliseconds(since), arrival.refuse_reused, arrival.answer_again)


def _insert_new(dialect: str) -> ClauseElement:
    """Insert the message unless it is there, and tell whether its control id was used for other content of late."""
    other = message.alias("other")
    same = (other.c[name] == bindparam(f"same_{name}") for name in SENDER)
    reused = exists().where(*same, other.c.received >= bindparam("used_since"))
    row = insert_into(dialect, message).values(control_id_reused=reused.select().scalar_subquery())
    return row.on_conflict_do_nothing().returning(message.c.control_id_reused)


_INSERT_NEW = Prepared(_insert_new, columns=ARRIVED)
_STORED = Prepared(
    lambda _: select(
        message.c.answer,
        message.c.control_id_reused,
        message.c.state,
        message.c.application_asked,
        message.c.application_answer,
    ).where(message.c.id == bindparam("this"))
)


def keep(connection: Connection, row: Row, reuse: Reuse = Reuse()) -> Kept:
    """Keep a message and mark its patient, or find it as it was kept before: then nothing changes.

    Raises ControlIdReusedError where a second use of a control ID is refused; the caller undoes the insert.
    """
    asked = {f"same_{name}": row[name] for name in SENDER} | {"used_since": reuse.since}
    new = _INSERT_NEW.row(connection, row | asked)
    if new is None:
        if reuse.answer_again:
            answers.repeat(connection, row["id"], row["received"])
        return _found(connection, row["id"])
    reused = bool(new[0])
    if reused and reuse.refused:
        raise ControlIdReusedError
    patients.mark(connection, [row["patient"]], row["received"])
    return Kept(row["id"], row["answer"], control_id_reused=reused, application_asked=row["application_asked"])


def _found(connection: Connection, message_id: str) -> Kept:
    ((answer, reused, state, asked, later_answer),) = _STORED.rows(connection, {"this": message_id})
    to_come = state == RECEIVED or later_answer is not None
    return Kept(
        message_id,
        answer,
        duplicate=True,
        control_id_reused=bool(reused),
        application_asked=bool(asked) and to_come,
        application_answer=later_answer,
    )


def _unread(dialect: str) -> ClauseElement:
    """The sum keeps a planner without statistics from walking through all that is unread, in order (see the index)."""
    answered = message.c.application_answer.is_not(None)
    columns = (message.c[name] for name in UNREAD)
    unread = among(message.c.patient, "lanes", dialect) & (message.c.state == RECEIVED)
    first = select(message.c.sequence).where(unread).order_by(message.c.sequence + 0)
    query = select(message.c.received, message.c.application_asked, answered, *MAPPING, *columns)
    these = message.c.sequence.in_(first.limit(bindparam("most", type_=Integer)))
    return query.where(these).order_by(message.c.sequence)


_UNREAD = Prepared(_unread)


def version_line(mapping_id: str | None, version: str | None, sha256: str | None) -> str:
    """Turn a mapping's names into its line of versions.lock; empty without one."""
    return f"{mapping_id}@{version} {sha256}" if mapping_id else ""


def unread(connection: Connection, keys: Sequence[str], limit: int) -> list[KeptMessage]:
    """List the messages of patients that wait to be read, in the order of their arrival, so many in all."""
    return [_kept_message(*row) for row in _UNREAD.rows(connection, {"lanes": [*keys], "most": limit})]


def _kept_message(received: int, asked: int, answered: int, *values: Any) -> KeptMessage:
    mapping, columns = values[: len(MAPPING)], values[len(MAPPING) :]
    return KeptMessage(
        **dict(zip(UNREAD, columns, strict=True)),
        received=moment(received),
        application_asked=bool(asked) and not answered,
        read_with=version_line(*mapping),
    )


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What follows on a reading: the answer that its sender asked for (None: none), and what stays of a message.

    ``keep_ignored``: the body of a message that is none of ours stays for the time being. ``at``: when that was.
    """

    answer: bytes | None = None
    keep_ignored: bool = False
    at: datetime | None = None


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


def noted(notes: tuple[str, ...]) -> str:
    """Turn what was tolerated into its column."""
    return dump([storable(note) for note in notes])
