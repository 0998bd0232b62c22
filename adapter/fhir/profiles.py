"""The StructureDefinitions of what we send, as differentials on R4: each rule in them is one that we keep."""

from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import (
    DEVICE_ASSERTED,
    IMAGING,
    LESION_PROFILE,
    PROVENANCE_PROFILE,
    SCORE_PROFILE,
    Code,
)
from adapter.fhir.vocabulary import term

PROFILE_VERSION = "1.0.0"

_EITHER = {
    "key": "netpet-1",
    "severity": "error",
    "human": "A score has a grade or says why there is none, never both.",
    "expression": "value.exists() xor dataAbsentReason.exists()",
}
_NO_VALUE = {
    "key": "netpet-2",
    "severity": "error",
    "human": "What is known of a lesion is in its components.",
    "expression": "value.exists().not()",
}


def profiles() -> tuple[Resource, ...]:
    """Give the StructureDefinitions of score, lesion and Provenance."""
    return (_score(), _lesion(), _provenance())


def _score() -> Resource:
    elements = [
        {"id": "Observation", "path": "Observation", "constraint": [_EITHER]},
        *_common("netpet-score"),
        {"id": "Observation.value[x]", "path": "Observation.value[x]", "type": [{"code": "CodeableConcept"}]},
        _required("Observation.method"),
        *_ending(),
    ]
    return _profile("score", SCORE_PROFILE, "Observation", "A NETPET score proposed by software.", elements)


def _lesion() -> Resource:
    elements = [
        {"id": "Observation", "path": "Observation", "constraint": [_NO_VALUE]},
        *_common("lesion"),
        *_ending(),
    ]
    return _profile("lesion", LESION_PROFILE, "Observation", "One lesion as the two PET reports describe it.", elements)


def _provenance() -> Resource:
    elements = [
        {"id": "Provenance.target", "path": "Provenance.target", "max": "1"},
        _required("Provenance.entity"),
    ]
    return _profile("provenance", PROVENANCE_PROFILE, "Provenance", "What a NETPET score was made from.", elements)


def _common(code: str) -> list[Element]:
    """What score and lesion share; a differential keeps the order of Observation's elements."""
    return [
        _pattern(
            "Observation.meta.security", "Coding", {"system": DEVICE_ASSERTED.system, "code": DEVICE_ASSERTED.code}
        ),
        _required("Observation.identifier"),
        _required("Observation.basedOn"),
        _pattern("Observation.category", "CodeableConcept", _only(IMAGING)),
        _pattern("Observation.code", "CodeableConcept", _only(term(code))),
        _required("Observation.subject"),
    ]


def _ending() -> list[Element]:
    """What both share after the elements of their own."""
    return [_required("Observation.device"), _required("Observation.component")]


def _only(code: Code) -> Element:
    """A pattern holds what must be there: words may differ."""
    return {"coding": [{"system": code.system, "code": code.code}]}


def _required(path: str) -> Element:
    return {"id": path, "path": path, "min": 1}


def _pattern(path: str, kind: str, pattern: Element) -> Element:
    return _required(path) | {f"pattern{kind}": pattern}


def _profile(name: str, url: str, base: str, description: str, elements: list[Element]) -> Resource:
    return {
        "resourceType": "StructureDefinition",
        "id": f"netpet-{name}",
        "url": url,
        "version": PROFILE_VERSION,
        "name": f"Netpet{name.title()}",
        "title": f"NETPET {name}",
        "status": "active",
        "experimental": False,
        "description": description,
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": base,
        "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{base}",
        "derivation": "constraint",
        "differential": {"element": elements},
    }
