"""A table inside a text: its header is found by name, each line is a row, and what does not fit holds the message."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_messages import SITE, SITE_OBR, held, outcome, report, site, site_oru

from adapter.mapping.message_reading import Extraction
from adapter.outcome import Held
from adapter.scoring.lesion import Interval, Nature, Uptake

ROWS = """\
rows:
  kind: obx-table
  obx: [TAB^^99STE]
  separator: ";"
  columns:
    where: [Site, Organ]
    suv: [SUVmax, SUV max]
    size: {names: [Size], optional: true}
    call: [Uptake]
lesion:
  nature: {const: tumour}
  site: {column: where, lookup: sites}
  suv: {column: suv, unit: g/mL}
  size_mm: {column: size, unit: mm}
  uptake: {column: call}
"""
BEGIN, END = SITE[: SITE.index("rows:")], SITE[SITE.index("tables:") :]
TABLE = BEGIN + ROWS + END
HEADER = "Site;SUVmax [g/mL];Uptake"


def mapping(*pairs, more=""):
    text = TABLE
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return site(text + more)


PLAIN = mapping()


def text(*lines, kind="FT", status="F"):
    return (kind, "TAB^^99STE", "", "\\.br\\".join(lines), "", status)


def table(*lines, **facts):
    return site_oru(text(*lines, **facts), head=SITE_OBR)


def rows(message, *mappings):
    return report(message, *(mappings or (PLAIN,))).rows


def rule_of(message, *mappings):
    found = outcome(message, *(mappings or (PLAIN,)))
    assert isinstance(found, Held), found
    return found.problem.value, str(found.place), found.rule


def test_each_line_below_the_header_is_a_row():
    found = rows(table(HEADER, "LIV;8.4;positive", "NODE;2;negative"))

    assert [(row.row, row.site, row.finding.uptake) for row in found] == [
        ("1", "10200004", Uptake.POSITIVE),
        ("2", "59441001", Uptake.NEGATIVE),
    ]
    assert found[0].finding.suv.value == Interval.exactly(Decimal("8.4"))
    assert found[0].nature is Nature.TUMOUR


@pytest.mark.parametrize(
    "message",
    [
        site_oru(("TX", "TAB^^99STE", "", "~".join((HEADER, "LIV;8;positive")))),
        site_oru(text(HEADER, kind="TX"), text("LIV;8;positive", kind="ST")),
        table("", HEADER, "-----", "", "LIV;8;positive", ""),
        table(HEADER, " LIV ; 8 ; positive "),
    ],
    ids=["repetitions", "observations", "blank and drawn lines", "blanks round cells"],
)
def test_a_line_ends_with_a_break_a_repetition_or_its_observation(message):
    (found,) = rows(message)

    assert (found.row, found.site, found.finding.uptake) == ("1", "10200004", Uptake.POSITIVE)


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


def test_an_empty_cell_states_nothing_and_so_do_the_words_for_it():
    sparse = mapping(('separator: ";"', 'separator: ";"\n  empty: ["-", n. a.]'))
    (found,) = rows(table(HEADER, "-;N. A.;positive"), sparse)

    assert (found.site, found.finding.suv, found.finding.uptake) == (None, None, Uptake.POSITIVE)


STRICT = mapping(
    ("lookup: sites}", "lookup: sites, unmapped: hold}"), ('separator: ";"', 'separator: ";"\n  summary: [Total]')
)


def test_a_sign_that_is_no_word_for_empty_is_a_value():
    assert held(table(HEADER, "-;8;positive"), STRICT) == (
        "code-unknown",
        "OBX[1]-5",
    )


@pytest.mark.parametrize("text", ["nan", "NaN"])
def test_an_suv_that_is_no_number_is_kept_as_such(text):
    found = report(table(HEADER, f"LIV;{text};positive"), PLAIN)

    assert found.rows[0].finding.suv.value == Interval(None, None)
    assert found.notes == ("not a number OBX[1]-5: lesion.suv (line 2)",)


SUMMED = mapping(('separator: ";"', 'separator: ";"\n  summary: [Total, Mean]\n  end: [Comment, Legend]'))


@pytest.mark.parametrize("line", ["Total;16;", "TOTAL", "Total: 2 lesions", ";Mean;", "mean;8;positive"])
def test_a_row_of_totals_is_left_out_and_named(line):
    found = report(table(HEADER, "LIV;8;positive", line, "NODE;8;positive"), SUMMED)

    assert [row.site for row in found.rows] == ["10200004", "59441001"]
    assert found.notes == ("summary row OBX[1]-5: line 3",)


def test_a_row_that_only_begins_like_a_total_is_a_row():
    assert held(table(HEADER, "Total liver;8;positive"), STRICT) == (
        "code-unknown",
        "OBX[1]-5",
    )


def test_what_stands_before_the_header_and_behind_the_table_is_listed():
    found = report(table("Table 1", "", HEADER, "LIV;8;positive", "Comment: artefacts", "NODE;8;positive"), SUMMED)

    assert [row.site for row in found.rows] == ["10200004"]
    assert found.notes == ("unread OBX[1]-5: lines 1, 5..6",)


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


KEYED = mapping(
    ('separator: ";"', 'separator: ";"\n  key: nr'),
    ("  columns:\n", "  columns:\n    nr: [No]\n"),
    ("  nature: {const: tumour}", "  nature: {const: tumour}\n  tracking_id: {column: nr}"),
)
NUMBERED = f"No;{HEADER}"


def test_a_column_may_name_the_rows():
    found = rows(table(NUMBERED, "B;LIV;8;positive", "A;NODE;8;positive"), KEYED)

    assert [(row.row, row.tracking_id, row.site) for row in found] == [("A", "A", "59441001"), ("B", "B", "10200004")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((";LIV;8;positive",), ("field-missing", "OBX[1]-5", "rows: a row without its key (line 2)")),
        (
            ("A;LIV;8;positive", "A;LIV;8;positive"),
            ("value-conflict", "OBX[1]-5", "rows: two rows have one key (line 3)"),
        ),
    ],
)
def test_a_row_is_named_and_named_once(lines, expected):
    assert rule_of(table(NUMBERED, *lines), KEYED) == expected


def test_a_required_fact_that_a_row_lacks_is_held_with_its_line():
    strict = mapping(("lookup: sites}", "lookup: sites, required: true}"))

    assert rule_of(table(HEADER, "LIV;8;positive", ";8;positive"), strict) == (
        "field-missing",
        "OBX[1]-5",
        "lesion.site: required and not stated (line 3)",
    )


def test_a_table_without_rows_is_a_report_without_lesions():
    found = report(table(HEADER), PLAIN)

    assert (found.rows, found.study.tracer, found.study.from_prose) == ((), "68Ga-DOTATATE", False)


def test_a_retracted_text_gives_no_rows():
    message = site_oru(text(HEADER, "LIV;8;positive"), text("NODE;8;positive", status="D"))
    found = report(message, PLAIN)

    assert [row.site for row in found.rows] == ["10200004"]
    assert found.notes == ("retracted OBX[2]",)


def test_a_preliminary_text_makes_the_report_preliminary():
    assert report(table(HEADER, "LIV;8;positive", status="P"), PLAIN).study.status.value == "preliminary"


@pytest.mark.parametrize(("value", "status"), [("", "F"), ('""', "F"), (HEADER, "N")])
def test_a_text_without_value_is_listed(value, status):
    message = site_oru(text(HEADER, "LIV;8;positive"), ("FT", "TAB^^99STE", "", value, "", status))

    assert report(message, PLAIN).notes == ("no value OBX[2]",)


def test_a_picture_under_the_tables_code_is_listed():
    message = site_oru(text(HEADER, "LIV;8;positive"), ("ED", "TAB^^99STE", "", "^application^pdf^Base64^AA"))

    assert report(message, PLAIN).notes == ("narrative OBX[2]",)


def test_a_code_beside_that_of_the_table_holds_the_message():
    both = mapping(more="report: {who_grade: {obx: [GRADE^^99STE]}}\n")

    assert held(site_oru(("FT", "TAB^^99STE^GRADE^^99STE", "", HEADER)), both) == ("value-conflict", "OBX[1]-3")


def test_facts_of_the_report_come_from_their_own_observations():
    told = mapping(more="report: {lesions_complete: {obx: [ALL^^99STE]}}\n")
    found = report(site_oru(text(HEADER, "LIV;8;positive"), ("ST", "ALL^^99STE", "", "yes")), told)

    assert found.study.lesions_complete


def test_more_lines_than_any_table_has_are_held():
    problem, _, rule = rule_of(table(HEADER, *["LIV;8;positive"] * 2_000))

    assert (problem, rule) == ("value-unreadable", "rows: more lines than any report's table has (line 2001)")


CELL = st.text("LIV;|-8. positve\t~&^\\äß", max_size=12)


@given(st.lists(CELL, max_size=6))
def test_whatever_stands_in_a_table_it_is_read_or_held(lines):
    assert isinstance(outcome(table(HEADER, *lines), PLAIN), Extraction | Held)


SITES = st.sampled_from(["LIV", "NODE"])


@given(st.lists(st.tuples(SITES, st.integers(1, 99), st.sampled_from(["positive", "negative"])), max_size=8))
def test_no_row_is_lost_added_or_moved(lesions):
    found = rows(table(HEADER, *(";".join(map(str, one)) for one in lesions)))

    words = {"10200004": "LIV", "59441001": "NODE"}
    assert [(words[row.site], int(row.finding.suv.value.low), row.finding.uptake.value) for row in found] == lesions
