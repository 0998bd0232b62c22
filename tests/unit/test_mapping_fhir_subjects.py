"""Every observation is of the report's patient and of this report, or the report is held."""

import pytest
from fhir_bodies import LN, UPTAKE, concept, held, lesion, observation, quantity, read_report, sent, text, tracer


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
