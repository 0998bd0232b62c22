import pytest

from adapter.fhir.check import check
from adapter.fhir.code_systems import code_system, code_systems
from adapter.fhir.profiles import profiles
from adapter.fhir.terminology import SITES, TRACERS, Code
from adapter.fhir.vocabulary import GRADE_DEFINITIONS, grade_code, group_code, reason_code, term
from adapter.scoring.netpet import GROUPS
from adapter.scoring.reasons import Reason
from adapter.scoring.tracers import TRACERS as TRACERS_OF_THE_CORE

ROOT = "urn:oid:2.25.54930188285360043366174129075465106905"


def codes(name):
    return {concept["code"]: concept for concept in code_system(name)["concept"]}


def test_each_code_system_has_its_place_under_the_projects_own_root():
    assert [one["url"] for one in code_systems()] == [f"{ROOT}.{branch}" for branch in (1, 2, 3, 4)]


@pytest.mark.parametrize("resource", [*code_systems(), *profiles()], ids=lambda resource: resource["id"])
def test_what_defines_our_codes_and_profiles_is_sound(resource):
    check(resource)


def test_every_reason_of_the_core_is_defined_and_no_other():
    assert set(codes("reasons")) == {reason.value for reason in Reason}


def test_every_group_of_the_core_is_defined_and_no_other():
    assert set(codes("groups")) == set(GROUPS)


def test_every_grade_that_the_core_can_give_is_defined():
    assert set(codes("grades")) == {"P0", "P1", "P5"} | {
        f"P{base}{suffix}" for base in "234" for suffix in ("", "a", "b")
    }


def test_a_grade_carries_its_place_on_the_scale():
    ordinals = {code: concept["property"][0]["valueInteger"] for code, concept in codes("grades").items()}

    assert ordinals == {grade: int(grade[1]) for grade in GRADE_DEFINITIONS}


def test_every_definition_is_one_sentence():
    definitions = [concept["definition"] for one in code_systems() for concept in one["concept"]]

    assert [text for text in definitions if not text.endswith(".") or "\n" in text] == []


def test_a_reason_is_shown_in_words():
    assert reason_code("p0-with-known-disease").display == "P0 with known disease"


@pytest.mark.parametrize("lookup", [term, grade_code, group_code, reason_code])
def test_a_code_that_is_not_defined_is_never_sent(lookup):
    with pytest.raises(KeyError):
        lookup("P6")


def test_every_tracer_with_a_code_is_one_that_the_core_knows():
    assert set(TRACERS) <= set(TRACERS_OF_THE_CORE)


def test_every_tracer_code_of_ours_is_defined():
    ours = [code.code for code in TRACERS.values() if code.system == f"{ROOT}.1"]

    assert set(ours) <= set(codes("terms"))


def test_a_code_without_words_has_no_display():
    assert Code("urn:x", "1").coding == {"system": "urn:x", "code": "1"}


def test_every_site_has_words():
    assert all(SITES.values())
