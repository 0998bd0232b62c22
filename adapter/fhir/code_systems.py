"""The four CodeSystem resources that define our own codes, so that a receiver can look them up where it got them."""

from collections.abc import Callable

from adapter.fhir.reason_definitions import REASON_DEFINITIONS
from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import GRADES, GROUPS, REASONS, TERMS
from adapter.fhir.vocabulary import (
    GRADE_DEFINITIONS,
    GROUP_DEFINITIONS,
    TERM_DEFINITIONS,
    reason_display,
)

VOCABULARY_VERSION = "1.0.0"
"""Raised whenever a code is added or a definition changes; a code is never removed."""

_ORDINAL = {
    "code": "ordinal",
    "description": "The grade as a number, 0 (no uptake) to 5 (most discordant): the order of the scale.",
    "type": "integer",
}


def code_systems() -> tuple[Resource, ...]:
    """Give all four CodeSystems: terms, grades, reasons, groups."""
    return tuple(code_system(name) for name in _BUILDERS)


def code_system(name: str) -> Resource:
    """Turn ``terms``, ``grades``, ``reasons`` or ``groups`` into its CodeSystem; raises KeyError on another name."""
    return _BUILDERS[name]()


def _terms() -> Resource:
    concepts = [_concept(code, *words) for code, words in TERM_DEFINITIONS.items()]
    return _code_system("terms", TERMS, "Words of NETPET reports and scores, named 99NETPET in HL7 v2.", concepts)


def _grades() -> Resource:
    concepts = [_grade(code, definition) for code, definition in GRADE_DEFINITIONS.items()]
    resource = _code_system("grades", GRADES, "NETPET grades of a dual SSTR and FDG PET.", concepts)
    return _with_ordinal(resource)


def _grade(code: str, definition: str) -> Element:
    ordinal = [{"code": "ordinal", "valueInteger": int(code[1])}]
    return _concept(code, f"NETPET {code}", definition) | {"property": ordinal}


def _with_ordinal(resource: Resource) -> Resource:
    """R4 wants ``property`` before ``concept``; the order of keys is for people."""
    concepts = resource.pop("concept")
    return resource | {"property": [dict(_ORDINAL)], "concept": concepts}


def _reasons() -> Resource:
    concepts = [_concept(code, reason_display(code), words) for code, words in REASON_DEFINITIONS.items()]
    return _code_system("reasons", REASONS, "Reasons that qualify a NETPET score or forbid one.", concepts)


def _groups() -> Resource:
    concepts = [_concept(code, f"NETPET group {code}", words) for code, words in GROUP_DEFINITIONS.items()]
    return _code_system("groups", GROUPS, "Prognostic groups of the NETPET grades.", concepts)


def _concept(code: str, display: str, definition: str) -> Element:
    return {"code": code, "display": display, "definition": definition}


def _code_system(name: str, url: str, description: str, concepts: list[Element]) -> Resource:
    return {
        "resourceType": "CodeSystem",
        "id": f"netpet-{name}",
        "url": url,
        "version": VOCABULARY_VERSION,
        "name": f"Netpet{name.title()}",
        "title": f"NETPET {name}",
        "status": "active",
        "experimental": False,
        "description": description,
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }


_BUILDERS: dict[str, Callable[[], Resource]] = {
    "terms": _terms,
    "grades": _grades,
    "reasons": _reasons,
    "groups": _groups,
}
