"""An SUV, a size, a yes or no, a concept, a count: each is read from every kind of value that can state it."""

from decimal import Decimal

import pytest
from fhir_bodies import (
    OURS,
    POSITIVE,
    SCT,
    UPTAKE,
    coded,
    component,
    concept,
    held,
    lesion,
    number,
    quantity,
    read_report,
    row,
    sent,
    suv,
    text,
    tracer,
)

from adapter.scoring.lesion import Count, Interval, Uptake


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (quantity("4.10"), Interval.exactly(Decimal("4.10"))),
        (quantity(4), Interval.exactly(Decimal(4))),
        (quantity("2.5", comparator="<"), Interval.below(Decimal("2.5"))),
        (quantity("2.5", comparator=">="), Interval.above(Decimal("2.5"), inclusive=True)),
        ({"valueRange": {"low": {"value": 4}, "high": {"value": 9}}}, Interval(Decimal(4), Decimal(9))),
        ({"valueRange": {"low": {"value": 4, "unit": "g/mL"}}}, Interval(Decimal(4), None)),
        ({"valueRange": {"high": {"value": 4}}}, Interval(None, Decimal(4))),
        ({"valueInteger": 4}, Interval.exactly(Decimal(4))),
        (text("4-9"), Interval(Decimal(4), Decimal(9))),
        (text(" NaN "), Interval(None, None)),
        ({"dataAbsentReason": {"coding": [{"code": "not-a-number"}]}}, Interval(None, None)),
    ],
)
def test_an_suv_is_a_number_a_range_or_a_comparison(value, expected):
    assert row(UPTAKE, suv(value)).finding.suv.value == expected


@pytest.mark.parametrize(
    "value",
    [
        {"dataAbsentReason": {"coding": [{"code": "unknown"}]}},
        {"dataAbsentReason": {"text": "not measured"}},
        {"valueQuantity": {"unit": "g/mL"}},
        {"valueRange": {"low": {"unit": "g/mL"}}},
        {},
    ],
)
def test_what_is_absent_is_unknown_and_listed(value):
    found = read_report(sent(tracer(), lesion("l1", UPTAKE, suv(value))))

    assert found.rows[0].finding.suv is None
    assert "no value Bundle.entry[3].resource.component[1]" in found.notes


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (quantity("4", comparator="ad"), ".valueQuantity.comparator"),
        (quantity("1E+17"), ".valueQuantity.value"),
        (quantity("0." + "1" * 40), ".valueQuantity.value"),
        ({"valueRange": {"low": {"value": 9}, "high": {"value": 4}}}, ".valueRange"),
        ({"valueRange": {"low": {"value": 4, "comparator": "<"}}}, ".valueRange"),
        ({"valueRange": {"low": {"value": 4, "code": "mm"}, "high": {"value": 9}}}, ".valueRange"),
        ({"valueRatio": {"numerator": {"value": 4}, "denominator": {"value": 9}}}, ".valueRatio"),
        ({"valueRatio": {"numerator": {"value": 4}}}, ".valueRatio"),
        ({"valueTime": "10:00:00"}, ".valueTime"),
        ({"valueSampledData": {"data": "E"}}, ".valueSampledData"),
        (text("hot"), ".valueString"),
        (coded("10828004"), ".valueCodeableConcept"),
    ],
)
def test_what_is_no_suv_holds_the_report(value, place):
    problem, at = held(sent(tracer(), lesion("l1", UPTAKE, suv(value))))

    assert (problem, at) == ("value-unreadable", f"Bundle.entry[3].resource.component[1]{place}")


def test_the_number_in_a_ratio_is_a_number():
    value = {"valueRatio": {"numerator": {"value": "4"}, "denominator": {"value": 9}}}

    assert held(sent(tracer(), lesion("l1", suv(value))))[0] == "value-unreadable"


@pytest.mark.parametrize(
    ("value", "is_supported", "note"),
    [
        (quantity("4", "g/ml{SUVbw}"), True, ""),
        (quantity("4", None, unit="g/mL"), True, ""),
        (quantity("4", None), True, "unit missing Bundle.entry[3].resource.component[0].valueQuantity: lesion.suv"),
        (
            quantity("4", "kBq/mL"),
            False,
            "unit not supported Bundle.entry[3].resource.component[0].valueQuantity: lesion.suv",
        ),
        (quantity("4", "kBq/mL", unit="g/mL"), False, ""),
    ],
)
def test_an_suv_has_the_unit_of_its_quantity(value, is_supported, note):
    found = read_report(sent(tracer(), lesion("l1", suv(value))))

    assert found.rows[0].finding.suv.unit_supported is is_supported
    assert note in " ".join(found.notes)


def test_a_size_in_a_foreign_unit_holds_the_report():
    size = component("103339001", quantity("4", "[in_i]"), SCT)

    assert held(sent(tracer(), lesion("l1", size))) == (
        "unit-unsupported",
        "Bundle.entry[3].resource.component[0].valueQuantity",
    )
    assert row(component("103339001", quantity("1.2", "cm"), SCT)).size_mm == Decimal(12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (text("yes"), True),
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        ({"valueCodeableConcept": {"text": " Yes "}}, True),
        ({"valueCodeableConcept": {"coding": [{"display": "no"}]}}, False),
    ],
)
def test_yes_and_no_may_be_words_or_booleans(value, expected):
    assert row(UPTAKE, component("paired", value)).paired is expected


def test_a_concept_may_say_it_in_several_systems():
    value = {"valueCodeableConcept": concept("77", "urn:local", ("10828004", SCT))}

    assert row(component("uptake", value)).finding.uptake is Uptake.POSITIVE


def test_a_code_may_be_known_in_another_system_too():
    both = {"code": concept("77", "urn:local", ("uptake", OURS))} | POSITIVE

    assert row(both).finding.uptake is Uptake.POSITIVE
    assert row({"code": {"text": "remark"}} | text("x"), UPTAKE).finding.uptake is Uptake.POSITIVE


def test_a_concept_that_says_nothing_is_no_value():
    empty = component("uptake", {"valueCodeableConcept": {"coding": [{"system": SCT}]}})

    assert row(empty).finding.uptake is Uptake.UNKNOWN


def test_a_count_is_a_number_a_range_or_a_word():
    assert row(component("lesion-count", {"valueInteger": 3})).count == Count(3, 3)
    assert row(component("lesion-count", number(3, comparator=">="))).count == Count(3, None)
    assert row(component("lesion-count", text("innumerable"))).count == Count(3, None)
