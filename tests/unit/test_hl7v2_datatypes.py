"""OBX-2 says how OBX-5 is read; what is not of its declared type is refused with its place, never guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.datatypes import (
    Coded,
    Number,
    Precision,
    Ratio,
    SubId,
    Text,
    Unsupported,
    observation_values,
    parse_decimal,
    parse_interval,
    parse_size,
    parse_timestamp,
    sub_id,
)
from adapter.hl7v2.encoding import STANDARD
from adapter.hl7v2.message import MessageError, Segment
from adapter.outcome import Problem
from adapter.scoring.lesion import Interval


def obx(datatype: str, value: str, row: str = "") -> Segment:
    return Segment("OBX", 3, f"OBX|3|{datatype}|a^b^c|{row}|{value}|mm|||||F".split("|"), STANDARD)


def values(datatype: str, value: str, **sender: bool) -> tuple[object, ...]:
    return observation_values(obx(datatype, value), **sender)


def exactly(text: str) -> Interval:
    return Interval.exactly(Decimal(text))


NUMBERS = [
    ("NM", "3.0", exactly("3.0")),
    ("NM", " 3 ", exactly("3")),
    ("NM", "+3.5", exactly("3.5")),
    ("NM", "-1", exactly("-1")),
    ("NM", ".5", exactly("0.5")),
    ("NM", "5.", exactly("5")),
    ("NM", "<5", Interval.below(Decimal(5))),
    ("NM", "4-9", Interval(Decimal(4), Decimal(9))),
    ("SN", "^10", exactly("10")),
    ("SN", "=^10", exactly("10")),
    ("SN", "10", exactly("10")),
    ("SN", ">10", Interval.above(Decimal(10))),
    ("SN", ">^100", Interval.above(Decimal(100))),
    ("SN", ">=^3", Interval.above(Decimal(3), inclusive=True)),
    ("SN", "<^2.5", Interval.below(Decimal("2.5"))),
    ("SN", "<=^2.5", Interval.below(Decimal("2.5"), inclusive=True)),
    ("SN", "^100^-^200", Interval(Decimal(100), Decimal(200))),
    ("NR", "4^9", Interval(Decimal(4), Decimal(9))),
    ("NR", "4^", Interval(Decimal(4), None)),
    ("NR", "^9", Interval(None, Decimal(9))),
]


@pytest.mark.parametrize(("datatype", "value", "interval"), NUMBERS)
def test_a_number_is_an_interval(datatype, value, interval):
    assert values(datatype, value) == (Number(interval),)


@pytest.mark.parametrize("value", ["^1^:^228", "^1^/^228"])
def test_a_structured_ratio_keeps_its_two_numbers(value):
    assert values("SN", value) == (Ratio(Decimal(1), Decimal(228), value[3]),)


@pytest.mark.parametrize(("value", "text"), [("^2^+", "2+"), ("<>^5", "<>5")])
def test_a_structured_number_that_is_no_interval_is_text(value, text):
    assert values("SN", value) == (Text(text),)


UNREADABLE = [
    ("NM", "5 mm"),
    ("NM", "3,5"),
    ("NM", "1e3"),
    ("NM", "nan"),
    ("NM", "inf"),
    ("NM", "1_000"),
    ("NM", "٣"),
    ("NM", "three"),
    ("NM", "9-4"),
    ("NM", "<"),
    ("NM", "<<5"),
    ("NM", "1" * 33),
    ("NM", "3^5"),
    ("SN", "^ten"),
    ("SN", "~^"),
    ("SN", "!^5"),
    ("SN", ">^10^-^14"),
    ("SN", "^14^-^10"),
    ("SN", "^10^-"),
    ("SN", "^10^.^5"),
    ("SN", "^2^+^3"),
    ("SN", "^10^^14"),
    ("NR", "9^4"),
    ("NR", "a^4"),
    ("CWE", "^^"),
    ("CE", "^^^^"),
    ("DT", "2026-11-20"),
    ("DT", "20261320"),
    ("TS", "20261120250000"),
    ("DTM", "20261120101500+1500"),
    ("DTM", "20261120101500+0160"),
    ("DTM", "yesterday"),
]


@pytest.mark.parametrize(("datatype", "value"), UNREADABLE)
def test_a_value_that_is_not_of_its_type_is_refused_with_its_place_and_without_itself(datatype, value):
    with pytest.raises(MessageError) as caught:
        values(datatype, value)
    assert caught.value.problem is Problem.VALUE_UNREADABLE
    assert (caught.value.place.segment, caught.value.place.sequence, caught.value.place.field) == ("OBX", 3, 5)
    assert len(value) < 4 or value not in str(caught.value)


def test_the_second_repetition_is_named():
    with pytest.raises(MessageError) as caught:
        values("NM", "3~x")
    assert str(caught.value) == "OBX[3]-5(2): not a decimal number (NM)"


@pytest.mark.parametrize("datatype", ["CWE", "CE", "CNE", "CF", "cwe"])
def test_a_coded_value_has_its_alternates(datatype):
    assert values(datatype, "1^liver^SCT^T-62000^Liver^SNM") == (
        Coded("1", "liver", "SCT", (Coded("T-62000", "Liver", "SNM"),)),
    )


def test_a_coded_value_may_have_a_second_alternate_from_v2_7():
    assert values("CWE", "1^liver^SCT^^^^^^^2^Leber^L") == (Coded("1", "liver", "SCT", (Coded("2", "Leber", "L"),)),)


def test_a_coded_value_may_be_a_text_alone():
    assert values("CWE", "^MASS LEFT LOWER LOBE") == (Coded("", "MASS LEFT LOWER LOBE"),)


@pytest.mark.parametrize("datatype", ["IS", "ID"])
def test_a_plain_code_is_a_code_without_a_system(datatype):
    assert values(datatype, "POS") == (Coded("POS"),)


@pytest.mark.parametrize("datatype", ["ST", "TX", "FT"])
def test_text_is_all_of_it_unescaped(datatype):
    assert values(datatype, "a^b & c\\.br\\d\\F\\") == (Text("a^b & c\nd|"),)


def test_each_repetition_is_a_value_and_empty_ones_are_none():
    assert values("NM", '3~~""~4') == (Number(exactly("3")), Number(exactly("4")))


@pytest.mark.parametrize("value", ["", '""'])
def test_an_empty_or_null_field_has_no_value(value):
    assert values("NM", value) == ()


@pytest.mark.parametrize("datatype", ["ED", "RP", "CX", "XYZ", ""])
def test_a_type_that_is_not_read_is_listed(datatype):
    assert values(datatype, "a^b") == (Unsupported(datatype),)


@pytest.mark.parametrize("datatype", ["DT", "TS", "DTM"])
def test_a_moment_is_read_and_its_degree_of_precision_left_out(datatype):
    (moment,) = values(datatype, "20261120^D")
    assert (moment.precision, moment.zone_known) == (Precision.DAY, False)


@pytest.mark.parametrize(
    ("text", "number"),
    [("3,5", "3.5"), (",5", "0.5"), ("3", "3"), ("3.5", "3.5"), ("1.2345", "1.2345"), ("-2,25", "-2.25")],
)
def test_a_decimal_comma_is_read_where_the_sender_uses_it(text, number):
    assert parse_decimal(text, decimal_comma=True) == Decimal(number)


@pytest.mark.parametrize("text", ["1.234", "12.345.678", "1.234,5", "1,2,3", "3,"])
def test_what_may_be_a_thousand_is_refused_where_the_comma_is_decimal(text):
    with pytest.raises(ValueError, match="decimal number"):
        parse_decimal(text, decimal_comma=True)


def test_the_decimal_comma_reaches_every_numeric_type():
    half = Number(exactly("0.5"))
    assert values("NM", "0,5", decimal_comma=True) == (half,)
    assert values("SN", "^0,5~0,5", decimal_comma=True) == (half, half)
    assert values("NR", "0,5^", decimal_comma=True) == (Number(Interval(Decimal("0.5"), None)),)


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("12", exactly("12")),
        ("=12", exactly("12")),
        ("<2.5", Interval.below(Decimal("2.5"))),
        ("< 2.5", Interval.below(Decimal("2.5"))),
        ("≤2.5", Interval.below(Decimal("2.5"), inclusive=True)),
        (">=3", Interval.above(Decimal(3), inclusive=True)),
        ("≥3", Interval.above(Decimal(3), inclusive=True)),
        ("4-9", Interval(Decimal(4), Decimal(9))),
        ("4 – 9", Interval(Decimal(4), Decimal(9))),
        ("4-4", exactly("4")),
        ("-3", exactly("-3")),
    ],
)
def test_an_interval_is_read_as_written(text, interval):
    assert parse_interval(text) == interval


@pytest.mark.parametrize("text", ["", "ca. 5", "5+", "~5", "4 to 9", "9-4", "<4-9", "4-9-12", "<\n5"])
def test_an_interval_that_is_not_settled_is_refused(text):
    with pytest.raises(ValueError, match=r"number|range"):
        parse_interval(text)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_refused_without_being_quoted(text):
    for parse in (parse_decimal, parse_interval, parse_size, parse_timestamp):
        try:
            parse(text)
        except ValueError as error:
            problem = str(error)
        else:
            problem = ""
        assert len(text) < 8 or text not in problem


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**6), max_value=10**6))
def test_every_written_decimal_comes_back(number):
    assert parse_decimal(str(number)) == number


@pytest.mark.parametrize(
    ("row", "parts", "key"),
    [
        ("1", ("1",), "1"),
        ("1.2", ("1", "2"), "1"),
        ("1.1.3", ("1", "1", "3"), "1"),
        ("B", ("B",), "B"),
        ("1^2^3", ("2", "3"), "2"),
        ("^1^3", ("1", "3"), "1"),
        ("^1", ("1",), "1"),
        ("1.2^", ("1", "2"), "1"),
        ("", (), ""),
        ('""', (), ""),
        (" 1 ", ("1",), "1"),
    ],
)
def test_the_row_of_an_observation_is_a_projection_of_obx_4(row, parts, key):
    found = sub_id(obx("ST", "x", row))
    assert (found.parts, found.projection()) == (parts, key)


def test_a_deeper_projection_joins_more_parts():
    assert SubId("1.2.3", ("1", "2", "3")).projection(2) == "1.2"
