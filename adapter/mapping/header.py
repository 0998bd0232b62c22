"""Who the patient is, which study it is and when: the identifying fields of PID, OBR and MSH."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from adapter.hl7v2.datatypes import Moment, Precision, parse_timestamp
from adapter.hl7v2.message import Message, Segment
from adapter.mapping.codes import fold
from adapter.mapping.errors import ExtractionError
from adapter.mapping.form import Header, PatientChoice
from adapter.mapping.paths import Position, Scope
from adapter.outcome import Problem
from adapter.scoring.report import PatientIdentity

_BELOW_DAY = (Precision.YEAR, Precision.MONTH)


def patient_identity(pid: Segment, choice: PatientChoice) -> PatientIdentity:
    """Turn PID-3 and PID-7 into the patient's identity; raises ExtractionError when no identifier fits the choice."""
    count = len(pid.repetitions(3))
    identities = [_identity(pid, repetition) for repetition in range(1, count + 1)]
    identity = chosen_identity(identities, choice)
    if identity is None:
        rule = "header.patient: no identifier of the authority and type that the mapping names"
        raise ExtractionError(Problem.FIELD_MISSING, pid.place(3), rule)
    return identity


def chosen_identity(identities: Iterable[PatientIdentity], choice: PatientChoice) -> PatientIdentity | None:
    """Turn the identities that a message states into the one that names its patient; None when none fits."""
    valued = sorted((one for one in identities if one.value), key=lambda one: _is_second_choice(one, choice))
    for authority in choice.authority or ("",):
        for identity in valued:
            if _is_of(identity, authority) and _is_type(identity, choice.type):
                return identity
    return None


def _identity(pid: Segment, repetition: int) -> PatientIdentity:
    """CX: identifier, assigning authority (namespace & OID & ISO), identifier type (v2.5 section 2.A.14)."""
    is_oid = pid.value(3, repetition, 4, 3).strip().upper() == "ISO"
    return PatientIdentity(
        pid.value(3, repetition).strip(),
        pid.value(3, repetition, 4).strip(),
        pid.value(3, repetition, 4, 2).strip() if is_oid else "",
        pid.value(3, repetition, 5).strip(),
        _birth_date(pid),
    )


def _is_of(identity: PatientIdentity, authority: str) -> bool:
    return not authority or fold(authority) in (fold(identity.authority), fold(identity.authority_oid))


def _is_second_choice(identity: PatientIdentity, choice: PatientChoice) -> bool:
    """Sorting by it keeps the order of PID-3 within each class."""
    return bool(choice.prefer) and not _is_type(identity, choice.prefer)


def _is_type(identity: PatientIdentity, types: Iterable[str]) -> bool:
    wanted = {fold(name) for name in types}
    return not wanted or fold(identity.type) in wanted


def _birth_date(pid: Segment) -> str | None:
    """PID-7 as a day; what is no day proves nothing about who the patient is, and is left out."""
    try:
        moment = parse_timestamp(pid.value(7))
    except ValueError:
        return None
    return None if moment.precision in _BELOW_DAY else f"{moment.datetime:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An entity identifier (EI): its value and who assigned it."""

    value: str
    authority: str = ""


def first_identifier(scope: Scope, paths: Iterable[str]) -> Identifier | None:
    """Turn the first valued of several positions into an identifier; None when none is."""
    for path in paths:
        position = Position.of(path)
        segment = scope.segment(position.segment)
        value = position.text(segment) if segment else ""
        if segment and value:
            return Identifier(value, segment.value(position.field, component=2).strip())
    return None


def procedure(obr: Segment) -> str | None:
    """Turn OBR-4 into ``code^text^system``, as far as it is valued."""
    return "^".join(obr.components(4)[:3]).rstrip("^") or None


class Clock:
    """Reads a message's times: one without an offset takes MSH-7's (v2.5 section 2.15.9.7), else the mapping's zone."""

    def __init__(self, message: Message, header: Header, notes: list[str]) -> None:
        self._zone_name = header.zone
        self._text_of_msh_7 = message.segments[0].value(7)
        self._zone = _message_zone(message)
        self._notes = notes

    def moment(self, scope: Scope, paths: Iterable[str]) -> datetime | None:
        """Turn the first position that names a day into an aware time; None, noted, when none does.

        Raises ExtractionError for what is no time.
        """
        for path in paths:
            position = Position.of(path)
            segment = scope.segment(position.segment)
            text = position.text(segment) if segment else ""
            if segment and text:
                moment = _read(text, segment, position.field)
                if moment.precision not in _BELOW_DAY:
                    return self._aware(moment, segment, position.field)
                self._notes.append(f"names no day {segment.place(position.field)}")
        return None

    def sent(self) -> datetime | None:
        """When the message was sent (MSH-7), aware; None where it names no day: it then orders nothing."""
        try:
            moment = parse_timestamp(self._text_of_msh_7)
        except ValueError:
            return None
        if moment.precision in _BELOW_DAY:
            return None
        return moment.datetime if self._zone else moment.datetime.replace(tzinfo=zone(self._zone_name))

    def _aware(self, moment: Moment, segment: Segment, number: int) -> datetime:
        if moment.datetime.tzinfo is not None:
            return moment.datetime
        if self._zone is None:
            self._notes.append(f"no time zone {segment.place(number)}: {self._zone_name} taken")
        return moment.datetime.replace(tzinfo=self._zone or zone(self._zone_name))


def _read(text: str, segment: Segment, number: int) -> Moment:
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise ExtractionError(Problem.VALUE_UNREADABLE, segment.place(number), f"header: {error}") from None


def _message_zone(message: Message) -> tzinfo | None:
    try:
        return parse_timestamp(message.segments[0].value(7)).datetime.tzinfo
    except ValueError:
        return None


@lru_cache(maxsize=32)
def zone(name: str) -> ZoneInfo:
    """Turn an IANA name into its zone, read from the machine's database once (at load, when the file is checked)."""
    return ZoneInfo(name)
