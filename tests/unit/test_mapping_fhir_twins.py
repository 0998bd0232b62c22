"""A report says the same by FHIR as by HL7 v2: the same facts, the same score, and no Observation passes unseen."""

from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest
from fhir_bodies import canonical_fhir, essence, read
from fhir_twins import EXPECTED, FIXTURES, KEPT, fixture_of, twin
from mapping_messages import MAPPINGS

from adapter.fhir.json_text import from_json, to_json
from adapter.mapping.cases_reading import InputReading, read_input, scores_of
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.message_reading import Extraction
from adapter.mapping.site_mapping import site_mapping
from adapter.outcome import Held, Ignored, Problem, Refused
from adapter.scoring.result import Policy

FILES = {
    file: state
    for case in EXPECTED.values()
    for file, state in zip(case["files"], case["message_states"], strict=True)
    if state in ("read", "held", "ignored")
}
KINDS = {"read": Extraction, "held": Held, "ignored": Ignored}
TWINS = [file for name in KEPT for file in EXPECTED[name]["files"]]


@cache
def v2() -> MappingSet:
    return MappingSet((site_mapping((MAPPINGS / "canonical.yaml").read_bytes(), "canonical.yaml"),))


def by_v2(file: str) -> InputReading:
    return read_input((FIXTURES / file).read_bytes(), v2())


def by_fhir(body: bytes) -> InputReading:
    return read_input(body, canonical_fhir())


@pytest.mark.parametrize("file", FILES)
def test_a_report_says_by_fhir_what_it_says_by_v2(file):
    one, other = by_v2(file), by_fhir(twin(file))

    assert isinstance(other.reading, KINDS[FILES[file]]), other.reading
    assert sorted(map(essence, one.reports)) == sorted(map(essence, other.reports))
    if isinstance(one.reading, Held) and isinstance(other.reading, Held):
        assert other.reading.problem in (one.reading.problem, Problem.STATUS_UNKNOWN, Problem.FIELD_MISSING)


@pytest.mark.parametrize("name", KEPT)
def test_a_pair_scores_by_fhir_as_by_v2_and_mixed(name):
    files = EXPECTED[name]["files"]
    v2_first = [by_v2(file) if index == 0 else by_fhir(twin(file)) for index, file in enumerate(files)]
    expected = results(by_v2(file) for file in files)

    assert results(by_fhir(fixture_of(file).read_bytes()) for file in files) == expected
    assert results(v2_first) == expected


def results(inputs):
    """The scores that stand after all inputs, by their ids, without the row keys that name unnamed lesions."""
    found = scores_of(inputs, Policy())
    return {score.id: replace(score.result, patterns={}, target_lesions=(), explanation="") for score in found}


@pytest.mark.parametrize("file", TWINS)
def test_the_twins_among_the_fixtures_are_those_of_today(file):
    assert fixture_of(file).read_bytes() == twin(file)


def parts(body):
    """Each Observation and each component of a body, as the list that holds it and its place there."""
    entries = body.get("entry", [])
    resources = [entry["resource"] for entry in entries] if entries else body["contained"]
    for index, resource in enumerate(resources):
        if resource["resourceType"] == "Observation":
            yield (entries or resources), index
            for number in range(len(resource.get("component", ()))):
                yield resource["component"], number


def count(file):
    return len(list(parts(from_json(fixture_of(file).read_bytes()))))


READ = [file for file in TWINS if FILES.get(file) == "read"]


@pytest.mark.slow
@pytest.mark.parametrize("file", READ)
def test_an_observation_or_component_that_is_dropped_is_missed_unless_it_was_named_as_saying_nothing(file):
    body = from_json(fixture_of(file).read_bytes())
    whole = by_fhir(to_json(body))
    notes = " ".join(whole.notes)
    for number in range(count(file)):
        less = deepcopy(body)
        holder, place = list(parts(less))[number]
        dropped = holder.pop(place)
        rest = by_fhir(to_json(less))
        if list(map(essence, rest.reports)) == list(map(essence, whole.reports)):
            assert is_default(dropped) or any(
                word in notes for word in ("no value", "retracted", "unused", "narrative")
            )


@pytest.mark.slow
@pytest.mark.parametrize("file", READ)
def test_a_component_that_stands_twice_changes_nothing_and_is_noted(file):
    body = from_json(fixture_of(file).read_bytes())
    whole = by_fhir(to_json(body))
    for number in range(count(file)):
        more = deepcopy(body)
        holder, place = list(parts(more))[number]
        if "resource" in holder[place] or "resourceType" in holder[place]:
            continue
        holder.insert(place, deepcopy(holder[place]))
        doubled = by_fhir(to_json(more))
        assert list(map(essence, doubled.reports)) == list(map(essence, whole.reports))
        assert doubled != whole


def is_default(part):
    """``nature`` tumour, ``in-field`` yes: what the canonical form means where it says nothing."""
    codes = {coding.get("code") for coding in part.get("code", {}).get("coding", ())}
    return bool(codes & {"nature", "in-field"})


def test_what_is_said_of_a_body_is_said_to_the_mapping_that_read_it():
    found = read(fixture_of("oru_r01/vector_p2a_one_lesion/1_sstr.hl7").read_bytes())

    assert isinstance(found, Extraction)
    assert (found.mapping_id, found.mapping_version) == ("canonical_fhir", "1.0.0")
    assert found.mapping_sha256 == canonical_fhir().mappings[0].sha256


def test_a_body_that_may_not_be_taken_is_refused():
    found = by_fhir(b"{}").reading

    assert isinstance(found, Refused)
    assert found.problem is Problem.MESSAGE_TYPE
