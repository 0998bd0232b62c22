"""What the values of Observations and components say of a report and its lesions, and what holds it."""

import pytest
from fhir_bodies import (
    CANONICAL,
    DCM,
    LN,
    OURS,
    POSITIVE,
    UPTAKE,
    coded,
    component,
    concept,
    held,
    lesion,
    number,
    observation,
    quantity,
    read_report,
    row,
    sent,
    site,
    text,
    tracer,
)

from adapter.scoring.lesion import Nature, Uptake


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
