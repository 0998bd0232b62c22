"""A size is its long axis in millimetres, or it is refused: a number without its unit is no size."""

from decimal import Decimal

import pytest

from adapter.hl7v2.datatypes import parse_size


@pytest.mark.parametrize(
    ("text", "unit", "long_axis"),
    [
        ("4mmx6mm", "", "6"),
        ("6 mm x 4 mm", "", "6"),
        ("4mm x 6", "", "6"),
        ("1.2 x 0.9 cm", "", "12"),
        ("1.2cm x 9mm", "", "12"),
        ("4 x 6 x 8 mm", "", "8"),
        ("4×6 MM", "", "6"),
        ("4*6", "mm", "6"),
        ("23", "mm", "23"),
        ("2.3", "CM", "23"),
        ("2.3 cm", "mm", "23"),
    ],
)
def test_the_long_axis_is_the_larger_one_in_millimetres(text, unit, long_axis):
    assert parse_size(text, unit).long_axis == Decimal(long_axis)


def test_the_axes_keep_their_order():
    assert parse_size("4mmx6mm").axes == (Decimal(4), Decimal(6))


def test_a_size_may_have_a_decimal_comma():
    assert parse_size("1,2 x 0,9 cm", decimal_comma=True).long_axis == Decimal(12)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("4x6", ""),
        ("4 x 6", "in"),
        ("4x6x8x9 mm", ""),
        ("large", "mm"),
        ("4mm x 6cm x 5", ""),
        ("4 x", "mm"),
        ("1.2.3", "mm"),
        ("", "mm"),
    ],
)
def test_a_size_that_is_not_settled_is_refused(text, unit):
    with pytest.raises(ValueError, match=r"size|number"):
        parse_size(text, unit)
