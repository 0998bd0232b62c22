"""What a request can be refused for: a closed list, answered from one table, always by an OperationOutcome."""

import re
from enum import Enum

from adapter.fhir.operation_outcome import ANSWERS
from adapter.fhir.resource import Element, Resource
from adapter.outcome import AdapterError, Problem


class Fault(Enum):
    """What can be wrong with a request, or with us while we answer it."""

    REQUEST_UNREADABLE = "request-unreadable"
    PARAMETER_INVALID = "parameter-invalid"
    PARAMETER_UNSUPPORTED = "parameter-unsupported"
    NOT_AUTHENTICATED = Problem.NOT_AUTHENTICATED.value
    NOT_AUTHORISED = Problem.NOT_AUTHORISED.value
    NOT_FOUND = Problem.NOT_FOUND.value
    NOT_DECIDABLE = "not-decidable"
    OUTDATED = "outdated"
    METHOD = "method-not-allowed"
    REPRESENTATION = "not-acceptable"
    BODY_LATE = "body-late"
    SEARCH_EXPIRED = "search-expired"
    BODY_TOO_LARGE = "body-too-large"
    URL_TOO_LONG = "url-too-long"
    MEDIA_TYPE = Problem.MEDIA_TYPE.value
    EXPECTATION = "expectation-failed"
    INTERNAL = Problem.INTERNAL.value
    STORE_UNAVAILABLE = Problem.STORE_UNAVAILABLE.value


FAULT_ANSWERS: dict[Fault, tuple[int, str]] = {
    Fault.REQUEST_UNREADABLE: (400, "structure"),
    Fault.PARAMETER_INVALID: (400, "value"),
    Fault.PARAMETER_UNSUPPORTED: (400, "not-supported"),
    Fault.METHOD: (405, "not-supported"),
    Fault.REPRESENTATION: (406, "not-supported"),
    Fault.NOT_DECIDABLE: (409, "business-rule"),
    Fault.OUTDATED: (412, "conflict"),
    Fault.BODY_LATE: (408, "timeout"),
    Fault.SEARCH_EXPIRED: (410, "not-found"),
    Fault.BODY_TOO_LARGE: (413, "too-long"),
    Fault.URL_TOO_LONG: (414, "too-long"),
    Fault.EXPECTATION: (417, "not-supported"),
    **{
        Fault(problem.value): ANSWERS[problem]
        for problem in Problem
        if problem.value in {fault.value for fault in Fault}
    },
}
"""Fault -> (HTTP status, R4 issue code); what a message can also be refused for is answered the same way here."""

_PARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")


class RefusedError(AdapterError):
    """A request is refused; ``rule`` says in words what was broken, ``parameter`` where, ``headers`` what goes along.

    Neither of them holds a value of the request.
    """

    def __init__(self, fault: Fault, rule: str, parameter: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(rule)
        self.fault = fault
        self.rule = rule
        self.parameter = parameter
        self.headers = headers or {}

    @property
    def status(self) -> int:
        """The HTTP status that answers it."""
        return FAULT_ANSWERS[self.fault][0]

    @property
    def outcome(self) -> Resource:
        """The OperationOutcome that answers it."""
        code = FAULT_ANSWERS[self.fault][1]
        return {
            "resourceType": "OperationOutcome",
            "issue": [issue("error", code, self.rule, self.parameter) | {"details": {"text": self.fault.value}}],
        }


def issue(severity: str, code: str, rule: str, parameter: str = "") -> Element:
    """Turn a rule and the parameter that broke it into an issue; R4 writes a parameter's place as ``http.<name>``."""
    element: Element = {"severity": severity, "code": code, "diagnostics": rule}
    return element | ({"location": [f"http.{parameter}"]} if _PARAMETER_NAME.fullmatch(parameter) else {})


def printable(parameter: str) -> str:
    """Turn a parameter's name as sent into one that may be shown: nobody knows what stands where a name belongs."""
    return parameter if _PARAMETER_NAME.fullmatch(parameter) else "a parameter of no FHIR name"
