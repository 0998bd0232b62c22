"""What the values of Observations and components say of a report and its lesions, and what holds it."""

from decimal import Decimal

import pytest
from fhir_bodies import (
    CANONICAL,
    DCM,
    LN,
    OURS,
    POSITIVE,
    SCT,
    UPTAKE,
    coded,
    component,
    concept,
    held,
    lesion,
    observation,
    quantity,
    read_report,
    row,
    sent,
    site,
    text,
    tracer,
)

from adapter.scoring.lesion import Count, Interval, Nature, Uptake
from adapter.scoring.report import ReportStatus

SUV = "126401"


def suv(value):
    return component(SUV, value, DCM)


def number(value, **more):
    return quantity(value, "1", **more)


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


@pytest.mark.parametrize(
    ("part", "problem", "place"),
    [
        (component("uptake", coded("1")), "code-unknown", ".valueCodeableConcept"),
        (component("uptakes", POSITIVE), "code-unknown", ".code"),
        ({"code": concept("uptake", OURS, ("krenning", OURS))} | POSITIVE, "value-conflict", ".code"),
        (component("uptake", POSITIVE | text("positive")), "value-conflict", ""),
        (component("uptake", POSITIVE | {"dataAbsentReason": {"text": "x"}}), "value-conflict", ".dataAbsentReason"),
        (
            component("uptake", POSITIVE | {"modifierExtension": [{"url": "x"}]}),
            "resource-invalid",
            ".modifierExtension",
        ),
        (component("123001", coded("724025002"), DCM), "value-conflict", ".valueCodeableConcept"),
    ],
)
def test_a_doubtful_component_holds_the_report(part, problem, place):
    assert held(sent(tracer(), lesion("l1", part))) == (problem, f"Bundle.entry[3].resource.component[0]{place}")


def test_a_fact_of_the_report_in_a_lesion_is_taken_and_noted():
    found = read_report(sent(tracer(), lesion("l1", UPTAKE, component("extent", text("metastatic")))))

    assert found.study.extent == "metastatic"
    assert "report-level fact in a lesion Bundle.entry[3].resource.component[1]" in found.notes


def test_a_fact_of_a_lesion_that_belongs_to_none_holds_the_report():
    loose = observation("o", concept("uptake"), POSITIVE)

    assert held(sent(tracer(), loose)) == ("field-missing", "Bundle.entry[3].resource")


def test_an_observation_with_a_focus_is_not_of_the_whole():
    focused = tracer(focus=[{"reference": "Observation/x"}])

    assert held(sent(focused)) == ("value-unreadable", "Bundle.entry[2].resource.focus")


def test_two_values_for_one_fact_hold_the_report():
    other = component("uptake", coded("260385009"))

    assert held(sent(tracer(), lesion("l1", UPTAKE, other)))[0] == "value-conflict"


def test_prose_and_what_no_rule_reads_is_listed():
    prose = observation("o", concept("59776-5", LN), text("Multiple lesions."))
    other = observation("w", concept("29463-7", LN), quantity(70, "kg"))
    panel = observation("p", concept("85353-1", LN), None, component=[component("8867-4", number(60), LN)])
    bare = observation("b", concept("1-1", LN))
    found = read_report(sent(tracer(), prose, other, panel, bare, conclusion="See table."))

    assert set(found.notes) == {
        "narrative Bundle.entry[3].resource",
        "unused Bundle.entry[4].resource",
        "unused Bundle.entry[5].resource.component[0]",
        "unused Bundle.entry[6].resource",
        "narrative Bundle.entry[0].resource.conclusion",
    }


def test_what_no_rule_reads_may_hold_the_report():
    mapping = site(CANONICAL.replace("unused_obx: flag", "unused_obx: hold"))
    other = observation("w", concept("29463-7", LN), quantity(70, "kg"))

    assert held(sent(tracer(), other), mapping) == ("code-unknown", "Bundle.entry[3].resource.code")


def test_a_type_of_value_may_be_prose():
    mapping = site(CANONICAL.replace("types: []", "types: [string]"))
    found = read_report(sent(tracer(), observation("w", concept("x", "urn:y"), text("z"))), mapping)

    assert found.notes == ("narrative Bundle.entry[3].resource",)


def test_a_lesion_of_which_nothing_is_said_is_a_lesion():
    found = row()

    assert (found.row, found.finding.uptake, found.nature) == ("l1", Uptake.UNKNOWN, Nature.TUMOUR)


def test_a_value_of_a_lesion_itself_that_no_rule_reads_is_listed():
    found = read_report(sent(tracer(), lesion("l1", UPTAKE) | text("large")))

    assert len(found.rows) == 1
    assert "unused Bundle.entry[3].resource" in found.notes


def test_a_count_is_a_number_a_range_or_a_word():
    assert row(component("lesion-count", {"valueInteger": 3})).count == Count(3, 3)
    assert row(component("lesion-count", number(3, comparator=">="))).count == Count(3, None)
    assert row(component("lesion-count", text("innumerable"))).count == Count(3, None)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_retracted_lesion_is_none(status):
    found = read_report(sent(tracer(), lesion("l1", UPTAKE), lesion("l2", UPTAKE, status=status)))

    assert [one.row for one in found.rows] == ["l1"]
    assert "retracted Bundle.entry[4].resource.component[0]" in found.notes


def test_with_a_lesion_its_members_are_retracted():
    member = observation("m", concept("uptake"), POSITIVE)
    root = lesion("l1", status="entered-in-error", hasMember=[{"reference": "Observation/m"}])
    found = read_report(sent(tracer(), root, others=(member,)))

    assert found.rows == ()
    assert "retracted Bundle.entry[4].resource" in found.notes


def test_a_retracted_member_takes_back_its_fact_alone():
    member = observation("m", concept("uptake"), POSITIVE, status="cancelled")
    found = read_report(
        sent(tracer(), lesion("l1", suv(quantity("4")), hasMember=[{"reference": "Observation/m"}]), others=(member,))
    )

    assert (found.rows[0].finding.uptake, found.rows[0].finding.suv is None) == (Uptake.UNKNOWN, False)


def test_a_report_whose_every_observation_is_retracted_no_longer_stands():
    found = read_report(sent(tracer(status="entered-in-error")))

    assert (found.study.status, found.study.tracer) == (ReportStatus.ENTERED_IN_ERROR, "18F-FDG")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("registered", ReportStatus.PRELIMINARY),
        ("preliminary", ReportStatus.PRELIMINARY),
        ("final", ReportStatus.FINAL),
        ("amended", ReportStatus.CORRECTED),
        ("corrected", ReportStatus.CORRECTED),
    ],
)
def test_a_report_is_as_final_as_its_observations(status, expected):
    assert read_report(sent(tracer(status=status))).study.status is expected
    assert read_report(sent(tracer(), lesion("l1", status=status))).study.status is expected


@pytest.mark.parametrize(
    ("status", "problem"), [("unknown", "status-unknown"), ("done", "status-unknown"), (None, "field-missing")]
)
def test_an_observation_that_does_not_say_how_it_stands_holds_the_report(status, problem):
    assert held(sent(tracer(status=status))) == (problem, "Bundle.entry[2].resource.status")


def test_an_observation_that_was_sent_beside_the_report_and_states_a_fact_holds_it():
    for other in (lesion("l1", UPTAKE), lesion("l1"), observation("o", concept("new-code"), text("x"))):
        assert held(sent(tracer(), others=(other,)))[0] == "value-conflict"


def test_one_that_states_none_or_was_retracted_is_noted_or_passed():
    other = observation("w", concept("29463-7", LN), quantity(70, "kg"))
    gone = lesion("l9", UPTAKE, status="entered-in-error")
    found = read_report(sent(tracer(), others=(other, gone)))

    assert found.notes == ("not referenced by the report Bundle.entry[3].resource",)


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1"},
        {"reference": "http://fhir.hosp.example/r4/Patient/p1"},
        {"reference": "Patient/p1/_history/4"},
        {"identifier": {"system": "http://hosp.example/identifiers", "value": "123456"}},
        {"reference": "Patient/p2"},
    ],
)
def test_an_observation_is_about_the_reports_patient(subject):
    same = {
        "resourceType": "Patient",
        "id": "p2",
        "identifier": [{"system": "http://hosp.example/identifiers", "value": "123456"}],
    }

    assert read_report(sent(tracer(subject=subject), others=(same,))).study.tracer == "18F-FDG"


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p3"},
        {"reference": "Patient/elsewhere"},
        {"identifier": {"system": "http://hosp.example/identifiers", "value": "999"}},
        {"display": "DOE, JANE"},
    ],
)
def test_an_observation_about_another_patient_stops_the_report(subject):
    other = {
        "resourceType": "Patient",
        "id": "p3",
        "identifier": [{"system": "http://hosp.example/identifiers", "value": "999"}],
    }

    assert held(sent(tracer(subject=subject), others=(other,))) == (
        "patient-mismatch",
        "Bundle.entry[2].resource.subject",
    )


def test_equal_names_that_are_contained_in_two_places_are_two_patients():
    inner = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "999"}]}
    alone = tracer(subject={"reference": "#p"}, contained=[inner])
    mine = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "123456"}]}

    assert held(sent(alone, subject={"reference": "#p"}, contained=[mine]))[0] == "patient-mismatch"


def test_rules_that_are_not_known_hold_the_report():
    assert held(sent(tracer(implicitRules="urn:x"))) == ("resource-invalid", "Bundle.entry[2].resource.implicitRules")
    assert held(sent(tracer(), modifierExtension=[{"url": "x"}])) == (
        "resource-invalid",
        "Bundle.entry[0].resource.modifierExtension",
    )


def test_a_score_of_this_program_in_the_report_is_none_of_its_findings():
    score = observation("s", concept("netpet-score"), coded("P2a", "urn:grades"))
    rendered = lesion(
        "ours", UPTAKE, identifier=[{"system": "urn:oid:2.25.54930188285360043366174129075465106905.21", "value": "x"}]
    )
    found = read_report(sent(tracer(), score, rendered, lesion("l1", UPTAKE)))

    assert [one.row for one in found.rows] == ["l1"]
    assert set(found.notes) == {"unused Bundle.entry[3].resource", "unused Bundle.entry[4].resource"}
