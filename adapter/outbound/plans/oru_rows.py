"""The score Observation as OBX rows: what the FHIR resource says, row by row, so that both say the same."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from adapter.fhir.observation import DISCLAIMER
from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import DICOM, GRADES, GROUPS, LOINC, REASONS, SNOMED_CT, TERMS, VERIFIER, Code
from adapter.fhir.text import clean
from adapter.fhir.vocabulary import term
from adapter.hl7v2.datatypes import Coded, Number, Text
from adapter.hl7v2.result_message import Observation
from adapter.hl7v2.result_values import Prose, Value
from adapter.scoring.lesion import Interval
from adapter.scoring.result import Score

OURS = "99NETPET"
"""Our coding system's name in v2 (docs/formats.md); it holds terms, grades, groups and reasons alike."""

_SYSTEMS = {
    **dict.fromkeys((TERMS, GRADES, GROUPS, REASONS), OURS),
    SNOMED_CT: "SCT",
    LOINC: "LN",
    DICOM: "DCM",
}
"""FHIR system -> coding system of table 0396."""


_REPEATED = frozenset({"reason", "target-lesion", "positivity-basis"})


def own_code(name: str) -> Coded:
    """Turn one of our terms into its v2 code."""
    return _coded(term(name))


def score_rows(score: Score, resource: Resource, confirmed: bool, status: str) -> tuple[Observation, ...]:
    """Turn a score and its Observation into rows: the grade, each component that has a value, the explanation.

    A code that may stand several times is numbered in OBX-4, from 1. ``status`` is OBX-11 of all of them.
    """
    rows = [_grade(resource), *_components(resource), *_words(score, confirmed)]
    seen: Counter[Coded] = Counter()
    found = []
    for code, value, unit in rows:
        seen[code] += 1
        sub_id = str(seen[code]) if code.code in _REPEATED else ""
        found.append(Observation(code, value, status, unit, sub_id))
    return tuple(found)


def is_confirmed(resources: tuple[Resource, ...]) -> bool:
    """Does the Provenance name a person who stands for the score?"""
    agents = (agent for resource in resources for agent in resource.get("agent", ()))
    types = (coding for agent in agents for coding in agent.get("type", {}).get("coding", ()))
    return any(coding["code"] == VERIFIER.code for coding in types)


_Row = tuple[Coded, Value, str]


def _grade(resource: Resource) -> _Row:
    """Without a grade the row says how far the score is settled: an empty value would look like one that was lost."""
    grade = resource.get("valueCodeableConcept")
    value = _concept(grade) if grade else _outcome(resource)
    return own_code("netpet-score"), value, ""


def _outcome(resource: Resource) -> Value:
    components = {component["code"]["coding"][0]["code"]: component for component in resource["component"]}
    return _concept(components["outcome"]["valueCodeableConcept"])


def _components(resource: Resource) -> Iterator[_Row]:
    for component in resource["component"]:
        found = _value(component)
        if found is not None:
            yield _concept_code(component["code"]), *found


def _words(score: Score, confirmed: bool) -> Iterator[_Row]:
    said = "Confirmed by a named person." if confirmed else "Not confirmed by a person."
    yield own_code("explanation"), Prose(f"{clean(score.result.explanation)} {said}"), ""
    yield own_code("disclaimer"), Prose(DISCLAIMER), ""


def _value(component: Element) -> tuple[Value, str] | None:
    """Turn a component's value into that of a row and its unit; None when it says only that it is unknown."""
    if "valueCodeableConcept" in component:
        return _concept(component["valueCodeableConcept"]), ""
    if "valueQuantity" in component:
        quantity = component["valueQuantity"]
        return _number(quantity["value"]), quantity["code"]
    if "valueRange" in component:
        return _range(component["valueRange"]), ""
    if "valueInteger" in component:
        return _number(component["valueInteger"]), ""
    if "valueBoolean" in component:
        return Text("yes" if component["valueBoolean"] else "no"), ""
    return (Text(component["valueString"]), "") if "valueString" in component else None


def _number(value: Decimal | int) -> Number:
    return Number(Interval.exactly(Decimal(value)))


def _range(ends: Element) -> Number:
    low, high = (Decimal(ends[end]["value"]) if end in ends else None for end in ("low", "high"))
    return Number(Interval(low, high))


def _concept(concept: Element) -> Value:
    """A concept in words alone (a tracer as sent) is text: a code is never made up for it."""
    if "coding" not in concept:
        return Text(concept["text"])
    return _concept_code(concept)


def _concept_code(concept: Element) -> Coded:
    coding = concept["coding"][0]
    return _coded(Code(coding["system"], coding["code"], coding.get("display", "")))


def _coded(code: Code) -> Coded:
    return Coded(code.code, code.display, _SYSTEMS[code.system])
