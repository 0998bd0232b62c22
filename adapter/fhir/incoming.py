"""A received body becomes the reports it carries, each with what it references: strictly parsed, nothing guessed.

Nothing here asks a server: a reference that leads out of the body is named, for a fetcher that has an address of its
own. The hospital's resources stay dicts as they came; they are never read into models.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from adapter.fhir.json_text import from_json
from adapter.fhir.patient_unit import PatientUnit, patient_units
from adapter.fhir.reach import units_of
from adapter.fhir.received import Received, received
from adapter.fhir.resource import JsonUnreadableError, Resource
from adapter.fhir.shapes import IncomingError
from adapter.fhir.shelf import Entry, Shelf
from adapter.fhir.unit import Unit, bundle_of
from adapter.outcome import Problem

MAX_BYTES = 8 * 1024 * 1024
"""A report with 80 findings is 0.2 MB; what is larger carries documents, which are not read here."""

MAX_NODES = 200_000
"""Elements of one body, fifty times those of a large report: each costs time even where nothing reads it."""


MAX_REPORTS = 200
"""Reports of one body: each is kept as a message of its own, with what it shares with the others."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What one body holds. ``kind`` is its Bundle.type, or ``resource``.

    ``patients`` are those that say which records are one person's; each is a message of its own, as each report is.
    ``superseded`` counts older versions of reports in a history, ``deleted`` names what it says was deleted, ``named``
    the reports that a notification speaks of and does not carry, ``unclaimed`` counts Observations that no report of
    the body references and that were not sent with one on purpose.
    """

    kind: str
    units: tuple[Unit, ...]
    superseded: int = 0
    deleted: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    unclaimed: int = 0
    patients: tuple[PatientUnit, ...] = ()

    @property
    def messages(self) -> tuple[Unit, ...]:
        """What is kept of the body, each by itself."""
        return (*self.units, *self.patients)

    @property
    def notes(self) -> tuple[str, ...]:
        """What stands in the body and is not of its reports, as a person reads it."""
        counts = ((self.superseded, "older versions of its reports"), (self.unclaimed, "Observations of no report"))
        return tuple(f"{number} {what}" for number, what in counts if number)


def parse_incoming(body: bytes, *, max_bytes: int = MAX_BYTES, max_nodes: int = MAX_NODES) -> Incoming:
    """Turn a body into its reports; raises IncomingError, with problem, place and rule, for what may not be taken.

    Taken are a DiagnosticReport and a Bundle of any type. A body without a report has no units: what to answer is the
    door's to say.
    """
    if len(body) > max_bytes:
        raise IncomingError(Problem.BLOCK_TOO_LARGE, "", f"the body is larger than {max_bytes} bytes")
    if body.count(b",") + body.count(b"{") + body.count(b"[") > max_nodes:
        raise IncomingError(Problem.BLOCK_TOO_LARGE, "", f"the body has more than {max_nodes} elements")
    try:
        found = received(from_json(body))
    except JsonUnreadableError as error:
        raise IncomingError(error.problem, "", error.rule) from None
    return _incoming(found, body)


def _incoming(found: Received, body: bytes) -> Incoming:
    reports = [entry for entry in found.entries if entry.type == "DiagnosticReport"]
    _check_count(len(reports), "reports")
    units = units_of(reports, found, body if len(reports) == 1 else None)
    claimed = {id(entry) for unit in units for entry in unit.roots}
    free = [entry for entry in found.entries if entry.type == "Observation" and id(entry) not in claimed]
    shelf = units[0].shelf if units else Shelf(found.entries, found.older)
    patients = patient_units(found.entries, shelf, found.header, alone=not reports)
    _check_count(len(patients), "Patients that say something of records")
    return Incoming(found.kind, units, found.superseded, found.deleted, found.named, len(free), patients)


def _check_count(count: int, what: str) -> None:
    if count > MAX_REPORTS:
        raise IncomingError(Problem.BLOCK_TOO_LARGE, "", f"the body has more than {MAX_REPORTS} {what}")


def completed(unit: Unit, fetched: Iterable[tuple[str, Resource]]) -> Unit:
    """Turn a unit and the resources that a fetcher found, each with its address, into the unit with them.

    Raises IncomingError when what was fetched cannot be taken.
    """
    found = [Entry(resource, url, "") for url, resource in fetched]
    more = received(bundle_of([*unit.roots, *found]))
    reports = [entry for entry in more.entries if entry.resource is unit.report.resource]
    return units_of(reports, more, None)[0]
