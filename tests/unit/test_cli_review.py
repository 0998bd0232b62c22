"""``review`` as a person types it: what is asked for, what is printed, and how it ends."""

import pytest
from typer.testing import CliRunner

from adapter.cli import app
from adapter.cli.review_asked import _line, decision

SCORE = {
    "score": "s1",
    "grade": "P2a",
    "group": "P2-4",
    "review_required": True,
    "reasons": ["interval-extended"],
    "decision": None,
    "basis": "b1",
}
DECIDED = {"verdict": "confirmed", "person": "Dr Lee"}


@pytest.fixture
def nobody(tmp_path):
    """Settings of a service that does not run."""
    file = tmp_path / "settings.yaml"
    file.write_text("http: {port: 9}\n")
    return str(file)


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["confirm", "s1", "--seen", "b1", "--person", "Dr Lee"],
        ["override", "s1", "--seen", "b1", "--person", "Dr Lee", "--grade", "P1", "--reason", "images"],
        ["reject", "s1", "--seen", "b1", "--person", "Dr Lee", "--reason", "motion"],
    ],
)
def test_a_service_that_does_not_answer_is_an_exit_of_3(nobody, words):
    result = CliRunner().invoke(app, ["review", *words, "--config", nobody])

    assert result.exit_code == 3
    assert "is it running?" in result.output


@pytest.mark.parametrize("words", [["confirm", "s1"], ["reject", "s1", "--seen", "b1", "--person", "Dr Lee"]])
def test_what_a_decision_needs_is_asked_for(words):
    assert CliRunner().invoke(app, ["review", *words]).exit_code == 2


def test_a_score_is_one_line_with_what_is_to_be_named():
    assert _line(SCORE) == "s1  P2a, group P2-4  review  not decided on  interval-extended  seen b1"


def test_a_line_names_who_decided_and_which_group_it_was():
    line = _line(SCORE | {"grade": None, "group": None, "decision": DECIDED, "group_changed_from": "P1"})

    assert "no grade, group open" in line
    assert "the group was P1  confirmed by Dr Lee" in line


def test_a_decision_is_the_body_that_the_service_takes():
    assert decision("rejected", "b1", "Dr Lee", "motion") == {
        "verdict": "rejected",
        "seen": "b1",
        "person": "Dr Lee",
        "reason": "motion",
    }


def test_the_list_of_what_waits_needs_a_running_service(nobody):
    result = CliRunner().invoke(app, ["waiting", "--config", nobody])

    assert (result.exit_code, "is it running?" in result.output) == (3, True)
