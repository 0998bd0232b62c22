"""A column is known by its name, its unit stands in the header or the cell, and what stands between cells is agreed."""

import pytest
from mapping_messages import report
from table_reports import PLAIN, mapping, rows, rule_of, table

from adapter.scoring.lesion import Uptake


@pytest.mark.parametrize(
    ("separator", "lines"),
    [
        ('"|"', (r"Site\F\SUVmax [g/mL]\F\Uptake", r"LIV\F\8\F\positive")),
        (
            '"|"',
            (r"\F\ Site \F\ SUVmax [g/mL] \F\ Uptake \F\ ", r"\F\---\F\---\F\---\F\ ", r"\F\LIV\F\8\F\positive\F\ "),
        ),
        ("tab", ("Site\tSUVmax (g/mL)\tUptake", "LIV\t8\tpositive")),
        ("tab", (r"Site\X09\SUVmax (g/mL)\X09\Uptake", r"LIV\X09\8\X09\positive")),
        ("spaces", ("Site   SUVmax [g/mL]  Uptake", "  LIV    8   positive")),
        ("spaces", ("Site   SUVmax [g/mL]  Uptake", "LIV\t8\tpositive")),
        ("fixed\n  starts: [1, 6, 21]", ("Site SUVmax [g/mL]  Uptake", "LIV    8            positive")),
        ("fixed\n  starts: [3, 8, 23]", ("  Site SUVmax [g/mL]  Uptake", "  LIV       8         positive")),
    ],
)
def test_what_stands_between_the_cells(separator, lines):
    (found,) = rows(table(*lines), mapping(('";"', separator)))

    assert (found.site, str(found.finding.suv.value.low), found.finding.uptake) == ("10200004", "8", Uptake.POSITIVE)
    assert found.finding.suv.unit_supported


def test_a_line_shorter_than_its_columns_leaves_the_last_ones_empty():
    fixed = mapping(('";"', "fixed\n  starts: [1, 6, 21]"))

    (found,) = rows(table("Site SUVmax [g/mL]  Uptake", "LIV  8"), fixed)

    assert (str(found.finding.suv.value.low), found.finding.uptake) == ("8", Uptake.UNKNOWN)


@pytest.mark.parametrize("line", ["NODES 8            positive", "LIV  a word too long positive", "x LIV"])
def test_a_word_across_the_border_of_fixed_columns_holds_the_message(line):
    fixed = mapping(('";"', "fixed\n  starts: [3, 8, 23]"))

    problem, place, rule = rule_of(table("  Site SUVmax [g/mL]  Uptake", line), fixed)

    assert (problem, place) == ("value-unreadable", "OBX[1]-5")
    assert rule == "rows: a word stands across the border of two columns (line 2)"


@pytest.mark.parametrize(
    ("header", "notes"),
    [
        ("Site;SUVmax [g/mL];Uptake", ()),
        ("SITE; suv  MAX (g/mL) ;uptake", ()),
        ("Organ;SUVmax;Uptake", ("unit missing OBX[1]-5: lesion.suv (line 2)",)),
        ("Organ;SUVmax [];Uptake", ("unit missing OBX[1]-5: lesion.suv (line 2)",)),
        ("Organ;SUVmax [kBq/mL];Uptake", ("unit not supported OBX[1]-5: lesion.suv (line 2)",)),
    ],
)
def test_a_column_is_known_by_its_name_and_its_unit_stands_in_brackets(header, notes):
    found = report(table(header, "LIV;8;positive"), PLAIN)

    assert str(found.rows[0].finding.suv.value.low) == "8"
    assert found.notes == notes


def test_a_name_may_itself_say_the_unit_or_end_in_brackets():
    told = mapping(("[SUVmax, SUV max]", '{names: ["SUVmax (Ga)", SUVmax], unit: g/mL}'))

    for header in ("Site;SUVmax (Ga);Uptake", "Site;SUVmax [ ];Uptake"):
        assert report(table(header, "LIV;8;positive"), told).notes == ()


def test_a_length_is_read_in_the_unit_of_its_header():
    (found,) = rows(table("Site;Size [cm];SUVmax [g/mL];Uptake", "LIV;1.2;8;positive"))

    assert str(found.size_mm) == "12.0"


def test_a_cell_may_say_its_own_unit_where_the_header_says_none():
    (found,) = rows(table("Site;Size;SUVmax [g/mL];Uptake", "LIV;1.2 x 0.9 cm;8;positive"))

    assert str(found.size_mm) == "12.0"


def test_a_foreign_length_is_held_with_its_line():
    message = table("Site;Size [inch];SUVmax [g/mL];Uptake", "LIV;1.2;8;positive")

    assert rule_of(message) == ("unit-unsupported", "OBX[1]-5", "lesion.size_mm: a foreign unit (line 2)")


def test_a_column_that_no_rule_knows_is_named_by_its_number():
    assert report(table("Site;Colour;SUVmax [g/mL];Uptake", "LIV;red;8;positive"), PLAIN).notes == (
        "unused column 2 OBX[1]-5",
    )


def test_a_column_that_no_rule_knows_may_hold_the_message():
    strict = mapping(more="doubts: {unused_obx: hold}\n")

    problem, place, rule = rule_of(table("Site;Colour;SUVmax [g/mL];Uptake", "LIV;red;8;positive"), strict)

    assert (problem, place, rule) == ("code-unknown", "OBX[1]-5", "rows: no rule reads column 2 (line 1)")
