"""What pages, command line and metrics see of the store: rows as plain values, never a connection."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.delivery import Answer
from adapter.outcome import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages are listed: each field that is set must hold.

    ``undelivered``: those whose application level answer the sender has not got. ``mapping_id`` and
    ``mapping_version`` are of what read them, ``sender`` is the site's name for who sent them.
    """

    states: tuple[str, ...] = ()
    id: str | None = None
    mapping_id: str | None = None
    mapping_version: str | None = None
    sender: str | None = None
    channel: str | None = None
    patient: str | None = None
    control_id: str | None = None
    problem: str | None = None
    received_from: datetime | None = None
    received_before: datetime | None = None
    undelivered: bool = False


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """One message in a list; ``sequence`` is where the next page goes on, ``size`` is in bytes as received."""

    id: str
    sequence: int
    received: datetime
    channel: str
    format: str
    sending_application: str
    sending_facility: str
    control_id: str
    control_id_reused: bool
    processing_id: str
    patient: str
    state: str
    problem: str | None
    size: int


@dataclass(frozen=True, slots=True)
class MessageDetail:
    """One message with its bytes (None: ignored, not kept), its answer, and what the reading said of it.

    ``answer`` is empty when the sender asked for none. ``application_answer`` is the one after the reading, where it
    was asked for; without ``application_delivered`` the sender was gone, or its peer has not taken it: one that was
    ``application_given_up`` says why in ``application_problem``, and a person may have ``application_closed`` it.
    ``notes`` are all that was tolerated.
    """

    summary: MessageSummary
    peer: str
    sha256: str
    raw: bytes | None
    answer: bytes
    place: Place = NOWHERE
    rule: str = ""
    mapping_id: str | None = None
    mapping_version: str | None = None
    mapping_sha256: str | None = None
    notes: tuple[str, ...] = ()
    sender: str = ""
    application_asked: bool = False
    application_answer: bytes | None = None
    application_delivered: datetime | None = None
    application_given_up: datetime | None = None
    application_problem: str | None = None
    application_closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """One score as it stands: ``summary`` is the result as the pages show it, ``version`` counts what was delivered."""

    score_id: str
    patient: str
    state: str
    summary: dict[str, Any]
    updated: datetime
    digest: str
    version: int


@dataclass(frozen=True, slots=True)
class ScoreVersion:
    """One version that a score once had, with the very resources that were delivered."""

    version: int
    state: str
    summary: dict[str, Any]
    resources: tuple[dict[str, Any], ...]
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """One patient with work to come: ``due`` is when (the end of the lease while it is claimed)."""

    patient: str
    due: datetime
    claimed: datetime | None
    attempts: int
    failing_since: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages and scores by state, how many lanes wait or fail, and since when the oldest message is unread.

    ``undelivered`` counts the application level answers that their senders have not got.
    """

    messages: dict[str, int]
    scores: dict[str, int]
    waiting: int
    failing: int
    oldest_unread: datetime | None
    undelivered: int = 0


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What a person did through us, why, and who it was as far as known."""

    at: datetime
    action: str
    subject: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One score that did not reach its destination and is not tried any more; ``answer`` is the last one.

    ``closed`` is when a person closed it; None: nobody has.
    """

    score_id: str
    patient: str
    answer: Answer
    attempts: int
    failing_since: datetime
    at: datetime
    closed: datetime | None = None
