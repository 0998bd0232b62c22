from dataclasses import replace
from decimal import Decimal

import pytest
from fhir_scores import RENDERING, component, report, score

from adapter.fhir.observation import render_score
from adapter.scoring.report import TracerKind
from adapter.scoring.result import Policy


def rendered(**facts):
    return render_score(score(**facts), RENDERING)


def value(resource, code):
    """The values of the components with this code, whatever their type."""
    return [next(one[name] for name in one if name != "code") for one in component(resource, code)]


def code_of(concept):
    return concept["coding"][0]["code"]


def test_the_base_grade_is_a_number_and_the_suffix_stands_beside_it():
    observation = rendered(grade="P4b")

    assert (value(observation, "base-grade"), value(observation, "suffix")) == ([4], ["b"])


def test_a_grade_without_suffix_has_none():
    assert value(rendered(grade="P2"), "suffix") == []


def test_no_grade_has_no_base_grade():
    assert value(rendered(grade=None), "base-grade") == []


@pytest.mark.parametrize(
    ("count", "component_value"),
    [
        ((3, 3), 3),
        ((3, None), {"low": {"value": 3, "unit": "lesions", "system": "http://unitsofmeasure.org", "code": "1"}}),
    ],
)
def test_the_lesions_of_the_grade_are_counted_as_far_as_they_are_known(count, component_value):
    assert value(rendered(lesions_at_grade=count), "lesions-at-grade") == [component_value]


def test_the_bounds_say_how_far_the_grade_is_open():
    assert value(rendered(bounds=(1, 4)), "bounds") == [{"low": {"value": 1}, "high": {"value": 4}}]


def test_the_interval_between_the_scans_is_in_days():
    assert [(one["value"], one["code"]) for one in value(rendered(interval_days=7), "scan-interval")] == [(7, "d")]


def test_what_is_not_known_has_no_component():
    observation = rendered(
        interval_days=None, bounds=None, lesions_at_grade=None, karfis=None, zidan=None, target_lesions=()
    )
    absent = ["scan-interval", "bounds", "lesions-at-grade", "karfis", "zidan", "target-lesion", "reader-grade"]

    assert [code for code in absent if component(observation, code)] == []


def test_each_reason_is_a_component_of_its_own():
    reasons = ("interval-extended", "p3-boundary")

    assert [code_of(one) for one in value(rendered(reasons=reasons), "reason")] == list(reasons)


@pytest.mark.parametrize("needed", [True, False])
def test_whether_a_person_has_to_look_is_always_said(needed):
    assert value(rendered(review_required=needed), "review-required") == [needed]


def test_the_companion_scales_stand_beside_the_grade():
    observation = rendered(karfis="C3", zidan=4)

    assert (code_of(value(observation, "karfis")[0]), value(observation, "zidan")) == ("karfis-c3", [4])


def test_the_policy_travels_with_the_score():
    policy = Policy(Decimal("0.10"), 28, 45, ("liver",))
    observation = rendered(policy=policy)
    quantities = [
        value(observation, code)[0]["value"] for code in ("equality-tolerance", "interval-days", "interval-limit-days")
    ]

    assert [str(one) for one in quantities] == ["0.10", "28", "45"]
    assert value(observation, "positivity-basis") == ["the reader's call", "liver"]


def test_the_algorithm_travels_with_the_score():
    observation = rendered(algorithm="netpet", algorithm_version="1.2.3")

    assert value(observation, "algorithm") + value(observation, "algorithm-version") == ["netpet", "1.2.3"]


def test_a_readers_grade_is_coded():
    assert code_of(value(rendered(reader_grade="P3a"), "reader-grade")[0]) == "P3a"


def test_a_readers_grade_that_is_none_of_the_scale_stays_in_words():
    assert value(rendered(reader_grade="P7?"), "reader-grade") == [{"text": "P7?"}]


def test_an_override_of_a_score_without_grade_says_that_the_computed_one_is_unknown():
    computed = score(grade=None, group=None).result
    observation = render_score(replace(score(grade="P3a"), computed=computed), RENDERING)

    found = [component(observation, code) for code in ("computed-grade", "computed-group")]
    assert [[code_of(one["dataAbsentReason"]) for one in each] for each in found] == [["unknown"], ["unknown"]]


def test_the_lesions_that_set_the_grade_are_named():
    assert value(rendered(target_lesions=("L1", "\x00", "L2")), "target-lesion") == ["L1", "L2"]


def tracer(name):
    sstr = report(TracerKind.SSTR, tracer=name)
    return component(render_score(score(sstr=sstr), RENDERING), "sstr-tracer")[0]


def test_a_tracer_with_a_verified_code_is_coded():
    assert code_of(tracer("68Ga-DOTATATE")["valueCodeableConcept"]) == "724025002"


def test_a_tracer_without_one_stays_in_words():
    assert tracer("64Cu-SARTATE")["valueCodeableConcept"] == {"text": "64Cu-SARTATE"}


def test_a_tracer_that_is_not_named_is_said_to_be_unknown():
    assert code_of(tracer(None)["dataAbsentReason"]) == "unknown"
