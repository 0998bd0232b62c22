"""FDG against SSTR by interval arithmetic: exact at every boundary, against an oracle of single numbers."""

from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from lesion_tables import suv

from adapter.scoring.lesion import Interval
from adapter.scoring.suv import near_equal, relation_patterns, surely_above, surely_not_above, usable

TOLERANCES = ("0", "0.1", "0.25", "1")


def relation(sstr, fdg, tolerance="0"):
    return sorted(relation_patterns(interval(sstr), interval(fdg), Decimal(tolerance)))


def interval(text):
    """``8``, ``4-9``, ``<2.5``, ``<=2.5``, ``>4``, ``>=4`` as a report writes them."""
    for sign, build in (("<", Interval.below), (">", Interval.above)):
        if text.startswith(sign):
            return build(Decimal(text.lstrip("<>=")), inclusive="=" in text)
    low, _, high = text.partition("-")
    return Interval(Decimal(low), Decimal(high or low))


@pytest.mark.parametrize(
    ("sstr", "fdg", "tolerance", "patterns"),
    [
        ("20", "3", "0", [2]),
        ("8", "8", "0", [3]),
        ("8.0", "8.00", "0", [3]),
        ("6", "12", "0", [4]),
        ("8", "8.4", "0", [4]),
        ("8", "8.4", "0.1", [3]),
        ("10", "11", "0.1", [3]),
        ("10", "11.0000000000000000000000000000000001", "0.1", [4]),
        ("11", "10", "0.1", [3]),
        ("11.0000000000000000000000000000000001", "10", "0.1", [2]),
        ("3", "1", "2", [3]),
        ("3", "0.9999999999999999999999999999999999", "2", [2]),
        ("6", "4-9", "0", [2, 3, 4]),
        ("6", "6-9", "0", [3, 4]),
        ("6", "4-6", "0", [2, 3]),
        ("6", "7-9", "0", [4]),
        ("4-6", "7-9", "0", [4]),
        ("4-8", "7-9", "0", [2, 3, 4]),
        ("2.5", "<2.5", "0", [2]),
        ("2.5", "<=2.5", "0", [2, 3]),
        ("2.5", ">2.5", "0", [4]),
        ("2.5", ">=2.5", "0", [3, 4]),
        ("<2.5", "2.5", "0", [4]),
        ("<=2.5", "2.5", "0", [3, 4]),
        (">2.5", "2.5", "0", [2]),
        (">=2.5", "2.5", "0", [2, 3]),
        (">2.5", "<2.5", "0", [2]),
        ("<2.5", ">2.5", "0", [4]),
        (">=2.5", "<=2.5", "0", [2, 3]),
        ("<2.5", "<2.5", "0", [2, 3, 4]),
        (">2.5", ">2.5", "0", [2, 3, 4]),
        ("10", "<11", "0.1", [2, 3]),
        ("10", ">11", "0.1", [4]),
        ("10", ">=11", "0.1", [3, 4]),
        ("11", "<10", "0.1", [2]),
        ("11", "<=10", "0.1", [2, 3]),
    ],
)
def test_the_relation_is_exact_at_the_ends_of_intervals_and_of_the_tolerance(sstr, fdg, tolerance, patterns):
    assert relation(sstr, fdg, tolerance) == patterns


def pattern_of_point(sstr, fdg, tolerance):
    ratio, reach = Fraction(fdg) / Fraction(sstr), 1 + Fraction(tolerance)
    if ratio < 1 / reach:
        return 2
    return 4 if ratio > reach else 3


def test_two_numbers_have_the_pattern_of_their_exact_ratio():
    values = [Decimal(tenths) / 10 for tenths in (1, 3, 7, 9, 10, 11, 12, 20, 30, 33, 110, 121)]
    cases = list(product(values, values, TOLERANCES))

    wrong = [case for case in cases if relation(str(case[0]), str(case[1]), case[2]) != [pattern_of_point(*case)]]

    assert wrong == []


def members(text):
    """Enough numbers of an interval to meet every pattern that it may have: its ends and a fine grid."""
    found = interval(text)
    low = Fraction(found.low) if found.low is not None else Fraction(1, 1000)
    high = Fraction(found.high) if found.high is not None else Fraction(1000)
    inner = [low + (high - low) * Fraction(step, 3000) for step in range(1, 3000)]
    ends = [low] * (not found.low_open) + [high] * (not found.high_open)
    return inner + ends


@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize("fdg", ["4-9", "6-9", "<6", "<=6", ">6", ">=6", "<3", ">12", ">=12", "3-6", "<=3"])
def test_an_interval_has_the_patterns_of_all_numbers_in_it(fdg, tolerance):
    found = {pattern_of_point(6, member, tolerance) for member in members(fdg)}

    assert relation("6", fdg, tolerance) == sorted(found)


@pytest.mark.parametrize(
    ("sstr", "fdg", "near"),
    [
        ("8-10", "8-10", True),
        ("8-10", "7-10", False),
        ("8-10", "8-10.1", False),
        ("10", "<10", False),
        ("<10", "10", False),
        (">10", "10", False),
        ("10", ">10", False),
    ],
)
def test_two_intervals_are_near_equal_only_where_every_value_in_them_is(sstr, fdg, near):
    assert near_equal(interval(sstr), interval(fdg)) is near


@pytest.mark.parametrize(
    ("value", "above", "not_above"),
    [("5", False, True), ("5.1", True, False), ("4-6", False, False), ("4-5", False, True), (">5", True, False),
     (">=5", False, False), ("<5", False, True), ("<=5", False, True), ("<6", False, False)],
)  # fmt: skip
def test_a_value_is_surely_above_a_reference_surely_not_or_neither(value, above, not_above):
    stated = suv(1)
    stated = type(stated)(interval(value))

    assert (surely_above(stated, Decimal(5)), surely_not_above(stated, Decimal(5))) == (above, not_above)


def test_no_number_is_too_small_or_too_long_to_be_exact():
    tiny = Interval.exactly(Decimal("1e-2000000"))
    longer = Interval.exactly(Decimal("11.0000000000000000000000000000005"))

    assert relation_patterns(tiny, tiny, Decimal(0)) == {3}
    assert relation_patterns(Interval.exactly(Decimal(10)), longer, Decimal("0.1000000000000000000000000000001")) == {3}


def test_an_suv_that_is_not_stated_is_not_usable_and_raises_nothing():
    reasons = set()

    assert usable(None, reasons) is None
    assert reasons == set()


def test_an_suv_without_any_end_was_stated_and_is_no_number():
    reasons = set()
    stated = type(suv(1))(Interval(None, None))

    assert usable(stated, reasons) is None
    assert reasons == {"suv-invalid"}


@pytest.mark.parametrize(("text", "point"), [("8", True), ("4-9", False), ("<4", False), (">4", False)])
def test_only_one_exact_number_is_a_point(text, point):
    assert interval(text).is_point is point


@pytest.mark.parametrize("text", ["<0", "<=0", ">0"])
def test_a_comparator_at_zero_is_dropped(text):
    reasons = set()

    assert usable(type(suv(1))(interval(text)), reasons) is None
    assert reasons == {"suv-invalid"}
