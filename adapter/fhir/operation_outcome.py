"""How FHIR answers each problem: one table from the closed list to an HTTP status and an R4 issue code."""

from adapter.fhir.resource import Resource
from adapter.fhir.text import clean
from adapter.outcome import NOWHERE, Place, Problem

ANSWERS: dict[Problem, tuple[int, str]] = {
    Problem.HEADER_UNREADABLE: (400, "structure"),
    Problem.BLOCK_UNTERMINATED: (400, "structure"),
    Problem.BLOCK_TOO_LARGE: (413, "too-long"),
    Problem.JUNK_BETWEEN_BLOCKS: (400, "structure"),
    Problem.CHARACTER_SET: (400, "structure"),
    Problem.SEGMENT_MISSING: (422, "required"),
    Problem.FIELD_MISSING: (422, "required"),
    Problem.VALUE_UNREADABLE: (422, "value"),
    Problem.CODE_UNKNOWN: (422, "code-invalid"),
    Problem.STATUS_UNKNOWN: (422, "code-invalid"),
    Problem.UNIT_UNSUPPORTED: (422, "value"),
    Problem.VALUE_CONFLICT: (422, "invariant"),
    Problem.PATIENT_MISMATCH: (422, "business-rule"),
    Problem.BATCH_COUNT: (422, "invariant"),
    Problem.MESSAGE_TYPE: (422, "not-supported"),
    Problem.VERSION: (422, "not-supported"),
    Problem.PROCESSING_ID: (422, "not-supported"),
    Problem.CONTROL_ID_REUSED: (409, "duplicate"),
    Problem.NO_MAPPING: (422, "not-supported"),
    Problem.SEVERAL_MAPPINGS: (422, "multiple-matches"),
    Problem.RESOURCE_INVALID: (400, "invalid"),
    Problem.MEDIA_TYPE: (415, "not-supported"),
    Problem.NOT_FOUND: (404, "not-found"),
    Problem.NOT_AUTHENTICATED: (401, "login"),
    Problem.NOT_AUTHORISED: (403, "forbidden"),
    Problem.OVERLOADED: (429, "throttled"),
    Problem.STORE_UNAVAILABLE: (503, "no-store"),
    Problem.INTERNAL: (500, "exception"),
}
"""Problem -> (HTTP status, issue code). 400: the body cannot be read; 422: it is read and breaks a rule (R4, http)."""


def http_status(problem: Problem) -> int:
    """Turn a problem into the HTTP status that answers it."""
    return ANSWERS[problem][0]


def operation_outcome(problem: Problem, place: Place = NOWHERE, rule: str = "") -> Resource:
    """Turn a problem, its place and its rule into an OperationOutcome; none of them holds a value.

    A path goes to ``expression``; a v2 position is no FHIRPath and goes to ``diagnostics`` before the rule.
    """
    issue = {"severity": "error", "code": ANSWERS[problem][1], "details": {"text": problem.value}}
    where = clean(str(place))
    diagnostics = ": ".join(part for part in (where if place.segment else "", clean(rule)) if part)
    expression = {"expression": [where]} if where and not place.segment else {}
    words = {"diagnostics": diagnostics} if diagnostics else {}
    return {"resourceType": "OperationOutcome", "issue": [issue | words | expression]}


def information(words: str) -> Resource:
    """Turn a sentence about success into an OperationOutcome of severity information."""
    issue = {"severity": "information", "code": "informational", "diagnostics": clean(words)}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
