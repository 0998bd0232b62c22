"""A gate that finds nothing proves nothing: each finds the faults that are planted for it."""

import copy
import json

import pytest
from fhir_gates import GATES, NOT_FAULTS, faults, profile_faults
from fhir_scores import RENDERING, score

from adapter.fhir.bundle import render_publication
from adapter.fhir.code_systems import code_systems
from adapter.fhir.json_text import to_json
from adapter.fhir.operation_outcome import operation_outcome
from adapter.fhir.summary_report import ADDENDUM_OF, render_summary
from adapter.outcome import Problem

DEVICE, LESION, SCORE, PROVENANCE = render_publication(score(), RENDERING)
SUMMARY = render_summary(SCORE)
OUTCOME = operation_outcome(Problem.NO_MAPPING)
TERMS = code_systems()[0]
OTHER = {"coding": [{"system": "http://loinc.org", "code": "18748-4"}]}
SAID = SCORE["component"][0]
(SETTLED,) = [one for one in SCORE["component"] if one["code"]["coding"][0]["code"] == "outcome"]
GRADE = SCORE["valueCodeableConcept"]
NO_GRADE = {"coding": [GRADE["coding"][0] | {"code": "P9"}]}

STRUCTURE = {
    "an element that R4 does not have": (SCORE, {"verdict": "P2a"}),
    "no code": (SCORE, {"code": None}),
    "two values": (SCORE, {"valueString": "P2a"}),
    "an empty text": (LESION, {"language": ""}),
    "a time without a zone": (SCORE, {"issued": "2026-11-20T10:11:15"}),
    "an id with a sign that no id has": (DEVICE, {"id": "a_b"}),
    "text where there is a list": (PROVENANCE, {"target": "Observation/1"}),
    "a report without a code": (SUMMARY, {"code": None}),
    "an issue without a severity": (OUTCOME, {"issue": [{"code": "invalid"}]}),
    "a code system without its content": (TERMS, {"content": None}),
}
"""What fhir.resources and the schema find, each of them."""

OF_R4 = {
    "an id that is too long": (DEVICE, {"id": "x" * 65}),
    "a status that does not exist": (SCORE, {"status": "done"}),
    "a status of a report that does not exist": (SUMMARY, {"status": "done"}),
    "a subject that can be none": (SCORE, {"subject": {"reference": "Observation/1"}}),
    "a value beside the reason that there is none": (SCORE, {"dataAbsentReason": {"text": "unknown"}}),
    "a component with the code of the score": (SCORE, {"component": [SETTLED, SAID | {"code": SCORE["code"]}]}),
}
"""What fhir.resources lets pass, and the schema with its rules finds."""

OF_PROFILES = {
    "no grade and no reason": (SCORE, {"valueCodeableConcept": None}),
    "a grade that is none": (SCORE, {"valueCodeableConcept": NO_GRADE}),
    "another code": (SCORE, {"code": OTHER | {"text": "NETPET score"}}),
    "another category": (SCORE, {"category": [OTHER]}),
    "no method": (SCORE, {"method": None}),
    "no device": (SCORE, {"device": None}),
    "no identifier": (SCORE, {"identifier": None}),
    "no order": (SCORE, {"basedOn": None}),
    "no report": (SCORE, {"extension": None}),
    "no report among its extensions": (SCORE, {"extension": [{"url": "urn:x", "valueString": "x"}]}),
    "an outcome too many": (SCORE, {"component": [*SCORE["component"], SETTLED]}),
    "a status that we never give": (SCORE, {"status": "amended"}),
    "nothing that says a device made it": (SCORE, {"meta": {"profile": SCORE["meta"]["profile"]}}),
    "a lesion with a value": (LESION, {"valueCodeableConcept": GRADE}),
    "a lesion without components": (LESION, {"component": None}),
    "a lesion with the code of a score": (LESION, {"code": SCORE["code"]}),
    "a summary of nothing": (SUMMARY, {"result": None}),
    "a summary that is an addendum of two": (SUMMARY, {"extension": [*SUMMARY["extension"], SUMMARY["extension"][0]]}),
    "a summary that is no addendum": (
        SUMMARY,
        {"extension": [one for one in SUMMARY["extension"] if one["url"] != ADDENDUM_OF]},
    ),
    "a provenance of two": (PROVENANCE, {"target": [*PROVENANCE["target"], *PROVENANCE["target"]]}),
    "a provenance of nothing": (PROVENANCE, {"entity": None}),
}
"""What our profiles forbid, whatever the schema says of it."""


def with_change(resource, change):
    return {name: value for name, value in (resource | change).items() if value is not None}


@pytest.mark.parametrize("resource", [DEVICE, LESION, SCORE, PROVENANCE, SUMMARY, OUTCOME, TERMS])
def test_each_resource_passes_before_anything_is_planted_in_it(resource):
    assert faults(resource) == []


@pytest.mark.parametrize("gate", ["fhir.resources", "schema"])
@pytest.mark.parametrize(("resource", "change"), STRUCTURE.values(), ids=STRUCTURE)
def test_what_r4_has_otherwise_is_found(gate, resource, change):
    assert GATES[gate](with_change(resource, change))


@pytest.mark.parametrize(("resource", "change"), OF_R4.values(), ids=OF_R4)
def test_what_models_cannot_see_is_found_by_the_schema_and_its_rules(resource, change):
    assert GATES["schema"](with_change(resource, change))


@pytest.mark.parametrize(("resource", "change"), OF_PROFILES.values(), ids=OF_PROFILES)
def test_what_our_profiles_forbid_is_found(resource, change):
    assert profile_faults(with_change(resource, change))


@pytest.mark.parametrize("gate", GATES)
def test_a_fault_inside_of_a_bundle_is_found(gate):
    planted = with_change(SCORE, {"status": None, "method": None})
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in (DEVICE, planted)]

    assert GATES[gate]({"resourceType": "Bundle", "type": "collection", "entry": entries})


@pytest.mark.parametrize("path", [path for _, path in NOT_FAULTS if path.endswith(".status")])
def test_what_is_let_by_is_let_by_only_where_r4_has_it(path):
    resource = {"Observation": LESION, "DiagnosticReport": SUMMARY}[path.partition(".")[0]]

    assert profile_faults(with_change(resource, {"status": "entered-in-error"})) == []
    assert profile_faults(with_change(resource, {"status": "done"}))


def test_a_code_is_no_fault_because_of_a_text_beside_it_and_is_one_without_its_coding():
    assert profile_faults(SCORE) == []
    assert profile_faults(with_change(SCORE, {"code": {"text": SCORE["code"]["text"]}}))


def test_a_gate_changes_nothing_in_what_it_looks_at():
    before = copy.deepcopy(json.loads(to_json(SCORE)))

    assert faults(SCORE) == []
    assert json.loads(to_json(SCORE)) == before
