"""One case's messages read as the service reads them: door, header, character set, mapping, pairing, score."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from adapter.fhir.incoming import parse_incoming
from adapter.fhir.shapes import IncomingError
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.fhir_reading import read_units
from adapter.mapping.message_reading import Extraction, read_message
from adapter.outcome import Held, Ignored, Refused
from adapter.scoring.assessment import assess
from adapter.scoring.pairing import pair_studies, retracted_pairs
from adapter.scoring.report import KeptReport, PetReport, Source
from adapter.scoring.result import Policy, Score
from adapter.scoring.versions import current_reports

Door = Callable[[bytes], Refused | None]
"""Turns a message into why it is not taken at all, None when it is; what the receiver checks before it keeps one."""

CaseReading = Extraction | Held | Ignored | Refused

_SEGMENT_STARTS = ("MSH", "FHS", "BHS", "{")


@dataclass(frozen=True, slots=True)
class InputReading:
    """One input as read; ``notes`` are the flags beside it: what the format, the mapping and each report tolerated."""

    reading: CaseReading
    notes: tuple[str, ...] = ()

    @property
    def reports(self) -> tuple[PetReport, ...]:
        """The reports in it; none where it was not read."""
        return self.reading.reports if isinstance(self.reading, Extraction) else ()


def open_door(_: bytes) -> Refused | None:
    """Take every message: for readings that no receiver stands before."""
    return None


def is_inline(text: str) -> bool:
    """Is an input the message itself, rather than the name of a file?"""
    return "\n" in text.strip() or "\r" in text or text.lstrip().startswith(_SEGMENT_STARTS)


def inline_message(text: str) -> bytes:
    """Turn a message written in a test file into its bytes: UTF-8; of HL7 v2, lines are segments and end with CR."""
    if text.lstrip().startswith("{"):
        return text.encode()
    return "\r".join(line.strip() for line in text.strip().splitlines()).encode() + b"\r"


def read_input(content: bytes, mappings: MappingSet, door: Door = open_door) -> InputReading:
    """Turn one message's bytes into what it says; raises nothing that a message can cause."""
    if content.lstrip().startswith(b"{"):
        return _read_fhir(content, mappings)
    refused = door(content)
    return InputReading(refused) if refused else _read_v2(content, mappings)


def _read_fhir(content: bytes, mappings: MappingSet) -> InputReading:
    try:
        incoming = parse_incoming(content)
    except IncomingError as error:
        return InputReading(Refused(error.problem, error.place, error.rule))
    return _noted(read_units(incoming.units, mappings), incoming.notes)


def _read_v2(content: bytes, mappings: MappingSet) -> InputReading:
    try:
        decoded = decode_text(content, read_header(content))
    except FormatError as error:
        return InputReading(Refused(error.problem, error.place, error.rule))
    try:
        message = Message.parse(decoded.text, charset=decoded.charset)
    except FormatError as error:
        return InputReading(Held(error.problem, error.place, error.rule), decoded.deviations)
    return _noted(read_message(message, mappings), decoded.deviations + message.deviations)


def _noted(reading: Extraction | Held | Ignored, notes: tuple[str, ...]) -> InputReading:
    if isinstance(reading, Extraction):
        notes += reading.notes + tuple(note for report in reading.reports for note in report.notes)
    return InputReading(reading, notes)


def scores_of(inputs: Iterable[InputReading], policy: Policy) -> tuple[Score, ...]:
    """Turn what messages say, in the order of sending, into the scores that would stand after the last of them.

    A study without partner counts where there is no pair: beside a pair that was retracted it only waits.
    """
    by_patient: dict[str, list[KeptReport]] = {}
    for sequence, one in enumerate(inputs):
        for report in one.reports:
            by_patient.setdefault(report.patient.key, []).append(_kept(report, sequence))
    found = []
    for kept in by_patient.values():
        current = current_reports(kept)
        pairs = {pair.id: pair for pair in (*retracted_pairs(current, policy), *pair_studies(current, policy))}
        found += [assess(pair, policy) for pair in pairs.values()]
    return tuple(score for score in found if len(score.reports) == 2) or tuple(found)


def _kept(report: PetReport, sequence: int) -> KeptReport:
    """A test has no store: a report is kept as if it had arrived at the beginning of time."""
    arrived = datetime.min.replace(tzinfo=UTC)
    return KeptReport(report, Source(str(sequence), "", "", arrived, "", "", ""), sequence)
