"""What the states of the report and of its observations do to what is read."""

import pytest
from mapping_messages import (
    FDG,
    NEGATIVE,
    POSITIVE,
    held,
    obr,
    oru,
    own,
    report,
    row,
)

from adapter.scoring.lesion import Uptake
from adapter.scoring.report import ReportStatus

SUV = ("NM", "126401^SUVbw^DCM", "1", "8", "g/mL")


@pytest.mark.parametrize("status", ["D", "W", "X"])
def test_a_retracted_observation_gives_no_fact_and_is_named(status):
    found = report(oru(FDG, POSITIVE, (*SUV, status)))

    assert found.rows[0].finding.suv is None
    assert found.notes == ("retracted OBX[3]",)


def test_a_retracted_value_does_not_contradict_its_successor():
    corrected = (*NEGATIVE, "", "C")

    assert row(oru(FDG, (*POSITIVE, "", "D"), corrected)).finding.uptake is Uptake.NEGATIVE


@pytest.mark.parametrize("retracted_first", [True, False])
def test_a_retracted_value_is_not_taken_from_the_row_that_states_the_same_value(retracted_first):
    row_2 = [(kind, code, "2", *rest) for kind, code, _, *rest in (POSITIVE, SUV)]
    observations = [(*SUV, "D"), *row_2] if retracted_first else [*row_2, (*SUV, "D")]
    found = report(oru(FDG, *observations))

    assert [(one.row, one.finding.suv is not None) for one in found.rows] == [("2", True)]
    assert [note for note in found.notes if "no value" in note] == []


def test_a_row_of_which_everything_is_retracted_is_gone():
    found = report(oru(FDG, (*POSITIVE, "", "D"), (*SUV, "D")))

    assert found.rows == ()
    assert found.notes == ("retracted OBX[2..3]",)


@pytest.mark.parametrize(("value", "status"), [("", "F"), ('""', "F"), ("10828004^Positive^SCT", "N")])
def test_an_observation_without_a_value_is_named(value, status):
    found = report(oru(FDG, ("CWE", "uptake^^99NETPET", "1", value, "", status)))

    assert found.rows == ()
    assert found.notes == ("no value OBX[2]",)


@pytest.mark.parametrize("status", ["P", "R", "S", "I", "O"])
def test_one_observation_that_is_not_final_makes_the_report_preliminary(status):
    found = report(oru(FDG, (*POSITIVE, "", status)))

    assert found.study.status is ReportStatus.PRELIMINARY
    assert found.notes == ("an observation is not final: the report is preliminary",)


def test_an_observation_under_way_does_not_raise_a_report_that_is_not_final_itself():
    assert report(oru(FDG, (*POSITIVE, "", "P"), head=obr(status="I"))).study.status is ReportStatus.REGISTERED


def test_prose_that_is_not_final_says_nothing_of_the_facts():
    found = report(oru(FDG, ("TX", "GDT^Report^L", "", "prose", "", "P")))

    assert found.study.status is ReportStatus.FINAL


def test_a_corrected_observation_makes_a_final_report_corrected():
    assert report(oru(FDG, (*POSITIVE, "", "C"))).study.status is ReportStatus.CORRECTED


@pytest.mark.parametrize(
    ("code", "status"),
    [("F", "final"), ("C", "corrected"), ("P", "preliminary"), ("R", "partial"), ("X", "cancelled"), ("A", "partial")],
)
def test_the_state_of_the_report(code, status):
    assert report(oru(FDG, head=obr(status=code))).study.status.value == status


@pytest.mark.parametrize(("code", "problem"), [("", "field-missing"), ("Q", "status-unknown"), ("Y", "status-unknown")])
def test_a_report_whose_state_is_not_settled_is_held(code, problem):
    assert held(oru(FDG, head=obr(status=code))) == (problem, "OBR[1]-25")


def test_a_cancelled_report_need_not_state_its_tracer():
    found = report(oru(own("lesions-complete", "", "yes"), head=obr(status="X")))

    assert (found.study.status, found.study.tracer, found.kind) == (ReportStatus.CANCELLED, None, None)


def test_a_report_of_which_every_observation_is_retracted_no_longer_stands_and_says_which_study_it_was():
    found = report(oru((*FDG, "", "D"), (*POSITIVE, "", "D"), head=obr(status="C")))

    assert found.study.status is ReportStatus.ENTERED_IN_ERROR
    assert found.study.tracer == "18F-FDG"
    assert "every observation is retracted: the report no longer stands" in found.notes


def test_a_cancelled_report_of_which_every_observation_is_retracted_is_cancelled():
    assert report(oru((*FDG, "", "X"), head=obr(status="X"))).study.status is ReportStatus.CANCELLED
