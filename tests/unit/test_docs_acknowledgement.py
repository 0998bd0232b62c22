"""The page for the night answers as the program answers."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter.hl7v2.ack import ANSWERS, acknowledge
from adapter.hl7v2.header import read_header
from adapter.intake import HeaderRefusedError, check_header
from adapter.outcome import Problem, Refused

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/acknowledgement.md").read_text("utf-8")
ANSWERED = re.findall(r"^\| `([a-z-]+)` \| (A[ER]) \| (\d+) \|", PAGE, re.MULTILINE)
HELD = re.findall(r"^\| `([a-z-]+)` \|", PAGE.partition("| problem |")[2], re.MULTILINE)


@pytest.mark.parametrize(("problem", "code", "condition"), ANSWERED)
def test_the_page_gives_each_problem_the_answer_that_it_gets(problem, code, condition):
    answer = ANSWERS[Problem(problem)]

    assert (code, int(condition)) == (f"A{answer.code}", answer.condition)


def test_the_reasons_for_holding_are_from_the_closed_list():
    assert HELD
    assert set(HELD) <= {problem.value for problem in Problem}


def test_the_answer_on_the_page_is_the_one_that_is_sent():
    header = read_header((ROOT / "fixtures/oru_r01/processing_id_q.hl7").read_bytes())
    with pytest.raises(HeaderRefusedError) as refusal:
        check_header(header)
    refused = Refused(refusal.value.problem, refusal.value.place, refusal.value.rule)

    answer = acknowledge(header, refused, now=datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC), control_id="a1")

    assert answer.decode().replace("\r", "\n") == PAGE.partition("```\n")[2].partition("```")[0]
