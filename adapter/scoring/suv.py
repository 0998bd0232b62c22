"""SUVs as intervals: which can be used, and what FDG against SSTR in one lesion allows (docs/clinical.md)."""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

from adapter.scoring.lesion import Interval, Suv
from adapter.scoring.reasons import Reason

IMPLAUSIBLE = Decimal(200)
"""Above this an SUV is kept and warned of: above 160 has been published."""

_EXACT = Context(prec=400, Emin=MIN_EMIN, Emax=MAX_EMAX)
"""Wide enough that no product of two stated numbers is ever rounded: a boundary is met or it is not."""

_NEAR_EQUAL_LOW = Decimal("0.75")
_NEAR_EQUAL_HIGH = Decimal("1.25")

EITHER_RELATION = frozenset({2, 3, 4})


def usable(suv: Suv | None, reasons: set[Reason]) -> Suv | None:
    """Turn a stated SUV into one that may be compared, or None; what is wrong with it is added to ``reasons``."""
    if suv is None:
        return None
    if not suv.unit_supported:
        reasons.add(Reason.SUV_UNIT_UNSUPPORTED)
        return None
    if suv.value.low is None and suv.value.high is None:
        reasons.add(Reason.SUV_INVALID)
        return None
    for end in (suv.value.low, suv.value.high):
        if end is None:
            continue
        if not end.is_finite() or end <= 0:
            reasons.add(Reason.SUV_INVALID)
            return None
        if end > IMPLAUSIBLE:
            reasons.add(Reason.SUV_IMPLAUSIBLE_HIGH)
    return suv


def comparable(sstr: Suv | None, fdg: Suv | None, reasons: set[Reason]) -> bool:
    """May the two SUVs be compared? Normalisations and statistics are never converted into one another."""
    if sstr is None or fdg is None:
        return False
    if sstr.type is not fdg.type:
        reasons.add(Reason.SUV_NORMALISATION_MISMATCH)
    if sstr.statistic is not fdg.statistic:
        reasons.add(Reason.SUV_STATISTIC_MISMATCH)
    return sstr.type is fdg.type and sstr.statistic is fdg.statistic


def relation_patterns(sstr: Interval, fdg: Interval, tolerance: Decimal) -> frozenset[int]:
    """Turn the two SUV intervals of one lesion into the patterns 2, 3, 4 that some pair of values in them would give.

    With R = FDG / SSTR: R < 1/(1+tolerance) is 2, R > 1+tolerance is 4, between (both ends included) is 3. All
    comparisons are made on exact products, never on a rounded quotient.
    """
    factor = _EXACT.add(Decimal(1), tolerance)
    patterns = set()
    if _lowest_below_highest(fdg, sstr, factor):
        patterns.add(2)
    if _lowest_below_highest(sstr, fdg, factor):
        patterns.add(4)
    if _meet(sstr, fdg, factor) and _meet(fdg, sstr, factor):
        patterns.add(3)
    return frozenset(patterns)


def _lowest_below_highest(one: Interval, other: Interval, factor: Decimal) -> bool:
    """Is there a value of ``one`` that, times the factor, is still less than some value of ``other``?"""
    if one.low is None or other.high is None:
        return True
    return _EXACT.multiply(one.low, factor) < other.high


def _meet(one: Interval, other: Interval, factor: Decimal) -> bool:
    """Is there a value of ``one`` that is at most the factor times some value of ``other``?"""
    if one.low is None or other.high is None:
        return True
    reach = _EXACT.multiply(other.high, factor)
    if one.low == reach:
        return not (one.low_open or other.high_open)
    return one.low < reach


def near_equal(sstr: Interval, fdg: Interval) -> bool:
    """Does FDG / SSTR lie within 25 % of 1, whatever values of the intervals are taken?"""
    if sstr.low is None or sstr.high is None or fdg.low is None or fdg.high is None:
        return False
    far_below = fdg.low < _EXACT.multiply(_NEAR_EQUAL_LOW, sstr.high)
    far_above = fdg.high > _EXACT.multiply(_NEAR_EQUAL_HIGH, sstr.low)
    return not (far_below or far_above)


def surely_above(suv: Suv, reference: Decimal) -> bool:
    """Is every value that the SUV may have greater than the reference?"""
    low = suv.value.low
    return low is not None and (low > reference or (low == reference and suv.value.low_open))


def surely_not_above(suv: Suv, reference: Decimal) -> bool:
    """Is no value that the SUV may have greater than the reference?"""
    high = suv.value.high
    return high is not None and high <= reference
