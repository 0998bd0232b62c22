"""What was retracted is none of the findings, and a report is as final as its observations."""

import pytest
from fhir_bodies import POSITIVE, UPTAKE, concept, held, lesion, observation, quantity, read_report, sent, suv, tracer

from adapter.scoring.lesion import Uptake
from adapter.scoring.report import ReportStatus


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
