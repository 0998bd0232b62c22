"""The page for the physician says of each reason, and shows in each worked example, what the core does."""

import re
from pathlib import Path

import pytest

from adapter.cli.score import score_table
from adapter.fhir.observation import DISCLAIMER
from adapter.scoring.reasons import ASKS_FOR_REVIEW, FORBIDS_A_SCORE, Reason
from adapter.scoring.tracers import TRACERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clinical.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (.+) \| (yes|no) \| (yes|no) \|$", re.MULTILINE)
TABLE = [found.groups() for found in ROW.finditer(PAGE.partition("\n## Reasons\n")[2])]
EXAMPLES = re.findall(r"fixtures/tables/\w+\.json", PAGE)


def in_one_line(text):
    return " ".join(text.replace("\n> ", "\n").split())


def test_the_page_lists_every_reason_in_the_order_of_the_output():
    assert [code for code, _when, _forbids, _review in TABLE] == [reason.value for reason in Reason]


@pytest.mark.parametrize(("code", "when", "forbids", "review"), TABLE, ids=[row[0] for row in TABLE])
def test_the_page_says_whether_a_reason_forbids_a_score_and_asks_for_review(code, when, forbids, review):
    reason = Reason(code)

    assert (forbids, review) == tuple("yes" if reason in held else "no" for held in (FORBIDS_A_SCORE, ASKS_FOR_REVIEW))


def test_there_are_three_worked_examples():
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("file", EXAMPLES)
def test_a_worked_example_shows_what_the_command_answers(file):
    answered = score_table((ROOT / file).read_bytes(), explain=True)

    shown = in_one_line(PAGE.partition(file)[2].partition("```")[0])
    assert f'"{answered["explanation"]}"' in shown
    assert f"outcome {answered['outcome']}" in shown
    assert all(reason in shown for reason in answered["reasons"])
    assert ("review required" in shown) == answered["review_required"]


def test_the_page_quotes_what_every_score_says_of_itself():
    assert DISCLAIMER in in_one_line(PAGE)


@pytest.mark.parametrize("tracer", [name for name in TRACERS if not name.startswith(("177Lu", "111In", "99mTc"))])
def test_the_page_names_every_tracer(tracer):
    assert tracer in PAGE.partition("\n## Tracers [E]\n")[2].partition("\n## ")[0]
