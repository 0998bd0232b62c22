"""What a received body is answered with: an OperationOutcome, or a response entry for each entry of its Bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapter.fhir.incoming import Incoming
from adapter.fhir.operation_outcome import http_status, operation_outcome
from adapter.fhir.resource import Element, Resource
from adapter.fhir.shapes import IncomingError
from adapter.fhir.shelf import parsed
from adapter.outcome import NOWHERE, Place, Problem

ANSWERED_BY_ENTRY = {"transaction": "transaction-response", "batch": "batch-response"}
"""Bundle.type -> the type of the Bundle that answers it (R4, http, 3.1.0.11.3)."""

WRITES = frozenset({"POST", "PUT"})


@dataclass(frozen=True, slots=True)
class FhirAnswer:
    """The answer to a body: status and resource; ``location`` names what one report is kept under."""

    status: int
    resource: Resource
    location: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Receipts:
    """What became of a body's reports: the id that each is kept under, in the order of the units; empty: to be fetched.

    ``warnings`` say in words what else stood in the body and was not taken.
    """

    ids: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())


def refusal(problem: Problem, place: Place = NOWHERE, rule: str = "") -> FhirAnswer:
    """Turn why nothing was taken into its answer."""
    return FhirAnswer(http_status(problem), operation_outcome(problem, place, rule), problem=problem)


def created(receipts: Receipts, *, updated: bool) -> FhirAnswer:
    """Turn the receipt of a single DiagnosticReport into its answer: 201 with its place, 200 to an update."""
    location = _location(receipts.ids[0])
    return FhirAnswer(200 if updated else 201, acknowledgement(receipts), location)


def acknowledgement(receipts: Receipts) -> Resource:
    """Turn receipts into an OperationOutcome that names each id; it says stored of nothing that is not."""
    issues = [_information(_kept(one)) for one in receipts.ids]
    warned = [_issue("warning", "not-supported", words) for words in receipts.warnings]
    return {"resourceType": "OperationOutcome", "issue": [*issues, *warned]}


def check_requests(bundle: Resource) -> None:
    """Turn an entry that asks for anything but to write into IncomingError: a transaction is taken whole or not."""
    for index, entry in enumerate(bundle.get("entry", ())):
        request = entry.get("request")
        method = request.get("method") if isinstance(request, dict) else None
        path = f"Bundle.entry[{index}].request.method"
        if method not in WRITES or "resource" not in entry:
            raise IncomingError(Problem.MESSAGE_TYPE, path, "every entry is a POST or a PUT of a resource")


def response_bundle(bundle: Resource, incoming: Incoming, receipts: Receipts) -> Resource:
    """Turn a transaction or batch and what became of its reports into the Bundle that answers it, entry by entry.

    What was kept because a report reaches it is 201 too; what no report of the body needs is 204, and told apart.
    """
    messages = zip(incoming.messages, receipts.ids, strict=True)
    reports = {unit.report.path: (unit.report.type, one) for unit, one in messages}
    whole = len(incoming.units) == 1  # its bytes are kept as they came, with all entries
    kept = {entry.path for unit in incoming.units for entry in unit.roots}
    count = len(bundle.get("entry", ()))
    entries = [_entry(f"Bundle.entry[{index}].resource", reports, kept, whole=whole) for index in range(count)]
    return {"resourceType": "Bundle", "type": ANSWERED_BY_ENTRY[incoming.kind], "entry": entries}


def _entry(path: str, reports: Mapping[str, tuple[str, str]], kept: set[str], *, whole: bool) -> Element:
    if path in reports:
        type_, message = reports[path]
        outcome = {"resourceType": "OperationOutcome", "issue": [_information(_kept(message))]}
        return {"response": {"status": "201 Created", "location": _location(message, type_), "outcome": outcome}}
    if path in kept or whole:
        words = "kept with the report of this body, as a part of it"
        outcome = {"resourceType": "OperationOutcome", "issue": [_information(words)]}
        return {"response": {"status": "200 OK", "outcome": outcome}}
    words = "not kept: no report of this body references it"
    outcome = {"resourceType": "OperationOutcome", "issue": [_issue("warning", "not-supported", words)]}
    return {"response": {"status": "204 No Content", "outcome": outcome}}


def _kept(message_id: str) -> str:
    return f"kept as message {message_id}" if message_id else "noted, to be fetched"


def _location(message_id: str, type_: str = "DiagnosticReport") -> str:
    return f"{type_}/{message_id}/_history/1" if message_id else ""


def _information(words: str) -> Element:
    return _issue("information", "informational", words)


def _issue(severity: str, code: str, words: str) -> Element:
    return {"severity": severity, "code": code, "diagnostics": words}


def report_ids(references: Sequence[str]) -> tuple[str, ...]:
    """Turn references to reports into their ids, in order; what is no address of a report is left out."""
    found = (parsed(reference.strip()) for reference in references)
    names = (one.name.partition("/") for one in found if one is not None)
    return tuple(dict.fromkeys(id_ for type_, _, id_ in names if type_ == "DiagnosticReport" and set(id_) != {"."}))
