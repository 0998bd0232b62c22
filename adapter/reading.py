"""Page two: a kept message is parsed and mapped; what it says of a patient is kept, and the patient is marked."""

from dataclasses import dataclass, replace
from datetime import datetime

from adapter.fhir.incoming import parse_incoming
from adapter.fhir.patient_unit import PatientUnit, stated_records
from adapter.fhir.shapes import IncomingError
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.patient_merges import is_merge, read_merges
from adapter.mapping.cancellation import cancelled
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.fhir_reading import read_units
from adapter.mapping.message_reading import Extraction, read_message
from adapter.outcome import Held, Ignored, Problem
from adapter.scoring.linked_records import AwaitedLink, StatedRecord
from adapter.scoring.merges import Merge
from adapter.scoring.report import PetReport

FHIR = "fhir"
"""The format of kept messages that are no HL7 v2."""

PRODUCTION = "P"
"""MSH-11 (table 0103): all else is read, to show that it can be, and never scored."""

_FOR_TESTING = "a test message ({}): read, and not scored"


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as the store holds it; ``sequence`` is the order of arrival.

    ``sender`` is the site's name for who sent it; ``application_asked``: that one may wait for an answer to what the
    message says, and has none yet. ``read_with`` is the mapping that it is to be read with, as a line of versions.lock
    (``id@version sha256``); empty: with those in use.
    """

    id: str
    sequence: int
    channel: str
    format: str
    raw: bytes
    received: datetime
    control_id: str
    processing_id: str
    patient: str
    sha256: str
    sender: str = ""
    application_asked: bool = False
    read_with: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """The message was understood: the reports it carries, the mapping that read it, and what it tolerated.

    ``records`` are those whose addresses it shows.
    """

    reports: tuple[PetReport, ...]
    mapping_id: str
    mapping_version: str
    mapping_sha256: str
    notes: tuple[str, ...] = ()
    records: tuple[StatedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Nothing but cancellations, of which the message does not say that they are of PETs.

    They count for the studies that are known, as ``read`` has them; where none is, ``otherwise`` holds.
    """

    read: Read
    otherwise: Held | Ignored


@dataclass(frozen=True, slots=True)
class Merged:
    """The message says which records are one patient's, or no longer are; and what the reading tolerated.

    ``awaited`` are links to records that it does not hold: it is held until these are known. ``records`` are those
    whose addresses it shows.
    """

    merges: tuple[Merge, ...]
    notes: tuple[str, ...] = ()
    awaited: tuple[AwaitedLink, ...] = ()
    records: tuple[StatedRecord, ...] = ()


Reading = Read | Held | Ignored | Cancelled | Merged


@dataclass(frozen=True, slots=True)
class Charsets:
    """The character sets agreed with a sender: ``default`` where none is declared, ``override`` whatever is."""

    default: str | None = None
    override: str | None = None


def read(message: KeptMessage, mappings: MappingSet, charsets: Charsets = Charsets()) -> Reading:
    """Turn a kept message into what it says; what cannot be read is held with problem and place, never dropped."""
    try:
        return _read_fhir(message, mappings) if message.format == FHIR else _read_hl7v2(message, mappings, charsets)
    except FormatError as error:
        return Held(error.problem, error.place, error.rule)
    except IncomingError as error:
        return Held(error.problem, error.place, error.rule)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one message must not hold up its patient's others
        return Held(
            Problem.INTERNAL, rule=f"the program failed on it ({type(error).__name__}): report this message's id"
        )


def _read_hl7v2(message: KeptMessage, mappings: MappingSet, charsets: Charsets) -> Reading:
    header = read_header(message.raw)
    decoded = decode_text(message.raw, header, default=charsets.default, override=charsets.override)
    parsed = Message.parse(decoded.text, charset=decoded.charset)
    tolerated = decoded.deviations + parsed.deviations
    is_test = message.processing_id != PRODUCTION
    if is_merge(header):
        merges = read_merges(parsed, header.trigger)
        return Merged((), (*tolerated, _FOR_TESTING.format("MSH-11"))) if is_test else Merged(merges, tolerated)
    reading = _as_reading(read_message(parsed, mappings), tolerated, "MSH-11" if is_test else "")
    if isinstance(reading, Read) or is_test:
        return reading
    cancellation = cancelled(parsed, mappings)
    if cancellation is None:
        return reading
    read = _as_read(cancellation, tolerated, "")
    return Cancelled(read, reading)


def _read_fhir(message: KeptMessage, mappings: MappingSet) -> Reading:
    incoming = parse_incoming(message.raw)
    said = incoming.units or incoming.patients[:1]  # the records that a Patient names stand behind it
    is_test = any(one != PRODUCTION for one in (message.processing_id, *(unit.processing_id for unit in said)))
    records = () if is_test else stated_records(said, message.received, mappings.authorities)
    if not incoming.units and incoming.patients:
        merged = Merged((), (_FOR_TESTING.format("HTEST"),))
        return merged if is_test else _merged(incoming.patients[0], message, mappings, records)
    reading = _as_reading(read_units(incoming.units, mappings), incoming.notes, "HTEST" if is_test else "")
    return replace(reading, records=records) if isinstance(reading, Read) else reading


def _merged(
    patient: PatientUnit, message: KeptMessage, mappings: MappingSet, records: tuple[StatedRecord, ...]
) -> Merged:
    when, authorities = message.received, mappings.authorities
    merges, awaited = patient.merges(when, authorities), patient.awaited(when, authorities)
    return Merged(merges, awaited=awaited, records=records)


def _as_reading(
    outcome: Extraction | Held | Ignored, tolerated: tuple[str, ...], test_mark: str
) -> Read | Held | Ignored:
    if isinstance(outcome, Held):
        return replace(outcome, notes=tolerated)
    return _as_read(outcome, tolerated, test_mark) if isinstance(outcome, Extraction) else outcome


def _as_read(extraction: Extraction, tolerated: tuple[str, ...], test_mark: str) -> Read:
    notes = tolerated + extraction.notes
    reports = extraction.reports
    if test_mark:
        reports = ()
        notes += (_FOR_TESTING.format(test_mark),)
    return Read(reports, extraction.mapping_id, extraction.mapping_version, extraction.mapping_sha256, notes)
