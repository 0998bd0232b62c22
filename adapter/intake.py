"""Page one: what came in over a socket is kept on disk, and only then answered. Nothing beyond the header is parsed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from adapter.arrival import NO_AGREEMENT, Arrival, Kept, Origin, Sender, Taken
from adapter.hl7v2.ack import Level, acknowledge, acknowledge_accept
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.enhanced import AckMode, answer_at_commit, answers_after_processing
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import Header, HeaderError, read_header, scan_patient
from adapter.hl7v2.patient_merges import is_merge
from adapter.hl7v2.tables import VERSIONS
from adapter.outcome import Accepted, Held, Place, Problem, Receipt, Refused, StoreUnavailableError
from adapter.scoring.report import patient_key
from adapter.telemetry import Telemetry

TAKEN = frozenset({"ORU"})
"""Message types that may carry a result (MSH-9.1)."""

PROCESSING_IDS = frozenset({"P", "T", "D"})
"""HL7 table 0103; T and D are kept and read, and never reach the destination."""

REUSE_WINDOW = timedelta(days=30)
"""Senders number their messages anew after some time; within it a number stands for one message."""


class HeaderRefusedError(FormatError):
    """The header can be read, and says that the message is not for us or lacks what an answer needs."""


class UnmappableError(FormatError):
    """The message would be held, and the site wants such messages refused."""


class MessageStore(Protocol):
    """What intake needs of the store: to return only after the commit."""

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message, durable when this returns.

        Raises StoreUnavailableError, and ControlIdReusedError where the arrival says so.
        """
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What the site decided for all senders: ``foresee`` says of a message that it would be held (None: not asked)."""

    reuse_window: timedelta = REUSE_WINDOW
    foresee: Callable[[Arrival], Held | None] | None = None


class Intake:
    """Answers each message of a listener: kept and accepted, or refused with the rule that it breaks."""

    def __init__(
        self,
        store: MessageStore,
        telemetry: Telemetry,
        clock: Callable[[], datetime],
        marked: Callable[[], None],
        terms: Terms = Terms(),
    ) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._marked = marked
        self._terms = terms

    async def receive(self, payload: bytes, origin: Origin, deviations: tuple[str, ...] = ()) -> Taken:
        """Turn one message into its answer: an accept only after the message is on disk."""
        header: Header | None = None
        try:
            header = read_header(payload)
            check_header(header, origin.sender)
            arrival = self._arrival(payload, header, origin, deviations)
            self._check_readable(arrival)
            kept = await self._store.keep(arrival)
        except HeaderError as error:
            return self.refuse(error.header, Refused(error.problem, error.place, error.rule), origin)
        except FormatError as error:
            return self.refuse(header, Refused(error.problem, error.place, error.rule), origin)
        except StoreUnavailableError:
            return self.refuse(header, Refused(Problem.STORE_UNAVAILABLE, rule="not stored: send again"), origin)
        self._marked()
        self._tell_kept(kept, origin)
        return Taken(kept.answer or None, kept)

    def refuse(self, header: Header | None, refused: Refused, origin: Origin) -> Taken:
        """Turn a refusal into its NAK, as far as the header, if there is one, asks for it."""
        self.tell_refused(refused, origin)
        level = answer_at_commit(header, refused, origin.sender.ack)
        return Taken(self._answer(header, refused, level), refused=refused)

    def _arrival(self, payload: bytes, header: Header, origin: Origin, deviations: tuple[str, ...]) -> Arrival:
        sender, now = origin.sender, self._clock()
        decoded = decode_text(payload, header, default=sender.charset_default, override=sender.charset_override)
        level = answer_at_commit(header, Accepted(""), sender.ack)
        return Arrival(
            channel=origin.listener,
            peer=origin.peer,
            format="hl7v2",
            raw=payload,
            received=now,
            control_id=header.control_id,
            sending_application=header.sending_application,
            sending_facility=header.sending_facility,
            processing_id=header.processing_id,
            patient=lane(payload, header),
            answer=self._answer(header, Accepted(""), level) or b"",
            sender=sender.name,
            deviations=deviations + decoded.deviations,
            application_asked=asks_after_reading(header, sender.ack, level),
            refuse_reused=sender.refuses_reuse,
            reused_since=now - self._terms.reuse_window,
            answer_again=sender.answers_elsewhere,
        )

    def _check_readable(self, arrival: Arrival) -> None:
        held = self._terms.foresee(arrival) if self._terms.foresee else None
        if held is not None:
            raise UnmappableError(held.problem, held.place, held.rule)

    def _answer(self, header: Header | None, receipt: Receipt, level: Level | None) -> bytes | None:
        if level is None:
            return None
        build = acknowledge_accept if level is Level.ACCEPT else acknowledge
        return build(header, receipt, now=self._clock(), control_id=uuid4().hex[:20])

    def _tell_kept(self, kept: Kept, origin: Origin) -> None:
        self._telemetry.answered(origin.listener, "duplicate" if kept.duplicate else "kept")
        facts = {"listener": origin.listener, "sender": origin.sender.name, "message_id": kept.message_id}
        if kept.control_id_reused:
            self._telemetry.reused(origin.listener, origin.sender.name)
            self._telemetry.warn("control-id-reused", **facts)
        self._telemetry.say("kept", duplicate=kept.duplicate, **facts)

    def tell_refused(self, refused: Refused, origin: Origin) -> None:
        """Count a refusal, and say in the log what was broken and where."""
        self._telemetry.answered(origin.listener, refused.problem.value)
        if refused.problem is Problem.CONTROL_ID_REUSED:
            self._telemetry.reused(origin.listener, origin.sender.name)
        self._telemetry.warn(
            "refused",
            listener=origin.listener,
            sender=origin.sender.name,
            peer=origin.peer,
            problem=refused.problem.value,
            place=refused.place,
            rule=refused.rule,
        )


def check_header(header: Header, sender: Sender = NO_AGREEMENT) -> None:
    """Turn a header that we cannot take into HeaderRefusedError, which names the field and the rule."""
    if header.message_code not in TAKEN and not is_merge(header):
        rule = "this listener takes ORU messages, and of ADT the merges: A34, A36, A37, A40, A47"
        raise _wrong(Problem.MESSAGE_TYPE, 9, rule, component=1)
    if header.version and header.version not in VERSIONS:
        raise _wrong(Problem.VERSION, 12, "HL7 versions 2.1 to 2.9 are taken")
    if not header.processing_id:
        raise _wrong(Problem.FIELD_MISSING, 11, "MSH-11 processing ID is required: P, T or D")
    if header.processing_id not in PROCESSING_IDS:
        raise _wrong(Problem.PROCESSING_ID, 11, "MSH-11 processing ID is one of P, T, D")
    for number, agreed in ((3, sender.application), (4, sender.facility)):
        if agreed is not None and agreed not in (header.field(number), header.component(number)):
            raise _wrong(Problem.NOT_AUTHORISED, number, "the connection belongs to another sender")


def _wrong(problem: Problem, field: int, rule: str, component: int = 0) -> HeaderRefusedError:
    return HeaderRefusedError(problem, Place("MSH", 1, field, 1, component), rule)


def asks_after_reading(header: Header, ack: AckMode, level: Level | None) -> bool:
    """Turn a header into whether an application level answer may be due once the message was read.

    A sender that gets AA at commit in place of CA has its answer: a second one would answer its next message.
    """
    if ack is AckMode.COMMIT_AS_AA and level is not None:
        return False
    return any(answers_after_processing(header, receipt, ack) for receipt in (Accepted(""), Refused(Problem.INTERNAL)))


def lane(payload: bytes, header: Header) -> str:
    """Turn a message into the key that orders its work: its patient's, or one of its own when it names none."""
    authority, identifier = scan_patient(payload, header)
    return patient_key(authority, identifier) if identifier else f"message:{uuid4()}"
