from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fhir_scores import JANE, RENDERING, component, every_kind_of_score, lesion, report, score

from adapter.fhir.bundle import render_publication
from adapter.fhir.observation import DISCLAIMER, render_score
from adapter.fhir.rendering import Confirmation, Rendering
from adapter.fhir.resource import RenderError
from adapter.scoring.lesion import Nature
from adapter.scoring.report import TracerKind
from adapter.scoring.result import Outcome

SCORES = every_kind_of_score()
CONFIRMED = replace(RENDERING, confirmation=Confirmation("Dr Roe", datetime(2026, 11, 21, 8, 0, tzinfo=UTC)))
ROOT = "urn:oid:2.25.54930188285360043366174129075465106905"


def rendered(**facts):
    return render_score(score(**facts), RENDERING)


def value(resource, code):
    """The values of the components with this code, whatever their type."""
    return [next(one[name] for name in one if name != "code") for one in component(resource, code)]


def code_of(concept):
    return concept["coding"][0]["code"]


@pytest.mark.parametrize("name", SCORES)
def test_every_kind_of_score_is_sound(name):
    assert render_publication(SCORES[name], RENDERING)


@pytest.mark.parametrize("grade", ["P0", "P1", "P2a", "P2b", "P2", "P3a", "P4b", "P5"])
def test_a_grade_is_the_value(grade):
    concept = render_score(SCORES[grade], RENDERING)["valueCodeableConcept"]

    assert (concept["coding"][0]["system"], code_of(concept), concept["text"]) == (f"{ROOT}.2", grade, grade)


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("group only", "unknown"),
        ("bounds only", "unknown"),
        ("nothing stated", "unknown"),
        ("unknown tracer", "unknown"),
        ("no FDG study", "not-performed"),
        ("no SSTR study", "not-performed"),
        ("not final", "temp-unknown"),
        ("therapy", "not-applicable"),
    ],
)
def test_a_score_without_a_grade_says_why(name, because):
    observation = render_score(SCORES[name], RENDERING)

    assert code_of(observation["dataAbsentReason"]) == because
    assert "valueCodeableConcept" not in observation


def test_a_score_without_a_grade_may_know_its_group():
    observation = render_score(SCORES["group only"], RENDERING)

    assert code_of(value(observation, "group")[0]) == "P2-4"
    assert "group P2-4" in observation["dataAbsentReason"]["text"]


def test_a_group_that_is_not_settled_is_said_to_be_unknown():
    group = component(render_score(SCORES["bounds only"], RENDERING), "group")[0]

    assert code_of(group["dataAbsentReason"]) == "unknown"


def test_the_score_names_its_profile_and_that_software_asserts_it():
    meta = rendered()["meta"]

    assert (meta["profile"], meta["security"][0]["code"]) == ([f"{ROOT}.10"], "DEVAST")


@pytest.mark.parametrize(
    ("facts", "rendering", "status"),
    [
        ({}, RENDERING, "preliminary"),
        ({}, CONFIRMED, "final"),
        ({}, replace(RENDERING, publish_final=True), "final"),
        ({"corrected": True}, RENDERING, "corrected"),
        ({"corrected": True}, CONFIRMED, "corrected"),
        ({"corrected": True, "retracted": True}, CONFIRMED, "entered-in-error"),
    ],
)
def test_a_score_is_preliminary_until_somebody_stands_for_it(facts, rendering, status):
    assert render_score(score(**facts), rendering)["status"] == status


def test_the_patient_is_named_by_identifier_and_authority():
    subject = rendered()["subject"]
    identifier = subject["identifier"]

    assert (subject["type"], code_of(identifier["type"])) == ("Patient", "MR")
    assert (identifier["system"], identifier["value"]) == ("urn:oid:1.2.276.0.76.3.1.999", "123456")
    assert identifier["assigner"] == {"display": "HOSP"}


def of_patient(**changes):
    patient = replace(JANE, **changes)
    return score(sstr=report(TracerKind.SSTR, patient=patient), fdg=report(TracerKind.FDG, patient=patient))


def test_an_authority_that_is_no_oid_is_named_and_is_no_system():
    identifier = render_score(of_patient(authority_oid=""), RENDERING)["subject"]["identifier"]

    assert "system" not in identifier
    assert identifier["assigner"] == {"display": "HOSP"}


def test_a_type_of_identifier_that_the_site_made_stays_in_its_words():
    assert render_score(of_patient(type="ZZ"), RENDERING)["subject"]["identifier"]["type"] == {"text": "ZZ"}


def test_an_identifier_without_type_has_none():
    assert "type" not in render_score(of_patient(type=""), RENDERING)["subject"]["identifier"]


@pytest.mark.parametrize("value", ["", "12\x0034"])
def test_a_score_of_nobody_is_never_sent(value):
    with pytest.raises(RenderError):
        render_score(of_patient(value=value), RENDERING)


def test_a_score_of_two_patients_is_never_sent():
    other = report(TracerKind.FDG, patient=replace(JANE, value="654321"))
    with pytest.raises(RenderError):
        render_score(score(fdg=other), RENDERING)


def test_a_score_without_reports_is_never_sent():
    with pytest.raises(RenderError):
        render_score(replace(score(), sstr=None, fdg=None), RENDERING)


def accessions(references):
    return [(one["type"], one["identifier"]["value"], one["identifier"]["assigner"]["display"]) for one in references]


@pytest.mark.parametrize(("element", "kind"), [("basedOn", "ServiceRequest"), ("partOf", "ImagingStudy")])
def test_orders_and_studies_are_named_by_accession(element, kind):
    assert accessions(rendered()[element]) == [(kind, "ACC-SSTR-1", "RIS"), (kind, "ACC-FDG-1", "RIS")]


def test_each_report_is_named_by_the_one_element_that_may():
    extensions = rendered()["extension"]

    assert {one["url"] for one in extensions} == {"http://hl7.org/fhir/StructureDefinition/workflow-supportingInfo"}
    assert [one["valueReference"]["display"] for one in extensions] == ["SSTR PET report", "FDG PET report"]


def test_two_studies_under_one_accession_are_one_report():
    fdg = report(TracerKind.FDG)
    fdg = replace(fdg, report=replace(fdg.report, accession="ACC-SSTR-1"))
    extensions = render_score(score(fdg=fdg), RENDERING)["extension"]

    assert [one["valueReference"]["display"] for one in extensions] == ["SSTR and FDG PET report"]


def test_a_score_rests_on_its_lesions_and_studies():
    kinds = [one["type"] for one in render_score(score(lesion("L1"), lesion("L2")), RENDERING)["derivedFrom"]]

    assert kinds == ["Observation", "Observation", "ImagingStudy", "ImagingStudy"]


def test_a_score_does_not_rest_on_what_is_not_tumour():
    observation = render_score(score(lesion("L1", nature=Nature.NOT_TUMOUR)), RENDERING)

    assert [one["type"] for one in observation["derivedFrom"]] == ["ImagingStudy", "ImagingStudy"]


def test_a_time_of_issue_without_a_zone_is_left_out():
    assert "issued" not in rendered(issued=datetime(2026, 11, 20, 10, 0))  # noqa: DTZ001 - a report that names no zone


def test_both_acquisitions_are_the_period():
    assert rendered()["effectivePeriod"] == {"start": "2026-11-12T09:30:00+01:00", "end": "2026-11-19T10:05:00+01:00"}


def test_the_acquisition_of_a_lone_study_is_the_time():
    assert render_score(SCORES["no FDG study"], RENDERING)["effectiveDateTime"] == "2026-11-12T09:30:00+01:00"


def test_every_score_carries_the_explanation_and_the_disclaimer():
    texts = [note["text"] for note in rendered(explanation="L1 is worst.")["note"]]

    assert texts == ["L1 is worst.", DISCLAIMER]


@pytest.mark.parametrize(
    "sentence",
    ["Proposed by a computer", "Visual grading by a specialist is the reference", "not one scale", "CE-marked"],
)
def test_the_disclaimer_says(sentence):
    assert sentence in DISCLAIMER


def test_a_withdrawn_score_says_so_first():
    observation = rendered(retracted=True)

    assert observation["note"][0]["text"].startswith("Withdrawn")
    assert "<p>WITHDRAWN, do not use" in observation["text"]["div"]


def test_the_text_names_the_readers_grade_as_the_grade_of_record():
    observation = render_score(SCORES["reader's grade"], RENDERING)

    assert "<li>Grade of record, by the reader: P3a</li>" in observation["text"]["div"]


def test_the_text_asks_for_review_where_it_is_needed():
    assert "Review by a person is required" in rendered(review_required=True)["text"]["div"]


def test_a_score_that_settles_the_grade_alone_says_so_in_its_text():
    assert "prognostic group not settled" in rendered(group=None)["text"]["div"]


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "L1\x00\x1b", "\ud800", "[a](javascript:x)"],
)
def test_hostile_text_is_shown_and_never_runs(hostile):
    hostile_score = score(
        lesion(hostile, site=hostile, laterality=hostile),
        explanation=hostile,
        target_lesions=(hostile,),
        reader_grade=hostile,
        patterns={hostile: (2,)},
    )

    divs = [resource["text"]["div"] for resource in render_publication(hostile_score, RENDERING)]

    assert not any("<script" in div or "<img" in div or "\x00" in div for div in divs)


def test_a_forbidden_score_is_not_scorable_in_words():
    observation = rendered(outcome=Outcome.NOT_SCORABLE, grade=None, group=None, reasons=("parent-retracted",))

    assert observation["dataAbsentReason"]["text"] == "NETPET not scorable"


def test_the_software_is_named_by_its_version():
    one, other = (render_score(score(), Rendering(version))["device"]["reference"] for version in ("0.1.0", "0.2.0"))

    assert one != other
