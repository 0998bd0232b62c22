"""The page for the night answers as the program answers."""

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapter.hl7v2.ack import ANSWERS, acknowledge
from adapter.hl7v2.answer import judge
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


PEER = PAGE.partition("| the peer answers, MSA-1 |")[2].partition("\n\n")[0]
BY_PEER = re.findall(r"^\| (`[A-Z`, ]+`|another code) \| ([^|]+) \| ([a-z ]+) \|$", PEER, re.MULTILINE)
CONDITIONS = {
    "any": ["", "101", "207"],
    "none, or another one": ["", "999"],
    "100 to 103, 200 to 205": [*map(str, range(100, 104)), *map(str, range(200, 206))],
    "206, 207": ["206", "207"],
}


@pytest.mark.parametrize(("codes", "conditions", "becomes"), BY_PEER)
def test_the_page_says_what_becomes_of_an_answer_by_what_its_peer_answers(codes, conditions, becomes):
    named = re.findall("`([A-Z]+)`", codes) or ["XX", ""]
    for code, condition in itertools.product(named, CONDITIONS[conditions]):
        verdict = judge(f"MSH|^~\\&|RIS||||20261122||ACK|P1|P|2.5.1\rMSA|{code}|a1\rERR|||{condition}\r".encode())
        settled = "delivered" if verdict.accepted else "given up" if verdict.permanent else "sent again"

        assert settled == becomes, (code, condition)


def test_every_row_of_that_table_is_looked_at():
    assert len(BY_PEER) == len(PEER.strip().split("\n")) - 3


def test_the_answer_on_the_page_is_the_one_that_is_sent():
    header = read_header((ROOT / "fixtures/oru_r01/processing_id_q.hl7").read_bytes())
    with pytest.raises(HeaderRefusedError) as refusal:
        check_header(header)
    refused = Refused(refusal.value.problem, refusal.value.place, refusal.value.rule)

    answer = acknowledge(header, refused, now=datetime(2026, 11, 20, 9, 15, 2, tzinfo=UTC), control_id="a1")

    assert answer.decode().replace("\r", "\n") == PAGE.partition("```\n")[2].partition("```")[0]
