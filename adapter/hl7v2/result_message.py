r"""A result of our own as an ORU^R01: one patient, one order, its observations; the same content is the same bytes.

Always in the standard delimiters. Up to v2.4 a coded value is a CE, from v2.5 a CWE; the message structure is in MSH-9
from v2.3.1. The name of the patient is not kept by this program, so PID-5 is empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from adapter.hl7v2.character_sets import codec_of
from adapter.hl7v2.datatypes import Coded
from adapter.hl7v2.encoding import STANDARD
from adapter.hl7v2.escapes import escape
from adapter.hl7v2.result_values import Value, field_of, triplet
from adapter.outcome import AdapterError

VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8")
"""In which a result can be written, the oldest first."""


class ResultNotWritableError(AdapterError):
    """A result cannot be written as this site wants it; the text names field and rule, never a value."""


@dataclass(frozen=True, slots=True)
class Party:
    """An application and its facility (MSH-3 and MSH-4, or MSH-5 and MSH-6), as plain text."""

    application: str = ""
    facility: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a site agreed with the receiver of its results: who speaks to whom, how, and which answers are asked for.

    ``character_set`` is written to MSH-18 as it is; ``accept_ack`` and ``application_ack`` are MSH-15 and MSH-16
    (table 0155), both empty in original mode.
    """

    sender: Party
    receiver: Party
    version: str = "2.5.1"
    character_set: str = "UNICODE UTF-8"
    processing_id: str = "P"
    accept_ack: str = ""
    application_ack: str = ""


@dataclass(frozen=True, slots=True)
class Assigned:
    """An identifier with the authority that assigned it: its namespace, its ISO OID, or both."""

    value: str
    authority: str = ""
    authority_oid: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """PID: the patient's identifier, its type (table 0203) and the day of birth (``YYYYMMDD``), as far as known."""

    identifier: Assigned
    type: str = ""
    birth_date: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """ORC and OBR: the order numbers as received, what was done and when; ``service`` is OBR-4."""

    placer: Assigned | None
    filler: Assigned
    service: Coded
    observed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """OBX: a code, its value (None is empty), unit (UCUM), ``sub_id`` where a code stands several times."""

    code: Coded
    value: Value | None
    status: str
    unit: str = ""
    sub_id: str = ""


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """An ORU^R01 before it is written; ``status`` is OBR-25, ``at`` (aware) is MSH-7 and OBR-22."""

    envelope: Envelope
    control_id: str
    at: datetime
    subject: Subject
    order: Order
    status: str
    observations: tuple[Observation, ...]


def write_result(message: ResultMessage) -> bytes:
    """Turn a result into the payload of its ORU^R01.

    Raises ResultNotWritableError when a text has characters that the agreed character set lacks: none is replaced.
    """
    text = "".join(f"{line}\r" for line in _lines(message))
    try:
        return text.encode(codec_of(message.envelope.character_set) or "utf-8")
    except UnicodeEncodeError as error:
        segment = text[: error.start].rsplit("\r", 1)[-1][:3] or "MSH"
        raise ResultNotWritableError(f"{segment}: a character that the receiver's character set lacks") from None


def is_before(version: str, other: str) -> bool:
    """Is a version of ``VERSIONS`` older than another one?"""
    return VERSIONS.index(version) < VERSIONS.index(other)


def timestamp(moment: datetime) -> str:
    """Turn a moment into seconds with its offset, where it has one."""
    return f"{moment:%Y%m%d%H%M%S%z}"


def _lines(message: ResultMessage) -> Iterator[str]:
    order = message.order
    numbers = {2: _entity(order.placer), 3: _entity(order.filler)}
    yield _header(message)
    yield segment("PID", _patient(message.subject))
    yield segment("ORC", {1: "RE"} | numbers)
    yield segment("OBR", {1: "1"} | numbers | _order(message))
    for number, observation in enumerate(message.observations, start=1):
        yield segment("OBX", _observation(number, observation, message.envelope.version))


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Lay raw fields out by number; the segment ends with the last one that is valued."""
    last = max((number for number, text in fields.items() if text), default=0)
    return STANDARD.field.join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def _header(message: ResultMessage) -> str:
    envelope = message.envelope
    fields = {
        1: STANDARD.characters,  # MSH-1 is the separator itself, so the numbers here are one behind
        2: _text(envelope.sender.application),
        3: _text(envelope.sender.facility),
        4: _text(envelope.receiver.application),
        5: _text(envelope.receiver.facility),
        6: timestamp(message.at),
        8: _components("ORU", "R01", "ORU_R01"),
        9: _text(message.control_id),
        10: envelope.processing_id,
        11: envelope.version,
        14: envelope.accept_ack,
        15: envelope.application_ack,
        17: _text(envelope.character_set),
    }
    return segment("MSH", fields)


def _patient(subject: Subject) -> dict[int, str]:
    identifier = subject.identifier
    authority = _hierarchic(identifier)
    entry = STANDARD.component.join([_text(identifier.value), "", "", authority, _text(subject.type)])
    return {1: "1", 3: entry.rstrip(STANDARD.component), 7: subject.birth_date or ""}


def _order(message: ResultMessage) -> dict[int, str]:
    return {
        4: triplet(message.order.service),
        7: _day_or_time(message.order.observed),
        22: timestamp(message.at),
        25: message.status,
    }


def _day_or_time(moment: datetime | None) -> str:
    """A report that gives the day alone is read as its first moment, and no one scans at midnight sharp."""
    if moment is None:
        return ""
    return f"{moment:%Y%m%d}" if moment.time() == time.min else timestamp(moment)


def _observation(number: int, observation: Observation, version: str) -> dict[int, str]:
    kind, value = field_of(observation.value, "CE" if is_before(version, "2.5") else "CWE")
    return {
        1: str(number),
        2: kind,
        3: triplet(observation.code),
        4: _text(observation.sub_id),
        5: value,
        6: _components(observation.unit, "", "UCUM") if observation.unit else "",
        11: observation.status,
    }


def _entity(number: Assigned | None) -> str:
    """EI: the number, then its authority's namespace, OID and ``ISO``."""
    if number is None:
        return ""
    oid = _text(number.authority_oid)
    parts = [_text(number.value), _text(number.authority), oid, "ISO" if oid else ""]
    return STANDARD.component.join(parts).rstrip(STANDARD.component)


def _hierarchic(number: Assigned) -> str:
    """HD in a component: the authority's namespace, OID and ``ISO`` as subcomponents."""
    oid = _text(number.authority_oid)
    parts = [_text(number.authority), oid, "ISO" if oid else ""]
    return STANDARD.subcomponent.join(parts).rstrip(STANDARD.subcomponent)


def _components(*parts: str) -> str:
    return STANDARD.component.join(map(_text, parts))


def _text(plain: str) -> str:
    return escape(plain, STANDARD)
