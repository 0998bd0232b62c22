"""Prose is read line by line by the mapping's patterns: a line that one matches as a whole states facts."""

from mapping_messages import held, outcome, row
from narrative_reports import LIVER, NODE, PLAIN, dictated, mapping, read

from adapter.outcome import Held
from adapter.scoring.lesion import Nature, Uptake


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


def test_a_group_that_is_not_there_states_nothing():
    found = row(dictated("Lesion 1: liver, SUVmax 8.4"), PLAIN)

    assert found.finding.uptake is Uptake.UNKNOWN


def test_two_lines_may_speak_of_one_lesion():
    found = row(dictated("Lesion 1: liver, SUVmax 8.4.", "Lesion 1 is avid."), PLAIN)

    assert (found.site, found.finding.uptake) == ("10200004", Uptake.POSITIVE)


def test_two_lines_that_contradict_each_other_hold_the_message():
    assert held(dictated(LIVER, "Lesion 1 is not avid."), PLAIN) == ("value-conflict", "OBX[1]-5")


def test_a_line_may_speak_of_the_whole_report():
    found = read(dictated("Not all lesions are listed.", LIVER))

    assert found.study.lesions_complete is False


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
