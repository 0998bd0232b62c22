"""What of prose is not read is listed or holds the message, and no report is called complete beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_messages import held, outcome, site_oru
from narrative_reports import LIVER, NODE, PLAIN, dictated, mapping, prose, read

from adapter.mapping.message_reading import Extraction
from adapter.outcome import Held


@pytest.mark.parametrize("line", [f"{LIVER} And more.", f"See: {LIVER}", "Lesion x: liver, SUVmax 8.4.", "x" * 600])
def test_a_line_of_which_a_part_is_not_understood_is_not_read_at_all_and_is_listed(line):
    found = read(dictated(NODE, line))

    assert [one.row for one in found.rows] == ["2"]
    assert "unread OBX[1]-5: line 3" in found.notes


@pytest.mark.parametrize(
    "lines",
    [
        ("There is no evidence of", LIVER),
        ("no evidence of", "", LIVER),
        ("Lesion 1: liver, SUVmax 8.4", "has resolved."),
        ("Lesion 1: liver, SUVmax 8.4", "and has since resolved completely, without residue"),
    ],
)
def test_a_negation_in_the_sentence_that_runs_into_a_line_or_out_of_it_keeps_it_from_being_read(lines):
    found = read(dictated(NODE, *lines))

    assert [one.row for one in found.rows] == ["2"]
    assert any(note.startswith("negated OBX[1]-5") for note in found.notes)


@pytest.mark.parametrize(
    "lines",
    [
        ("Thyroid nodule resolved.", LIVER),
        (LIVER, "all others resolved."),
        ("Lesion 1: liver, SUVmax 8.4", "Thyroid nodule resolved."),
        ("Lesion 1: liver, SUVmax 8.4",),
    ],
)
def test_a_negation_in_another_sentence_does_not_matter(lines):
    assert [one.row for one in read(dictated(*lines)).rows] == ["1"]


def test_a_negation_in_the_line_itself_is_before_its_pattern():
    wide = mapping(("(?P<where>[a-z]+),", "(?P<where>[a-z ]+),"), ("{group: where, lookup: sites}", "{group: where}"))
    found = read(dictated(NODE, "Lesion 1: no evidence of uptake in the liver, SUVmax 8.4."), wide)

    assert [one.row for one in found.rows] == ["2"]
    assert "negated OBX[1]-5: line 3" in found.notes


def test_a_report_that_was_understood_as_a_whole_may_be_complete():
    lines = [LIVER, "Normal elsewhere.", "All lesions are listed.", "TECHNIQUE:", "Siemens scanner."]
    found = read(dictated(*lines))

    assert found.study.lesions_complete is True
    assert found.notes[-2:] == ("ignored OBX[1]-5: line 3", "unread OBX[1]-5: line 6")


@pytest.mark.parametrize(
    "line", ["Further focus near the bladder.", "no evidence of\\.br\\Lesion 3: liver, SUVmax 2.", "HISTORY: Tumour."]
)
def test_a_report_of_which_a_line_was_not_understood_is_not_believed_to_be_complete(line):
    found = read(dictated(LIVER, line, "FINDINGS", "All lesions are listed.", "No tumour uptake."))

    assert found.study.lesions_complete is None
    assert not found.study.no_tumour_uptake
    assert "not believed, because prose is unread: report.lesions_complete" in found.notes


def test_prose_of_which_nothing_is_read_is_held():
    assert held(dictated("The liver is full of metastases."), PLAIN) == ("segment-missing", "OBX")


def test_prose_of_a_code_that_the_mapping_does_not_read_is_listed():
    found = read(site_oru(prose("FINDINGS", LIVER), prose("Addendum.", code="ADT^^L")))

    assert "narrative OBX[2]" in found.notes


@pytest.mark.parametrize("lines", [["x" * 130] * 100, ["short"] * 301])
def test_more_prose_than_any_report_has_is_held(lines):
    found = outcome(dictated(LIVER, *lines), PLAIN)

    assert isinstance(found, Held)
    assert found.problem.value == "value-unreadable"
    assert found.rule.startswith("rows: more prose than any report has")


def test_no_note_repeats_what_was_sent():
    found = read(dictated(LIVER, "Jane Doe has a focus.", "resolved", NODE, "COMPARISON", "Jane Doe"))

    assert not any("Jane" in note or "liver" in note for note in found.notes)


LINE = st.sampled_from([LIVER, NODE, "FINDINGS:", "IMPRESSION", "COMPARISON:", "resolved", "no evidence of", ""])


@given(st.lists(st.one_of(LINE, st.text("Lesion 1:.,SUVmax8\\~&^ä", max_size=20)), max_size=12))
def test_whatever_prose_says_it_is_read_or_held(lines):
    assert isinstance(outcome(dictated(*lines), PLAIN), Extraction | Held)


@given(st.lists(st.sampled_from([LIVER, NODE, "Also seen.", "resolved", "Normal elsewhere."]), min_size=1, max_size=8))
def test_every_line_gives_a_fact_or_is_listed(lines):
    found = outcome(dictated("Lesion 9: node, SUVmax 1.", *lines), PLAIN)

    assert isinstance(found, Extraction)
    notes = [note for note in found.reports[0].notes if "-5: line" in note and note.split()[0] in LISTED]
    listed = sum(len(spread(note.partition(": line")[2])) for note in notes)
    rows = {one.row for one in found.reports[0].rows}
    assert listed >= len([line for line in lines if line not in (LIVER, NODE)])
    assert listed == len(lines) or rows > {"9"}


LISTED = {"unread", "negated", "ignored"}


def spread(spans):
    """The line numbers of ``s 3, 7..9``."""
    ends = (span.split("..") for span in spans.lstrip("s ").split(", "))
    return [number for first, *last in ends for number in range(int(first), int((last or [first])[0]) + 1)]
