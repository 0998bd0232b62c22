"""A table that is not as agreed is held with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_messages import held, outcome, site_oru
from table_reports import HEADER, PLAIN, mapping, rule_of, table, text

from adapter.mapping.message_reading import Extraction
from adapter.outcome import Held


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ((HEADER, "LIV;8"), "rows: the row has 2 cells, and the header 3 (line 2)"),
        ((HEADER, "LIV;8;positive;"), "rows: the row has 4 cells, and the header 3 (line 2)"),
        ((HEADER, "LIV;8;positive", "see above"), "rows: the row has 1 cells, and the header 3 (line 3)"),
        ((HEADER, "LIV;8;positive", HEADER), "rows: the table's header stands here a second time (line 3)"),
        (("Site;Uptake", "LIV;8"), "rows: no line heads every column of the table; the nearest lacks suv (line 1)"),
        (
            ("", "Colour", "Site;Uptake"),
            "rows: no line heads every column of the table; the nearest lacks suv (line 3)",
        ),
        (
            ("one", "two"),
            "rows: no line heads every column of the table; the nearest lacks call, suv, where (line 1)",
        ),
        (("LIV;8;positive", HEADER), "rows: a row stands above the table's header (line 1)"),
        (("", " ", "----"), "rows: the text is empty, where a table was expected (line 1)"),
    ],
)
def test_a_table_that_is_not_as_agreed_is_held_with_its_line(lines, rule):
    assert rule_of(table(*lines)) == ("value-unreadable", "OBX[1]-5", rule)


def test_the_line_is_that_of_its_own_observation():
    message = site_oru(text(HEADER), text("LIV;8;positive", "LIV;8"))

    assert rule_of(message) == ("value-unreadable", "OBX[2]-5", "rows: the row has 2 cells, and the header 3 (line 2)")


def test_two_columns_of_one_name_are_held():
    assert rule_of(table("Site;Organ;SUVmax;Uptake", "LIV;LIV;8;positive")) == (
        "value-conflict",
        "OBX[1]-5",
        "rows: two columns are headed as where (line 1)",
    )


def test_a_value_that_cannot_be_read_is_held_with_its_line():
    assert rule_of(table(HEADER, "LIV;8;positive", "LIV;high;positive")) == (
        "value-unreadable",
        "OBX[1]-5",
        "lesion.suv: not a decimal number (line 3)",
    )


def test_a_required_fact_that_a_row_lacks_is_held_with_its_line():
    strict = mapping(("lookup: sites}", "lookup: sites, required: true}"))

    assert rule_of(table(HEADER, "LIV;8;positive", ";8;positive"), strict) == (
        "field-missing",
        "OBX[1]-5",
        "lesion.site: required and not stated (line 3)",
    )


def test_a_code_beside_that_of_the_table_holds_the_message():
    both = mapping(more="report: {who_grade: {obx: [GRADE^^99STE]}}\n")

    assert held(site_oru(("FT", "TAB^^99STE^GRADE^^99STE", "", HEADER)), both) == ("value-conflict", "OBX[1]-3")


def test_more_lines_than_any_table_has_are_held():
    problem, _, rule = rule_of(table(HEADER, *["LIV;8;positive"] * 2_000))

    assert (problem, rule) == ("value-unreadable", "rows: more lines than any report's table has (line 2001)")


CELL = st.text("LIV;|-8. positve\t~&^\\äß", max_size=12)


@given(st.lists(CELL, max_size=6))
def test_whatever_stands_in_a_table_it_is_read_or_held(lines):
    assert isinstance(outcome(table(HEADER, *lines), PLAIN), Extraction | Held)
