import pytest

from adapter.fhir.check import check
from adapter.fhir.operation_outcome import ANSWERS, http_status, information, operation_outcome
from adapter.outcome import Place, Problem


def test_every_problem_has_an_answer_and_no_answer_is_left_over():
    assert set(ANSWERS) == set(Problem)


@pytest.mark.parametrize("problem", Problem)
def test_every_answer_is_a_sound_operation_outcome(problem):
    check(operation_outcome(problem, Place(path="Bundle.entry[0]"), "unique"))


@pytest.mark.parametrize("problem", Problem)
def test_a_problem_is_never_answered_with_success(problem):
    assert 400 <= http_status(problem) < 600


def test_a_full_or_broken_store_asks_the_sender_to_come_again():
    assert [http_status(problem) for problem in (Problem.OVERLOADED, Problem.STORE_UNAVAILABLE)] == [429, 503]


def test_a_path_is_an_expression():
    issue = operation_outcome(Problem.FIELD_MISSING, Place(path="Observation.subject"), "required")["issue"][0]

    assert (issue["expression"], issue["diagnostics"]) == (["Observation.subject"], "required")


def test_a_v2_position_is_no_expression():
    issue = operation_outcome(Problem.FIELD_MISSING, Place("OBX", 5, 3), "required")["issue"][0]

    assert (issue.get("expression"), issue["diagnostics"]) == (None, "OBX[5]-3: required")


def test_a_problem_without_place_or_rule_is_named():
    issue = operation_outcome(Problem.INTERNAL)["issue"][0]

    assert issue == {"severity": "error", "code": "exception", "details": {"text": "internal"}}


def test_success_is_told_as_information():
    check(information("The message is kept."))
    assert information("The message is kept.")["issue"][0]["severity"] == "information"
