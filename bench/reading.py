"""Parse and extract: the lazy reader against python-hl7, hl7apy, and a split by hand that reads the same fields."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import hl7
from hl7apy.parser import parse_message

from adapter.fhir.incoming import parse_incoming
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.fhir_reading import read_units
from adapter.mapping.message_reading import Extraction, read_message
from adapter.scoring.assessment import assess
from adapter.scoring.pairing import Pair
from adapter.scoring.report import KeptReport, PetReport, Source
from adapter.scoring.result import Policy, Score
from bench.fhir_report import fhir_report
from bench.report_message import LESIONS, report
from bench.results import Bar, Row, Section, at_most, ratios, rounds

ROUNDS = 9
MAPPINGS = Path(__file__).parent.parent / "mappings"
MANY_LESIONS = 20
RECEIVED = datetime(2026, 11, 20, tzinfo=UTC)

Observation = tuple[str, tuple[str, ...], tuple[str, ...], str, str]
Fields = tuple[tuple[str, ...], dict[str, list[Observation]]]

_ESCAPE = re.compile(r"\\(\.br|[FSTRE])\\")
_MEANING = {".br": "\n", "F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}


def measure() -> Section:
    """Take all routes in turn, round by round."""
    text = report("C1", "P1").decode()
    mappings = MappingSet.load(MAPPINGS)
    check(text, mappings)
    body = fhir_report("F", MANY_LESIONS)
    found = rounds(ROUNDS, _routes(text, body, mappings))
    method = f"""
        A synthetic report of {len(text):,} characters, 91 segments, 86 OBX; one process, text to fields.
        The lazy reader and the split by hand give equal results: header fields, and type, code, value, unit
        and status of each OBX, unescaped, grouped by OBX-4. Mapping and scoring: a parsed report of
        {MANY_LESIONS} lesions is mapped, paired with the other half and scored.
    """
    return Section("Parse and extract", method, _figures(found, len(body)))


def _routes(text: str, body: bytes, mappings: MappingSet) -> dict[str, Callable[[], float]]:
    return {
        "hand": _timed(lambda: read_by_hand(text), 100),
        "lazy": _timed(lambda: read_lazily(text), 100),
        "mapped": _timed(lambda: read_message(Message.parse(text), mappings), 50),
        "python-hl7": _timed(lambda: hl7.parse(text), 5),
        "hl7apy": _timed(lambda: parse_message(text), 1),
        "scored": _timed(scoring(mappings), 50),
        "fhir": _timed(lambda: parse_incoming(body), 50),
        "fhir scored": _timed(fhir_scoring(mappings), 50),
    }


def _figures(found: dict[str, tuple[float, ...]], size: int) -> tuple[Row, ...]:
    lazy, mapped = found["lazy"], found["mapped"]
    return (
        _micro("split by hand, fields read", found["hand"]),
        _micro("lazy reader, the same fields read", lazy),
        _micro("lazy reader and canonical mapping, to a report with 12 lesions", mapped),
        _micro("python-hl7 parse", found["python-hl7"]),
        _micro("hl7apy parse_message", found["hl7apy"]),
        Row("python-hl7 parse / lazy reader", "x", ratios(found["python-hl7"], lazy), Bar(30)),
        Row("hl7apy parse_message / lazy reader", "x", ratios(found["hl7apy"], lazy), Bar(500)),
        Row("lazy reader / split by hand", "x", ratios(lazy, found["hand"]), at_most(2)),
        _micro("what the mapping adds", tuple(one - other for one, other in zip(mapped, lazy, strict=True))),
        Row(f"mapping and scoring a report of {MANY_LESIONS} lesions", "us", found["scored"], at_most(1000)),
        _micro(f"FHIR body of {MANY_LESIONS} lesions ({size:,} bytes) parsed and resolved", found["fhir"]),
        Row(f"mapping and scoring a FHIR report of {MANY_LESIONS} lesions", "us", found["fhir scored"], at_most(3000)),
        Row("python-hl7 parse / reader and mapping", "x", ratios(found["python-hl7"], mapped)),
        Row("hl7apy parse_message / reader and mapping", "x", ratios(found["hl7apy"], mapped)),
    )


def check(text: str, mappings: MappingSet) -> None:
    """Refuse to measure routes that do not give the same."""
    if read_lazily(text) != read_by_hand(text):
        raise AssertionError("the lazy reader and the split by hand differ")
    outcome = read_message(Message.parse(text), mappings)
    if not isinstance(outcome, Extraction) or len(outcome.reports[0].rows) != LESIONS:
        raise AssertionError("the canonical mapping does not read the report")


def scoring(mappings: MappingSet) -> Callable[[], object]:
    """Make the mapping of a parsed report of many lesions, and its scoring with the other half."""
    sstr = _kept(_mapped(Message.parse(report("C1", "P1", "S", MANY_LESIONS).decode()), mappings))
    parsed = Message.parse(report("C2", "P1", "F", MANY_LESIONS).decode())
    policy = Policy()

    def run() -> Score:
        return assess(Pair(sstr, _kept(_mapped(parsed, mappings))), policy)

    if run().result.grade is None or len(run().lesions) != MANY_LESIONS:
        raise AssertionError("the report of many lesions is not scored")
    return run


def fhir_scoring(mappings: MappingSet) -> Callable[[], object]:
    """Make the mapping of a parsed FHIR report of many lesions, and its scoring with the other half."""
    sstr = _kept(_mapped_unit(fhir_report("S", MANY_LESIONS), mappings)())
    fdg = _mapped_unit(fhir_report("F", MANY_LESIONS), mappings)
    policy = Policy()

    def run() -> Score:
        return assess(Pair(sstr, _kept(fdg())), policy)

    if run().result.grade is None or len(run().lesions) != MANY_LESIONS:
        raise AssertionError("the FHIR report of many lesions is not scored")
    return run


def _mapped_unit(body: bytes, mappings: MappingSet) -> Callable[[], PetReport]:
    units = parse_incoming(body).units

    def run() -> PetReport:
        outcome = read_units(units, mappings)
        if not isinstance(outcome, Extraction):
            raise TypeError("the canonical FHIR mapping does not read the report")
        return outcome.reports[0]

    return run


def _mapped(parsed: Message, mappings: MappingSet) -> PetReport:
    outcome = read_message(parsed, mappings)
    if not isinstance(outcome, Extraction):
        raise TypeError("the canonical mapping does not read the report")
    return outcome.reports[0]


def _kept(one: PetReport) -> KeptReport:
    return KeptReport(one, Source("m", "C", "", RECEIVED, "canonical", "1.0.0", ""), 1)


def read_lazily(text: str) -> Fields:
    """Read the fields through the segments of the reader that the service uses."""
    message = Message.parse(text)
    msh, pid, obr = message.all("MSH")[0], message.all("PID")[0], message.all("OBR")[0]
    header = (msh.value(10), pid.value(3), pid.value(7), obr.value(3), obr.value(7), obr.value(25))
    rows: dict[str, list[Observation]] = {}
    for obx in message.all("OBX"):
        rows.setdefault(obx.value(4), []).append(
            (obx.value(2), obx.components(3), obx.components(5), obx.value(6), obx.value(11))
        )
    return header, rows


def read_by_hand(text: str) -> Fields:
    """Read the same fields with ``split`` alone: no checks, no other delimiters, no places to name."""
    rows: dict[str, list[Observation]] = {}
    found: dict[str, list[str]] = {}
    for line in text.split("\r"):
        fields = line.split("|")
        if fields[0] != "OBX":
            found[fields[0]] = fields
            continue
        value = tuple(fields[5].split("^"))
        if "\\" in fields[5]:
            value = tuple([_ESCAPE.sub(lambda match: _MEANING[match[1]], part) for part in value])
        rows.setdefault(fields[4], []).append(
            (fields[2], tuple(fields[3].split("^")), value, fields[6].split("^", 1)[0], fields[11])
        )
    msh, pid, obr = found["MSH"], found["PID"], found["OBR"]
    header = (msh[9], pid[3].split("^", 1)[0], pid[7], obr[3].split("^", 1)[0], obr[7], obr[25])
    return header, rows


def _timed(route: Callable[[], object], count: int) -> Callable[[], float]:
    def run() -> float:
        started = time.perf_counter()
        for _ in range(count):
            route()
        return (time.perf_counter() - started) / count * 1e6

    return run


def _micro(name: str, values: tuple[float, ...]) -> Row:
    return Row(name, "us", values)
