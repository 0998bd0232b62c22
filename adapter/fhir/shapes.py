"""The form that the received elements have in R4: what is read must be of its type, or nothing of the body is read.

Only elements that a reading may rest on stand here. All others are left as they came.
"""

from decimal import Decimal
from typing import Any

from adapter.fhir.resource import Element
from adapter.outcome import AdapterError, Place, Problem


class IncomingError(AdapterError):
    """A body cannot be taken: ``problem``, ``place`` and ``rule`` say what is wrong, never with a value."""

    def __init__(self, problem: Problem, place: str, rule: str) -> None:
        self.problem = problem
        self.place = Place(path=place)
        self.rule = rule
        super().__init__(f"{place}: {rule}" if place else rule)


STRING, BOOLEAN, NUMBER, ANY = "string", "boolean", "number", "object"

_RESOURCE = {"id": STRING, "meta": "Meta", "implicitRules": STRING, "contained": [ANY], "modifierExtension": [ANY]}
_VALUES = {
    "valueQuantity": "Quantity",
    "valueCodeableConcept": "CodeableConcept",
    "valueString": STRING,
    "valueBoolean": BOOLEAN,
    "valueInteger": NUMBER,
    "valueRange": "Range",
    "valueRatio": ANY,
    "valueSampledData": ANY,
    "valueTime": STRING,
    "valueDateTime": STRING,
    "valuePeriod": "Period",
    "dataAbsentReason": "CodeableConcept",
    "code": "CodeableConcept",
    "modifierExtension": [ANY],
}
_EFFECTIVE = {"effectiveDateTime": STRING, "effectivePeriod": "Period", "effectiveInstant": STRING}

SHAPES: dict[str, dict[str, Any]] = {
    "Resource": _RESOURCE,
    "DiagnosticReport": _RESOURCE
    | _EFFECTIVE
    | {
        "identifier": ["Identifier"],
        "basedOn": ["Reference"],
        "status": STRING,
        "category": ["CodeableConcept"],
        "code": "CodeableConcept",
        "subject": "Reference",
        "issued": STRING,
        "result": ["Reference"],
        "imagingStudy": ["Reference"],
        "conclusion": STRING,
        "conclusionCode": ["CodeableConcept"],
        "presentedForm": [ANY],
    },
    "Observation": _RESOURCE
    | _EFFECTIVE
    | _VALUES
    | {
        "identifier": ["Identifier"],
        "basedOn": ["Reference"],
        "partOf": ["Reference"],
        "status": STRING,
        "subject": "Reference",
        "focus": ["Reference"],
        "bodySite": "CodeableConcept",
        "method": "CodeableConcept",
        "hasMember": ["Reference"],
        "derivedFrom": ["Reference"],
        "component": ["Component"],
    },
    "Component": _VALUES,
    "Patient": _RESOURCE
    | {"identifier": ["Identifier"], "birthDate": STRING, "active": BOOLEAN, "link": ["PatientLink"]},
    "PatientLink": {"type": STRING, "other": "Reference"},
    "ServiceRequest": _RESOURCE | {"identifier": ["Identifier"], "code": "CodeableConcept", "basedOn": ["Reference"]},
    "ImagingStudy": _RESOURCE | {"identifier": ["Identifier"], "started": STRING, "basedOn": ["Reference"]},
    "Meta": {"versionId": STRING, "lastUpdated": STRING, "tag": ["Coding"], "security": ["Coding"]},
    "CodeableConcept": {"coding": ["Coding"], "text": STRING},
    "Coding": {"system": STRING, "code": STRING, "display": STRING},
    "Identifier": {"use": STRING, "type": "CodeableConcept", "system": STRING, "value": STRING},
    "Reference": {"reference": STRING, "type": STRING, "identifier": "Identifier"},
    "Quantity": {"value": NUMBER, "comparator": STRING, "unit": STRING, "system": STRING, "code": STRING},
    "Range": {"low": "Quantity", "high": "Quantity"},
    "Period": {"start": STRING, "end": STRING},
}
"""Type -> its elements with their types; a list holds the type of its items."""


READ = frozenset({"DiagnosticReport", "Observation", "Patient", "ServiceRequest", "ImagingStudy"})
"""Resources whose own elements stand here; of all others only what every resource has."""


def check_resource(resource: Element, path: str) -> None:
    """Check a resource's elements against the form of its type; raises IncomingError."""
    kind = resource["resourceType"]
    check_elements(resource, kind if kind in READ else "Resource", path)


def check_shape(value: Any, shape: Any, path: str) -> None:
    """Check an element against its shape, all that it holds included; raises IncomingError at the first that differs.

    An empty object is refused as R4 refuses it, and an empty list, and null.
    """
    if isinstance(shape, list):
        _check_list(value, shape[0], path)
    elif shape is STRING:
        _check(isinstance(value, str) and bool(value.strip()), path, "text is needed here")
    elif shape is NUMBER:
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        _check(is_number, path, "a number is needed here")
    elif shape is BOOLEAN:
        _check(isinstance(value, bool), path, "true or false is needed here")
    else:
        _check(isinstance(value, dict) and bool(value), path, "an object is needed here")
        check_elements(value, shape, path)


def check_elements(element: Element, shape: str, path: str) -> None:
    """Check the elements of an object that the type of that name knows; raises IncomingError."""
    known = SHAPES.get(shape, {})
    for name in element:
        if name in known:
            check_shape(element[name], known[name], f"{path}.{name}")


def _check_list(value: Any, shape: Any, path: str) -> None:
    _check(isinstance(value, list) and bool(value), path, "a list is needed here")
    for index, item in enumerate(value):
        check_shape(item, shape, f"{path}[{index}]")


def _check(is_right: bool, path: str, rule: str) -> None:
    if not is_right:
        raise IncomingError(Problem.RESOURCE_INVALID, path, rule)
