"""Merge messages: which record is which patient's from now on (HL7 v2.5 chapter 3: ADT A34, A36, A37, A40, A47)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from adapter.hl7v2.header import Header
from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.hl7v2.moments import parse_timestamp
from adapter.outcome import Place, Problem
from adapter.scoring.merges import Merge, paired
from adapter.scoring.report import PatientIdentity

MERGES = frozenset({"A34", "A36", "A40", "A47"})
"""Triggers by which the record of MRG-1 becomes that of PID-3; A47 corrects an identifier, which is the same to us."""
UNLINK = "A37"
"""The trigger by which two records, each of a PID, are declared to be of two patients."""


def is_merge(header: Header) -> bool:
    """Does a message speak of records that are one patient's, or no longer are?"""
    return header.message_code == "ADT" and header.trigger in MERGES | {UNLINK}


def read_merges(message: Message, trigger: str) -> tuple[Merge, ...]:
    """Turn a merge message into what it says of records; raises MessageError where it names none, or no time.

    Of several identifiers those of one authority belong together; what has no partner there goes with the record
    number (type MR, else the first).
    """
    at = _time(message)
    merges = tuple(_unlinked(message, at) if trigger == UNLINK else _merged(message, at))
    if not merges:
        raise MessageError(Problem.FIELD_MISSING, Place("MRG", 1, 1), "the message names no two records")
    return merges


def _merged(message: Message, at: datetime) -> Iterator[Merge]:
    """A40 repeats PID and MRG for each pair of records; an MRG belongs to the PID before it."""
    pid: Segment | None = None
    for segment in message.segments:
        if segment.id == "PID":
            pid = segment
        elif segment.id == "MRG":
            if pid is None:
                raise MessageError(Problem.SEGMENT_MISSING, Place("PID"), "a merge names the record that survives")
            yield from _pairs(_stated(segment, 1), _stated(pid, 3), at)


def _unlinked(message: Message, at: datetime) -> Iterator[Merge]:
    pids = message.all("PID")
    if len(pids) != 2:
        raise MessageError(Problem.SEGMENT_MISSING, Place("PID"), "an unlink names two records, a PID each")
    yield from _pairs(_stated(pids[0], 3), _stated(pids[1], 3), at, undone=True)


def _pairs(
    old: list[PatientIdentity], survivors: list[PatientIdentity], at: datetime, *, undone: bool = False
) -> Iterator[Merge]:
    return (Merge(one, other, at, undone) for one, other in paired(old, survivors))


def _stated(segment: Segment, field: int) -> list[PatientIdentity]:
    """The identifiers of a CX field, as reports state theirs; raises MessageError when there is none."""
    count = len(segment.repetitions(field))
    found = [_identity(segment, field, repetition) for repetition in range(1, count + 1)]
    valued = [one for one in found if one.value]
    if not valued:
        raise MessageError(Problem.FIELD_MISSING, segment.place(field), "the record's identifier is required")
    return valued


def _identity(segment: Segment, field: int, repetition: int) -> PatientIdentity:
    is_oid = segment.value(field, repetition, 4, 3).strip().upper() == "ISO"
    return PatientIdentity(
        segment.value(field, repetition).strip(),
        segment.value(field, repetition, 4).strip(),
        segment.value(field, repetition, 4, 2).strip() if is_oid else "",
        segment.value(field, repetition, 5).strip(),
    )


def _time(message: Message) -> datetime:
    """When it was recorded: EVN-2, else MSH-7. Without an offset it is taken as UTC: all that counts is the order."""
    event = message.first("EVN")
    for segment, field in ((event, 2), (message.first("MSH"), 7)):
        text = segment.value(field) if segment is not None else ""
        if segment is not None and text:
            try:
                moment = parse_timestamp(text).datetime
            except ValueError as error:
                raise MessageError(Problem.VALUE_UNREADABLE, segment.place(field), str(error)) from None
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    raise MessageError(Problem.FIELD_MISSING, Place("EVN", 1, 2), "the time of a merge is required: EVN-2 or MSH-7")
