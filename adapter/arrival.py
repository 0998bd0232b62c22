"""One message as it came, and what became of it at the door: what doors, page one and the store hand each other."""

from dataclasses import dataclass
from datetime import datetime

from adapter.hl7v2.enhanced import AckMode
from adapter.hl7v2.errors import FormatError
from adapter.outcome import Place, Problem, Refused


@dataclass(frozen=True, slots=True)
class Sender:
    """What the site agreed with one sender; who that is shows the connection.

    ``application`` and ``facility`` are what MSH-3 and MSH-4 then have to be (the field, or its first component).
    ``answers_elsewhere``: application level answers go to a peer of their own, never back on the connection.
    """

    name: str = "default"
    charset_default: str | None = None
    charset_override: str | None = None
    ack: AckMode = AckMode.AUTO
    refuses_reuse: bool = False
    application: str | None = None
    facility: str | None = None
    answers_elsewhere: bool = False


NO_AGREEMENT = Sender()
"""What holds for a sender with whom nothing was agreed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message came from, as the connection shows it: its listener, the peer's address, the sender."""

    listener: str
    peer: str
    sender: Sender = NO_AGREEMENT


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came, with what its header says and the answer its sender gets once it is on disk.

    ``channel`` is the listener that received it: the sender's identity comes from the connection, never from the
    message. ``patient`` is the opaque key under which work is ordered. ``answer`` is stored beside the message, so that
    the same bytes sent again get the very same answer; it is empty when the sender asked for none.
    ``application_asked``: another answer may be due after the reading. ``deviations`` are what was tolerated so far.
    A control ID counts as used again when it was used since ``reused_since``; ``refuse_reused``: then it is not kept.
    ``answer_again``: if it is there already, the answer after its reading is to be sent once more.
    """

    channel: str
    peer: str
    format: str
    raw: bytes
    received: datetime
    control_id: str
    sending_application: str
    sending_facility: str
    processing_id: str
    patient: str
    answer: bytes
    sender: str = ""
    deviations: tuple[str, ...] = ()
    application_asked: bool = False
    refuse_reused: bool = False
    reused_since: datetime | None = None
    answer_again: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """The message is on disk; ``answer`` is the stored one, ``control_id_reused`` marks the same id, other bytes.

    ``application_asked``: an answer after the reading may be to come; ``application_answer`` is that one, of a message
    that was kept and read before.
    """

    message_id: str
    answer: bytes
    duplicate: bool = False
    control_id_reused: bool = False
    application_asked: bool = False
    application_answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class DueAnswer:
    """The application level answer of a message that waits to be sent to a peer, ``made`` when the wait began."""

    message_id: str
    payload: bytes
    made: datetime


@dataclass(frozen=True, slots=True)
class GivenUpAnswer:
    """One that is not sent any more: whose message it answers, why it was given up, and when."""

    message_id: str
    listener: str
    sender: str
    problem: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What one message came to: its answer of now (None: it asked for none), and what is kept of it, or why nothing."""

    answer: bytes | None
    kept: Kept | None = None
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What goes back for a body of messages: their answers, one behind the other, and why not all is kept (or None)."""

    answers: bytes
    problem: Problem | None = None


class ControlIdReusedError(FormatError):
    """The sender used the control ID for another message, and the site agreed to refuse that; nothing was kept."""

    def __init__(self) -> None:
        rule = "the control ID was used for another message"
        super().__init__(Problem.CONTROL_ID_REUSED, Place("MSH", 1, 10), rule)
