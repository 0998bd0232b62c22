"""The schema that stands for fhir.resources at run time: made from it, and never more lenient with what we render."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import fhir_schema
import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir_scores import RENDERING, every_kind_of_score, score
from hypothesis import given
from hypothesis import strategies as st
from published_patients import SITE, FakeDestination, FakeStore
from pydantic import ValidationError
from test_fhir_properties import GIVEN, renderings, scores

from adapter.fhir.bundle import render_publication
from adapter.fhir.check import check
from adapter.fhir.resource import RenderError
from adapter.mapping.catalogue import MappingSet
from adapter.publication import Claim, bring_up_to_date
from adapter.reading import KeptMessage, read
from adapter.scoring.report import KeptReport, Source

TREE = Path(__file__).parents[2]
RECEIVED = datetime(2027, 6, 1, tzinfo=UTC)
"""Long after each report of the fixtures: nothing waits any more."""

SCORES = every_kind_of_score()
DEVICE, LESION, SCORE, PROVENANCE = render_publication(score(), RENDERING)


def build(resource):
    """What fhir.resources makes of a resource; raises ValidationError."""
    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def fixture_patients():
    """The reports of all fixtures and of the demonstration, a list a patient of each folder."""
    found = defaultdict(list)
    mappings = MappingSet.load(TREE / "mappings")
    for number, file in enumerate(sorted((TREE / "fixtures").rglob("*.hl7"))):
        raw = file.read_bytes()
        kept = KeptMessage(str(number), number, "mllp", "hl7v2", raw, RECEIVED, "C1", "P", "patient", "ab" * 32)
        reading = read(kept, mappings)
        source = Source(kept.id, "C1", kept.sha256, RECEIVED, "canonical", "1", "cd" * 32)
        for report in getattr(reading, "reports", ()):
            found[file.parent, report.patient.key].append(KeptReport(report, source, number))
    return found.values()


async def published(reports):
    destination = FakeDestination()
    claim = Claim(reports[0].report.patient.key, 1)
    await bring_up_to_date(claim, FakeStore(*reports), destination, SITE, RECEIVED)
    return destination.held.values()


def test_the_schema_is_the_one_that_its_sources_give():
    assert fhir_schema.written() == fhir_schema.FILE.read_text(encoding="utf-8"), "run: python tests/fhir_schema.py"


def test_no_object_of_the_schema_takes_an_element_that_it_does_not_name():
    definitions = json.loads(fhir_schema.FILE.read_text(encoding="utf-8"))["definitions"]
    objects = [name for name, one in definitions.items() if one.get("type") == "object"]

    assert objects
    assert [name for name in objects if definitions[name].get("additionalProperties") is not False] == []


@pytest.mark.parametrize("name", SCORES)
def test_each_kind_of_score_passes_both_checks(name):
    for resource in render_publication(SCORES[name], RENDERING):
        build(resource)


async def test_what_every_fixture_comes_to_passes_both_checks():
    resources = [resource for reports in fixture_patients() for resource in await published(reports)]

    assert {one["resourceType"] for one in resources} == {"Device", "Observation", "Provenance"}
    for resource in resources:
        check(resource)
        build(resource)


@GIVEN
@given(scores(), renderings)
def test_what_the_schema_lets_pass_of_our_renderings_fhir_resources_lets_pass_too(any_score, rendering):
    for resource in render_publication(any_score, rendering):
        build(resource)


PLANTED = {
    "a status that R4 does not have": {"status": "done"},
    "a status in a list": {"status": ["final"]},
    "no status": {"status": None},
    "an element of our own making": {"grade": "P2a"},
    "an element of another resource": {"deviceName": [{"name": "x", "type": "model-name"}]},
    "one subject too many": {"subject": [SCORE["subject"], SCORE["subject"]]},
    "a list that is none": {"category": SCORE["category"][0]},
    "an empty list": {"component": []},
    "a day that no calendar has": {"effectivePeriod": None, "effectiveDateTime": "2026-02-30"},
    "a month that no calendar has": {"effectivePeriod": None, "effectiveDateTime": "2026-13"},
    "a dateTime as another country writes it": {"effectivePeriod": None, "effectiveDateTime": "12.11.2026"},
    "a time at which no clock stands": {"issued": "2026-11-12T24:61:00Z"},
    "two times": {"effectiveDateTime": "2026-11-12"},
    "a code of two words": {"language": " de"},
    "a number in place of text": {"note": [{"text": 7}]},
    "text in place of a number": {"component": [{"code": {"text": "x"}, "valueInteger": "1"}]},
    "a comparator that R4 does not have": {
        "component": [{"code": {"text": "x"}, "valueQuantity": {"comparator": "~", "value": 1}}]
    },
    "an unknown element deep inside": {"code": {"coding": [{"system": "urn:x", "code": "y", "colour": "z"}]}},
    "half of a surrogate pair": {"note": [{"text": "\ud800"}]},
    "a key that is no text": {7: "x"},
}


@pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_refused(change):
    faulty = {name: value for name, value in {**SCORE, **change}.items() if value is not None}

    with pytest.raises(RenderError):
        check(faulty)


@pytest.mark.parametrize(
    ("resource", "name"),
    [(SCORE, "code"), (SCORE, "status"), (PROVENANCE, "target"), (PROVENANCE, "agent"), (PROVENANCE, "recorded")],
    ids=["Observation.code", "Observation.status", "Provenance.target", "Provenance.agent", "Provenance.recorded"],
)
def test_a_resource_without_what_r4_requires_is_refused(resource, name):
    without = {key: value for key, value in resource.items() if key != name}

    with pytest.raises(RenderError, match=r"required"):
        check(without)


def _cut(resource, path):
    """The resource without what stands at a path: itself untouched."""
    name, *rest = path
    inner = _cut(resource[name], rest) if rest else None
    if isinstance(resource, list):
        return [*resource[:name], *([inner] if rest else []), *resource[name + 1 :]]
    return {key: inner if key == name else value for key, value in resource.items() if key != name or rest}


def _paths(value, path=()):
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, name)
        if isinstance(inner, dict | list):
            yield from _paths(inner, (*path, name))


@pytest.mark.parametrize("resource", [DEVICE, LESION, SCORE, PROVENANCE], ids=lambda one: one["id"])
def test_wherever_something_is_cut_out_the_schema_is_no_more_lenient_than_fhir_resources(resource):
    for path in _paths(resource):
        cut = _cut(resource, path)
        if passes(check, cut):
            assert passes(build, cut), path


@GIVEN
@given(st.data())
def test_wherever_something_else_is_put_the_schema_is_no_more_lenient_than_fhir_resources(data):
    resource = data.draw(st.sampled_from([DEVICE, LESION, SCORE, PROVENANCE]))
    path = data.draw(st.sampled_from(list(_paths(resource))))
    put = data.draw(st.sampled_from(["", " ", "x", "2026-02-30", 7, -1, True, None, [], {}, ["x"], {"x": "y"}, [{}]]))

    changed = _put(resource, path, put)

    if passes(check, changed):
        assert passes(build, changed), path


def _put(resource, path, put):
    name, *rest = path
    inner = _put(resource[name], rest, put) if rest else put
    if isinstance(resource, list):
        return [*resource[:name], inner, *resource[name + 1 :]]
    return resource | {name: inner}


def passes(judge, resource):
    try:
        judge(resource)
    except (RenderError, ValidationError, KeyError):
        return False
    return True
