"""What we publish about our resources: sound, complete, and true of what the program makes."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "conformance"))

from examples import CASES, EXAMPLES, example  # noqa: E402 - the folder is no package

from adapter.fhir.check import check  # noqa: E402
from adapter.fhir.code_systems import code_systems  # noqa: E402
from adapter.fhir.identity import OID_ROOT  # noqa: E402
from adapter.fhir.json_text import from_json  # noqa: E402
from adapter.fhir.profiles import profiles, value_sets  # noqa: E402
from adapter.fhir.terminology import LESION_PROFILE, PROVENANCE_PROFILE, SCORE_PROFILE, SUMMARY_REPORT_PROFILE  # noqa: E402
from adapter.fhir.vocabulary import GRADE_DEFINITIONS  # noqa: E402
from adapter.scoring.result import Outcome  # noqa: E402

HELD = {name: from_json((EXAMPLES / f"Bundle-netpet-{name}.json").read_bytes()) for name in CASES}


def score_of(name):
    found = [entry["resource"] for entry in HELD[name]["entry"]]
    return next(
        one
        for one in found
        if one["resourceType"] == "Observation" and one["code"]["coding"][0]["code"] == "netpet-score"
    )


def test_every_profile_that_a_resource_of_ours_claims_is_published_under_that_address():
    assert [one["url"] for one in profiles()] == [
        SCORE_PROFILE, LESION_PROFILE, SUMMARY_REPORT_PROFILE, PROVENANCE_PROFILE
    ]  # fmt: skip


def test_value_sets_have_addresses_of_their_own():
    assert [one["url"] for one in value_sets()] == [f"urn:oid:{OID_ROOT}.{branch}" for branch in (30, 31, 32, 33)]


def test_a_value_set_names_only_code_systems_that_we_publish():
    published = {one["url"] for one in code_systems()}

    assert {part["system"] for one in value_sets() for part in one["compose"]["include"]} <= published


def test_the_outcomes_are_those_of_the_core():
    (outcomes,) = [one for one in value_sets() if one["id"] == "netpet-outcomes"]
    (included,) = outcomes["compose"]["include"]

    assert {concept["code"] for concept in included["concept"]} == {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("resource", [*profiles(), *value_sets()], ids=lambda resource: resource["id"])
def test_what_we_publish_is_of_one_version_and_active(resource):
    assert (resource["version"], resource["status"], resource["experimental"]) == ("1.0.0", "active", False)


def test_the_rules_of_the_score_are_in_its_profile():
    (score,) = [one for one in profiles() if one["url"] == SCORE_PROFILE]
    elements = {element["id"]: element for element in score["differential"]["element"]}

    assert [rule["key"] for rule in elements["Observation"]["constraint"]] == [
        "netpet-1", "netpet-3", "netpet-4", "netpet-5"
    ]  # fmt: skip
    assert elements["Observation.value[x]"]["binding"]["valueSet"] == f"urn:oid:{OID_ROOT}.30"
    for required in ("identifier", "basedOn", "subject", "method", "device", "component", "extension"):
        assert elements[f"Observation.{required}"]["min"] == 1


@pytest.mark.parametrize("name", CASES)
def test_an_example_is_what_the_program_makes_of_its_fixture(name):
    assert HELD[name] == example(name), "python conformance/examples.py writes them anew"


@pytest.mark.parametrize("name", CASES)
def test_an_example_is_sound(name):
    check(HELD[name])


@pytest.mark.parametrize(
    ("name", "grade", "status"),
    [
        ("p0", "P0", "preliminary"),
        ("p2b", "P2b", "preliminary"),
        ("p5", "P5", "preliminary"),
        ("not-scorable", None, "preliminary"),
        ("corrected", "P4a", "corrected"),
        ("retracted", None, "entered-in-error"),
    ],
)
def test_the_examples_show_each_kind_of_score(name, grade, status):
    score = score_of(name)

    assert score["status"] == status
    assert score.get("valueCodeableConcept", {}).get("text") == grade
    assert grade is None or grade in GRADE_DEFINITIONS
