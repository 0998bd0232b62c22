"""What must become of each sample is written in one closed vocabulary and does not contradict itself."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES: list[dict[str, Any]] = json.loads((FIXTURES / "expected.json").read_text("utf-8"))
TABLES: dict[str, list[dict[str, Any]]] = json.loads((FIXTURES / "tables/expected.json").read_text("utf-8"))
STREAMS: list[dict[str, Any]] = json.loads((FIXTURES / "framing/expected.json").read_text("utf-8"))

GROUP_OF = {"P0": "P0", "P1": "P1", "P5": "P5"} | {f"P{n}{s}": "P2-4" for n in (2, 3, 4) for s in ("", "a", "b")}
REASON_WORDS = """
missing-fdg-study missing-sstr-study interval-extended interval-exceeded acquisition-date-missing
intervening-therapy ambiguous-pairing lesion-status-unknown negative-by-exhaustive-statement
outside-field-of-view equivocal-lesion non-tumour-row-excluded small-lesion-negative
p5-significance-unconfirmed lesion-match-probable lesion-unmatched laterality-missing laterality-conflict
duplicate-lesion duplicate-conflict aggregate-row aggregate-not-paired suffix-undetermined
suv-interval-straddles suv-invalid suv-implausible-high suv-normalisation-mismatch suv-statistic-mismatch
suv-unit-unsupported tracer-not-validated tracer-unsupported tracer-unknown outside-validated-population
p0-with-known-disease report-not-final parent-corrected parent-retracted stale-message patient-mismatch
lesion-list-completeness-unknown read-from-narrative p3-boundary reader-grade-disagrees
"""
REASONS = set(REASON_WORDS.split())


def test_every_case_has_its_own_name() -> None:
    assert max(Counter(each["name"] for each in CASES).values()) == 1


@pytest.mark.parametrize("expected", CASES, ids=lambda each: each["name"])
def test_an_expectation_says_what_becomes_of_each_message(expected: dict[str, Any]) -> None:
    assert len(expected["ack"]) == len(expected["message_states"]) == len(expected["files"])
    assert set(expected["message_states"]) <= {"read", "held", "ignored", "refused"}
    assert ("held" in expected["message_states"]) <= ("place" in expected)
    assert [ack != "AA" for ack in expected["ack"]] == [state == "refused" for state in expected["message_states"]]
    assert expected["why"].endswith(".")


@pytest.mark.parametrize("expected", CASES, ids=lambda each: each["name"])
def test_an_expectation_is_either_a_score_or_a_state(expected: dict[str, Any]) -> None:
    if expected["score"] is None:
        assert expected["state"] in {"waiting", "none", "stopped"}
    else:
        assert "state" not in expected
        assert expected["score"].get("status", "preliminary") in {"preliminary", "corrected", "entered-in-error"}


def scores() -> list[tuple[str, dict[str, Any]]]:
    from_messages = [(each["name"], each["score"]) for each in CASES if each["score"]]
    return from_messages + [(each["file"], each["result"]) for each in TABLES["good"]]


@pytest.mark.parametrize(("name", "score"), scores(), ids=lambda each: each if isinstance(each, str) else "")
def test_outcome_grade_group_and_bounds_agree(name: str, score: dict[str, Any]) -> None:
    grade, group, low_high = score.get("grade"), score.get("group"), score.get("bounds")
    if "outcome" in score:
        assert score["outcome"] == ("scored" if grade else "group-only" if group else "not-scorable")
    if grade:
        assert GROUP_OF[grade] == group
        assert low_high in (None, [int(grade[1]), int(grade[1])])
    elif low_high:
        assert low_high[0] < low_high[1]


@pytest.mark.parametrize(("name", "score"), scores(), ids=lambda each: each if isinstance(each, str) else "")
def test_only_reasons_of_the_contract_are_expected(name: str, score: dict[str, Any]) -> None:
    assert ("reasons" in score) <= ("reasons_include" not in score)
    for key in ("reasons", "reasons_include", "reasons_exclude"):
        assert set(score.get(key, [])) <= REASONS


@pytest.mark.parametrize(
    "expected", [each for each in CASES if "held" in each["message_states"]], ids=lambda e: e["name"]
)
def test_the_place_of_a_held_message_is_in_the_message(expected: dict[str, Any]) -> None:
    name = expected["files"][expected["message_states"].index("held")]
    segment, rest = expected["place"].split("[")
    ordinal, position = rest.split("]-")
    raw = (FIXTURES / name).read_bytes().split(b"\r")
    found = [each.split(b"|") for each in raw if each.startswith(segment.encode() + b"|")][int(ordinal) - 1]
    assert segment == "OBR" or found[int(position.split(".")[0])]


def test_every_lesion_table_is_named_and_there() -> None:
    named = {each["file"] for each in TABLES["good"] + TABLES["bad"]}
    found = {path.relative_to(FIXTURES).as_posix() for path in (FIXTURES / "tables").rglob("*.json")}
    assert named == found - {"tables/expected.json"}


@pytest.mark.parametrize("table", TABLES["good"], ids=lambda each: each["name"])
def test_a_good_table_has_lesions_with_the_named_patterns(table: dict[str, Any]) -> None:
    lesions = json.loads((FIXTURES / table["file"]).read_text("utf-8"))["lesions"]
    assert set(table["result"].get("patterns", {})) <= {each["id"] for each in lesions}


@pytest.mark.parametrize("table", TABLES["bad"], ids=lambda each: each["name"])
def test_a_bad_table_names_the_field_that_the_error_must_name(table: dict[str, Any]) -> None:
    assert table["exit"] == 2
    assert table["field"] is None or isinstance(table["field"][0], str)


def test_there_are_at_least_25_bad_tables() -> None:
    assert len(TABLES["bad"]) >= 25


def test_every_byte_stream_is_named_and_there() -> None:
    found = {path.relative_to(FIXTURES).as_posix() for path in (FIXTURES / "framing").glob("*.bin")}
    assert {each["file"] for each in STREAMS} == found


@pytest.mark.parametrize("stream", STREAMS, ids=lambda each: each["name"])
def test_a_stream_holds_each_message_it_must_answer_once(stream: dict[str, Any]) -> None:
    raw = (FIXTURES / stream["file"]).read_bytes()
    ids = [each["control_id"] for each in stream["answers"] if each["control_id"]]
    assert ids
    assert [raw.count(each.encode()) for each in ids] == [1] * len(ids)
