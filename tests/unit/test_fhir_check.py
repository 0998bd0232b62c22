from decimal import Decimal

import pytest
from fhir_scores import RENDERING, score

from adapter.fhir.bundle import render_publication, searchset
from adapter.fhir.check import check, check_publication
from adapter.fhir.resource import RenderError

DEVICE, LESION, SCORE, PROVENANCE = render_publication(score(), RENDERING)
NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml"><p>{}</p></div>'


def without(resource, name):
    return {key: value for key, value in resource.items() if key != name}


def ranged(low, high):
    code = {"coding": [{"system": "urn:x", "code": "y"}]}
    return {"component": [{"code": code, "valueRange": {"low": {"value": low}, "high": {"value": high}}}]}


UNSOUND = {
    "status outside the value set": {"status": "banana"},
    "an element that R4 does not have": {"value": "P2a"},
    "two values": {"valueString": "P2a"},
    "a value beside its absence": {"dataAbsentReason": {"text": "unknown"}},
    "a value of another type": {"valueCodeableConcept": "P2a"},
    "a component with the Observation's own code": {"component": [{"code": SCORE["code"], "valueInteger": 1}]},
    "a component without an answer": {"component": [{"code": {"text": "x"}}]},
    "a component with two answers": {
        "component": [{"code": {"text": "x"}, "valueInteger": 1, "dataAbsentReason": {"text": "unknown"}}]
    },
    "derived from a DiagnosticReport": {"derivedFrom": [{"reference": "DiagnosticReport/1"}]},
    "derived from a DiagnosticReport by type": {"derivedFrom": [{"type": "DiagnosticReport"}]},
    "about a Practitioner": {"subject": {"type": "Practitioner", "display": "Dr"}},
    "an empty list": {"performer": []},
    "an empty element": {"focus": [{}]},
    "a null": {"bodySite": None},
    "a blank text": {"note": [{"text": "  "}]},
    "a text with NUL": {"note": [{"text": "a\x00b"}]},
    "a binary float": {"component": [{"code": {"text": "x"}, "valueQuantity": {"value": 1.5}}]},
    "an id of 65 characters": {"id": "a" * 65},
    "a script in the narrative": {"text": {"status": "generated", "div": NARRATIVE.format("<script>x</script>")}},
    "an attribute in the narrative": {"text": {"status": "generated", "div": NARRATIVE.format('<p onclick="x">y</p>')}},
    "a period that ends before it starts": {"effectivePeriod": {"start": "2026-11-19", "end": "2026-11-12T09:30:00Z"}},
    "times that end before they start": {
        "effectivePeriod": {"start": "2026-11-12T09:30:00Z", "end": "2026-11-12T09:30:00+01:00"}
    },
    "a time without a zone": {"issued": "2026-11-12T09:30:00"},
    "a range upside down": ranged(Decimal(9), Decimal(4)),
    "a range without numbers": {
        "component": [{"code": {"text": "x"}, "valueRange": {"low": {"unit": "d"}, "high": {"unit": "d"}}}]
    },
}


@pytest.mark.parametrize("change", UNSOUND.values(), ids=UNSOUND)
def test_an_unsound_score_never_leaves(change):
    with pytest.raises(RenderError):
        check({**SCORE, **change})


def test_a_score_without_a_grade_says_why():
    with pytest.raises(RenderError, match="netpet-1"):
        check(without(SCORE, "valueCodeableConcept"))


@pytest.mark.parametrize("resource", [DEVICE, LESION, SCORE, PROVENANCE], ids=lambda resource: resource["resourceType"])
def test_what_we_render_is_sound(resource):
    check(resource)


@pytest.mark.parametrize("kind", [None, 7, "NopeType", "Evidently\x00Not", ["Observation"], "Coding"])
def test_a_resource_of_no_known_type_never_leaves(kind):
    with pytest.raises(RenderError):
        check({**SCORE, "resourceType": kind})


def test_a_bottomless_resource_never_leaves():
    extension = {"url": "urn:x", "valueString": "x"}
    for _ in range(2000):
        extension = {"url": "urn:x", "extension": [extension]}
    with pytest.raises(RenderError):
        check({**SCORE, "extension": [extension]})


def test_a_complaint_names_the_place_and_never_the_value():
    with pytest.raises(RenderError) as refused:
        check({**SCORE, "issued": "DOE^JANE", "DOE^JANE": "DOE^JANE"})
    assert "DOE" not in str(refused.value)
    assert "Observation.issued" in str(refused.value) or "Observation.?" in str(refused.value)


def test_two_resources_of_one_id_are_never_sent_together():
    with pytest.raises(RenderError, match="share"):
        check_publication([LESION, LESION])


def test_resources_of_different_types_may_share_an_id():
    check_publication([DEVICE, {**PROVENANCE, "id": DEVICE["id"]}])


def test_a_bundle_that_names_one_address_twice_never_leaves():
    with pytest.raises(RenderError, match="bdl-7"):
        check(searchset("http://localhost/fhir", [LESION, LESION], 2, {}))


def test_a_bundle_is_as_sound_as_what_it_holds():
    with pytest.raises(RenderError, match=r"entry\[0\]"):
        check(searchset("http://localhost/fhir", [without(SCORE, "valueCodeableConcept")], 1, {}))


def test_a_bundle_entry_may_hold_no_resource():
    check({"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "200"}}]})
