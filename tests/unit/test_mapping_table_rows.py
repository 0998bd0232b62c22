"""A table inside a text: each line below its header is a row, and what it leaves empty is not stated."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapping_messages import held, report, site_oru
from table_reports import HEADER, PLAIN, mapping, rows, rule_of, table, text

from adapter.scoring.lesion import Interval, Nature, Uptake


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


def test_facts_of_the_report_come_from_their_own_observations():
    told = mapping(more="report: {lesions_complete: {obx: [ALL^^99STE]}}\n")
    found = report(site_oru(text(HEADER, "LIV;8;positive"), ("ST", "ALL^^99STE", "", "yes")), told)

    assert found.study.lesions_complete


SITES = st.sampled_from(["LIV", "NODE"])


@given(st.lists(st.tuples(SITES, st.integers(1, 99), st.sampled_from(["positive", "negative"])), max_size=8))
def test_no_row_is_lost_added_or_moved(lesions):
    found = rows(table(HEADER, *(";".join(map(str, one)) for one in lesions)))

    words = {"10200004": "LIV", "59441001": "NODE"}
    assert [(words[row.site], int(row.finding.suv.value.low), row.finding.uptake.value) for row in found] == lesions
