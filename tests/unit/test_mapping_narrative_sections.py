"""Prose has sections: each begins with its heading or is an observation as a whole, and patterns keep to their own."""

import pytest
from mapping_messages import row, site_oru
from narrative_reports import LIVER, NODE, PLAIN, dictated, mapping, prose, read

from adapter.scoring.lesion import Uptake


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
