"""Page two: a kept message is parsed and mapped; what it says of a patient is kept, and the patient is marked."""

from dataclasses import dataclass, replace
from datetime import datetime

from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.message_reading import Extraction, read_message
from adapter.outcome import Held, Ignored, Problem
from adapter.scoring.report import PetReport

PRODUCTION = "P"
"""MSH-11 (table 0103): all else is read, to show that it can be, and never scored."""


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message as the store holds it; ``sequence`` is the order of arrival.

    ``sender`` is the site's name for who sent it; ``application_asked``: that one may wait for an answer to what the
    message says, and has none yet.
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


@dataclass(frozen=True, slots=True)
class Read:
    """The message was understood: the reports it carries, the mapping that read it, and what it tolerated."""

    reports: tuple[PetReport, ...]
    mapping_id: str
    mapping_version: str
    mapping_sha256: str
    notes: tuple[str, ...] = ()


Reading = Read | Held | Ignored


@dataclass(frozen=True, slots=True)
class Charsets:
    """The character sets agreed with a sender: ``default`` where none is declared, ``override`` whatever is."""

    default: str | None = None
    override: str | None = None


def read(message: KeptMessage, mappings: MappingSet, charsets: Charsets = Charsets()) -> Reading:
    """Turn a kept message into what it says; what cannot be read is held with problem and place, never dropped."""
    try:
        header = read_header(message.raw)
        decoded = decode_text(message.raw, header, default=charsets.default, override=charsets.override)
        parsed = Message.parse(decoded.text, charset=decoded.charset)
        outcome = read_message(parsed, mappings)
    except FormatError as error:
        return Held(error.problem, error.place, error.rule)
    except Exception as error:  # noqa: BLE001 - a fault of ours in one message must not hold up its patient's others
        return Held(
            Problem.INTERNAL, rule=f"the program failed on it ({type(error).__name__}): report this message's id"
        )
    tolerated = decoded.deviations + parsed.deviations
    if isinstance(outcome, Extraction):
        return _as_read(message, outcome, tolerated)
    return replace(outcome, notes=tolerated) if isinstance(outcome, Held) else outcome


def _as_read(message: KeptMessage, extraction: Extraction, tolerated: tuple[str, ...]) -> Read:
    notes = tolerated + extraction.notes
    reports = extraction.reports
    if message.processing_id != PRODUCTION:
        reports = ()
        notes += ("a test message (MSH-11): read, and not scored",)
    return Read(reports, extraction.mapping_id, extraction.mapping_version, extraction.mapping_sha256, notes)
