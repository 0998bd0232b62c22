"""Prose is read line by line by the mapping's patterns; what is not read is listed, and a person always has to look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_messages import SITE, held, outcome, report, row, site, site_oru

from adapter.mapping.message_reading import Extraction
from adapter.outcome import Held
from adapter.scoring.lesion import Nature, Uptake

ROWS = r"""
rows:
  kind: narrative
  review: always
  obx: [GDT^^L]
  sections:
    findings: {headings: [FINDINGS, "BEFUND:"]}
    impression: {obx: [IMP^^L], headings: [IMPRESSION]}
    technique: {headings: [TECHNIQUE]}
  patterns:
    - sections: [findings]
      row: 'Lesion (?P<row>[0-9]+): (?P<where>[a-z]+), SUVmax (?P<suv>\d+(?:\.\d+)?)(?:, (?P<call>avid|not avid))?\.?'
    - sections: [findings, impression]
      row: 'Lesion (?P<row>[0-9]+) is (?P<call>avid|not avid)\.'
    - report: '(?P<all>All lesions are listed|Not all lesions are listed)\.'
    - report: '(?P<none>No tumour uptake)\.'
  negations: ['\bno evidence of\b', '\bresolved\b']
  ignored: ['Normal elsewhere\.']
report:
  lesions_complete: {group: all, lookup: complete}
  no_tumour_uptake: {group: none, lookup: nothing}
lesion:
  nature: {const: tumour}
  site: {group: where, lookup: sites}
  suv: {group: suv, unit: g/mL}
  uptake: {group: call, lookup: calls}
"""
BEGIN, END = SITE[: SITE.index("rows:")], SITE[SITE.index("tables:") :]
PROSE = (
    BEGIN
    + ROWS.lstrip()
    + END.replace("LIV:", "liver:")
    + """\
  calls: {avid: positive, not avid: negative}
  complete: {All lesions are listed: "yes", Not all lesions are listed: "no"}
  nothing: {No tumour uptake: "yes"}
"""
)


def mapping(*pairs):
    text = PROSE
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return site(text)


PLAIN = mapping()
BREAK = "\\.br\\"


def prose(*lines, code="GDT^^L", kind="FT", status="F"):
    return (kind, code, "", BREAK.join(lines), "", status)


def dictated(*lines):
    return site_oru(prose("FINDINGS:", *lines))


def read(message, by=PLAIN):
    return report(message, by)


LIVER = "Lesion 1: liver, SUVmax 8.4, avid."
NODE = "Lesion 2: node, SUVmax 3, not avid."


def test_a_line_that_a_pattern_matches_as_a_whole_is_a_row():
    found = read(dictated(LIVER, NODE))

    assert [(one.row, one.site, one.nature) for one in found.rows] == [
        ("1", "10200004", Nature.TUMOUR),
        ("2", "59441001", Nature.TUMOUR),
    ]
    assert [str(one.finding.suv.value.low) for one in found.rows] == ["8.4", "3"]
    assert [one.finding.uptake for one in found.rows] == [Uptake.POSITIVE, Uptake.NEGATIVE]


def test_what_is_read_from_prose_says_so():
    assert read(dictated(LIVER)).study.from_prose


@pytest.mark.parametrize("line", [f"{LIVER} And more.", f"See: {LIVER}", "Lesion x: liver, SUVmax 8.4.", "x" * 600])
def test_a_line_of_which_a_part_is_not_understood_is_not_read_at_all_and_is_listed(line):
    found = read(dictated(NODE, line))

    assert [one.row for one in found.rows] == ["2"]
    assert "unread OBX[1]-5: line 3" in found.notes


def test_a_group_that_is_not_there_states_nothing():
    found = row(dictated("Lesion 1: liver, SUVmax 8.4"), PLAIN)

    assert found.finding.uptake is Uptake.UNKNOWN


def test_two_lines_may_speak_of_one_lesion():
    found = row(dictated("Lesion 1: liver, SUVmax 8.4.", "Lesion 1 is avid."), PLAIN)

    assert (found.site, found.finding.uptake) == ("10200004", Uptake.POSITIVE)


def test_two_lines_that_contradict_each_other_hold_the_message():
    assert held(dictated(LIVER, "Lesion 1 is not avid."), PLAIN) == ("value-conflict", "OBX[1]-5")


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


@pytest.mark.parametrize("heading", ["FINDINGS:", "Findings", "findings:", "BEFUND:", "FINDINGS: Compared with May."])
def test_a_section_begins_with_its_heading(heading):
    assert [one.row for one in read(site_oru(prose(LIVER, heading, NODE))).rows] == ["2"]


def test_what_stands_behind_a_heading_is_of_its_section():
    assert row(site_oru(prose(f"FINDINGS: {LIVER}")), PLAIN).row == "1"


@pytest.mark.parametrize(
    "heading", ["COMPARISON:", "COMPARISON", "COMPARISON: PET of May.", "Comparison:", "IMPRESSION"]
)
def test_another_heading_ends_the_section_also_one_that_is_not_known(heading):
    found = read(dictated(NODE, heading, LIVER))

    assert [one.row for one in found.rows] == ["2"]


def test_a_line_that_a_pattern_reads_is_no_heading():
    shouting = mapping(("row: 'Lesion (?P<row>[0-9]+): ", "row: '(?:LIVER: )?Lesion (?P<row>[0-9]+): "))

    assert [one.row for one in read(dictated(f"LIVER: {LIVER}", NODE), shouting).rows] == ["1", "2"]


def test_an_observation_may_be_a_section_as_a_whole():
    found = read(site_oru(prose("Lesion 1 is avid.", code="IMP^^L")))

    assert [(one.row, one.finding.uptake) for one in found.rows] == [("1", Uptake.POSITIVE)]


def test_prose_sent_line_by_line_is_one_text():
    lines = [prose(line, kind="TX") for line in ("FINDINGS:", LIVER, "Nothing else.", NODE)]
    found = read(site_oru(*lines))

    assert [one.row for one in found.rows] == ["1", "2"]
    assert "narrative OBX[1], OBX[3]" in found.notes


def test_a_section_does_not_run_on_into_prose_of_another_code():
    found = read(site_oru(prose("FINDINGS:", NODE), prose("Lesion 1 is avid.", code="IMP^^L"), prose(LIVER)))

    assert [one.row for one in found.rows] == ["1", "2"]
    assert found.rows[0].site is None
    assert "narrative OBX[3]" in found.notes


def test_a_line_may_speak_of_the_whole_report():
    found = read(dictated("Not all lesions are listed.", LIVER))

    assert found.study.lesions_complete is False


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


def test_rows_that_patterns_do_not_name_are_counted():
    counted = mapping(
        ("row: 'Lesion (?P<row>[0-9]+): ", "row: 'Lesion: "),
        ("row: 'Lesion (?P<row>[0-9]+) is (?P<call>avid|not avid)", "row: 'A lesion is (?P<call>avid|not avid)"),
    )
    found = read(dictated("Lesion: liver, SUVmax 8.", "All lesions are listed.", "A lesion is avid."), counted)

    assert [(one.row, one.site) for one in found.rows] == [("1", "10200004"), ("2", None)]


def test_a_row_whose_name_is_missing_is_held_with_its_line():
    optional = mapping(("Lesion (?P<row>[0-9]+): ", "Lesion (?P<row>[0-9]+)?: "))
    found = outcome(dictated("Lesion : liver, SUVmax 8."), optional)

    assert isinstance(found, Held)
    assert (found.problem.value, found.rule) == ("field-missing", "rows: a row without its key (line 2)")


def test_a_value_that_no_table_holds_is_held_with_its_line():
    strict = mapping(("{group: where, lookup: sites}", "{group: where, lookup: sites, unmapped: hold}"))
    found = outcome(dictated("Lesion 1: toe, SUVmax 8."), strict)

    assert isinstance(found, Held)
    assert (found.problem.value, found.rule) == (
        "code-unknown",
        "lesion.site: the value is not in table sites (line 2)",
    )


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
