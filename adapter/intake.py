"""Page one: what came in over a socket is kept on disk, and only then answered. Nothing beyond the header is parsed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from adapter.hl7v2.ack import acknowledge
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import Header, HeaderError, read_header, scan_patient
from adapter.hl7v2.mllp import Block, Fault
from adapter.hl7v2.tables import VERSIONS
from adapter.outcome import Accepted, Place, Problem, Receipt, Refused, StoreUnavailableError
from adapter.scoring.report import patient_key
from adapter.telemetry import Telemetry

TAKEN = frozenset({"ORU"})
"""Message types that may carry a result (MSH-9.1)."""

PROCESSING_IDS = frozenset({"P", "T", "D"})
"""HL7 table 0103; T and D are kept and read, and never reach the destination."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came, with what its header says and the answer its sender gets once it is on disk.

    ``channel`` is the listener that received it: the sender's identity comes from the connection, never from the
    message. ``patient`` is the opaque key under which work is ordered. ``answer`` is stored beside the message, so that
    the same bytes sent again get the very same answer.
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


@dataclass(frozen=True, slots=True)
class Kept:
    """The message is on disk; ``answer`` is the stored one, ``control_id_reused`` marks the same id, other bytes."""

    message_id: str
    answer: bytes
    duplicate: bool = False
    control_id_reused: bool = False


class MessageStore(Protocol):
    """What intake needs of the store: to return only after the commit."""

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message, durable when this returns; raises StoreUnavailableError."""
        ...


class Sender(Protocol):
    """Who is at the other end, as the connection shows it."""

    @property
    def listener(self) -> str:
        """The name of the listener that the connection came to."""
        ...

    @property
    def peer(self) -> str:
        """The sender's address."""
        ...


class Intake:
    """Answers each block of a listener: kept and accepted, or refused with the rule that it breaks."""

    def __init__(
        self, store: MessageStore, telemetry: Telemetry, clock: Callable[[], datetime], marked: Callable[[], None]
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._marked = marked

    async def receive(self, block: Block, connection: Sender) -> bytes | None:
        """Turn a block into its answer: an accept only after the message is on disk."""
        header: Header | None = None
        try:
            header = read_header(block.payload)
            check_header(header)
            decode_text(block.payload, header)
            return await self._keep(block.payload, header, connection)
        except HeaderError as error:
            return self._refuse(error.header, Refused(error.problem, error.place, error.rule), connection)
        except FormatError as error:
            return self._refuse(header, Refused(error.problem, error.place, error.rule), connection)
        except StoreUnavailableError:
            return self._refuse(header, Refused(Problem.STORE_UNAVAILABLE, rule="not stored: send again"), connection)

    async def refuse(self, fault: Fault, connection: Sender) -> bytes | None:
        """Turn a framing fault into its NAK, which names the message if that much of it came."""
        header: Header | None
        try:
            header = read_header(fault.head)
        except HeaderError as error:
            header = error.header
        return self._refuse(header, Refused(fault.problem, rule=fault.rule), connection)

    async def _keep(self, payload: bytes, header: Header, connection: Sender) -> bytes:
        now = self._clock()
        kept = await self._store.keep(
            Arrival(
                channel=connection.listener,
                peer=connection.peer,
                format="hl7v2",
                raw=payload,
                received=now,
                control_id=header.control_id,
                sending_application=header.sending_application,
                sending_facility=header.sending_facility,
                processing_id=header.processing_id,
                patient=lane(payload, header),
                answer=self._answer(header, Accepted("")),
            )
        )
        self._marked()
        self._telemetry.answered(connection.listener, "duplicate" if kept.duplicate else "AA")
        if kept.control_id_reused:
            self._telemetry.warn("control-id-reused", listener=connection.listener, message_id=kept.message_id)
        self._telemetry.say("kept", listener=connection.listener, message_id=kept.message_id, duplicate=kept.duplicate)
        return kept.answer

    def _refuse(self, header: Header | None, refused: Refused, connection: Sender) -> bytes:
        self._telemetry.answered(connection.listener, refused.problem.value)
        self._telemetry.warn(
            "refused",
            listener=connection.listener,
            peer=connection.peer,
            problem=refused.problem.value,
            place=refused.place,
            rule=refused.rule,
        )
        return self._answer(header, refused)

    def _answer(self, header: Header | None, receipt: Receipt) -> bytes:
        return acknowledge(header, receipt, now=self._clock(), control_id=uuid4().hex[:20])


class HeaderRefusedError(FormatError):
    """The header can be read, and says that the message is not for us or lacks what an answer needs."""


def check_header(header: Header) -> None:
    """Turn a header that we cannot take into HeaderRefusedError, which names the field and the rule."""
    if header.message_code not in TAKEN:
        raise _wrong(Problem.MESSAGE_TYPE, 9, "this listener takes ORU messages", component=1)
    if header.version and header.version not in VERSIONS:
        raise _wrong(Problem.VERSION, 12, "HL7 versions 2.1 to 2.9 are taken")
    if not header.processing_id:
        raise _wrong(Problem.FIELD_MISSING, 11, "MSH-11 processing ID is required: P, T or D")
    if header.processing_id not in PROCESSING_IDS:
        raise _wrong(Problem.PROCESSING_ID, 11, "MSH-11 processing ID is one of P, T, D")


def _wrong(problem: Problem, field: int, rule: str, component: int = 0) -> HeaderRefusedError:
    return HeaderRefusedError(problem, Place("MSH", 1, field, 1, component), rule)


def lane(payload: bytes, header: Header) -> str:
    """Turn a message into the key that orders its work: its patient's, or one of its own when it names none."""
    authority, identifier = scan_patient(payload, header)
    return patient_key(authority, identifier) if identifier else f"message:{uuid4()}"
