"""Karfis C1-C3 and Zidan 1-4 from the same lesion table, against an oracle that tries every completion."""

from itertools import combinations_with_replacement, product

import pytest
from lesion_tables import (
    FDG,
    NEGATIVE,
    POSITIVE,
    SSTR,
    UNKNOWN,
    Count,
    Nature,
    SuvStatistic,
    SuvType,
    lesion,
    of_pattern,
    saw,
    studies,
    study,
    suv,
)

from adapter.scoring.lesion import Interval, Suv
from adapter.scoring.netpet import score
from adapter.scoring.studies import StudyPair

CALLS = ("positive", "negative", "unknown")
WITH_LIVER = studies({"liver_suv": suv(5)}, {"liver_suv": suv(2)})


def karfis_rule(lesions):
    """The published rule, for a list of (SSTR, FDG) that holds no unknown."""
    fdg_positive = [sstr for sstr, fdg in lesions if fdg == "positive"]
    if fdg_positive:
        return "C2" if all(sstr == "positive" for sstr in fdg_positive) else "C3"
    return "C1" if lesions and all(sstr == "positive" for sstr, _ in lesions) else None


def readings(sstr, fdg, uncertain, split):
    ways = list(product(*(("positive", "negative") if call == "unknown" else (call,) for call in (sstr, fdg))))
    ways += [("negative", "positive")] * (split and "negative" not in (sstr, fdg))
    return ways + [None] * uncertain


def karfis_expected(rows):
    found = {karfis_rule([way for way in ways if way]) for ways in product(*(readings(*facts) for facts in rows))}
    return found.pop() if len(found) == 1 else None


def build(place, facts):
    sstr, fdg, uncertain, split = facts
    nature = Nature.UNCERTAIN if uncertain else Nature.TUMOUR
    return lesion(f"L{place}", saw(sstr), saw(fdg), nature=nature, count=Count(2, 2), paired=not split)


EVERY_ROW = list(product(CALLS, CALLS, (False, True), (False, True)))


def test_karfis_is_given_exactly_when_every_completion_agrees():
    tables = [rows for number in (1, 2, 3) for rows in combinations_with_replacement(EVERY_ROW, number)]

    wrong = [
        rows for rows in tables if score([build(*each) for each in enumerate(rows)]).karfis != karfis_expected(rows)
    ]

    assert wrong == []


def test_no_lesion_has_no_companion_scale():
    result = score([], studies(no_tumour_uptake=True, liver_suv=suv(5)))

    assert (result.karfis, result.zidan) == (None, None)


def zidan(*table, pair=WITH_LIVER):
    return score(list(table), pair).zidan


LOW, HIGH = saw(value=1), saw(value=30)


@pytest.mark.parametrize(
    ("sstr", "fdg", "grade"),
    [
        (NEGATIVE, NEGATIVE, 1),
        (LOW, LOW, 1),
        (HIGH, NEGATIVE, 2),
        (HIGH, LOW, 2),
        (HIGH, HIGH, 3),
        (LOW, HIGH, 4),
        (NEGATIVE, HIGH, 4),
        (saw(krenning=3), saw(krenning=4), 3),
        (saw(krenning=2), saw(krenning=3), 4),
        (saw(krenning=3), saw(krenning=2), 2),
        (saw(krenning=2), saw(krenning=2), 1),
        (saw("silent", krenning=4), saw("silent", krenning=0), 2),
        (saw(value=5), NEGATIVE, 1),
        (saw(value=suv("5.1")), NEGATIVE, 2),
        (saw(value=suv(4, 6)), NEGATIVE, None),
        (POSITIVE, NEGATIVE, None),
        (HIGH, POSITIVE, None),
        (HIGH, UNKNOWN, None),
        (UNKNOWN, HIGH, None),
        (saw(value=suv(30, type=SuvType.LEAN_BODY_MASS)), NEGATIVE, None),
    ],
)
def test_zidan_counts_uptake_above_the_liver_on_both_tracers(sstr, fdg, grade):
    assert zidan(lesion("L1", sstr, fdg)) == grade


def test_a_peak_or_mean_that_is_not_above_the_livers_maximum_says_nothing():
    below = saw(value=suv(4, statistic=SuvStatistic.MEAN))

    assert zidan(lesion("L1", below, NEGATIVE)) is None


def test_a_value_within_the_livers_range_is_neither_above_it_nor_not():
    liver = studies({"liver_suv": suv(4, 6)}, {"liver_suv": suv(2)})

    assert [zidan(lesion("L1", saw(value=value), NEGATIVE), pair=liver) for value in (4, 5, 6, 7)] == [1, None, None, 2]


def test_zidan_is_the_highest_of_any_lesion():
    table = [lesion("1", NEGATIVE, NEGATIVE), lesion("2", HIGH, NEGATIVE), lesion("3", HIGH, HIGH)]

    assert [zidan(*table[: number + 1]) for number in range(3)] == [1, 2, 3]
    assert zidan(*table, lesion("4", LOW, HIGH)) == 4


def test_zidan_4_stands_whatever_an_unknown_lesion_is():
    assert zidan(lesion("1", NEGATIVE, HIGH), lesion("2")) == 4


def test_a_lesion_that_may_be_no_tumour_leaves_zidan_open():
    assert zidan(lesion("1", HIGH, NEGATIVE, nature=Nature.UNCERTAIN)) is None
    assert zidan(lesion("1", NEGATIVE, NEGATIVE, nature=Nature.UNCERTAIN)) == 1


def test_a_grouped_row_that_is_not_paired_leaves_zidan_open():
    assert zidan(lesion("1", HIGH, HIGH, count=Count(2, 2), paired=False)) is None


@pytest.mark.parametrize(
    "pair",
    [
        None,
        studies(),
        studies({"liver_suv": suv(5)}),
        studies(fdg={"liver_suv": suv(2)}),
        StudyPair(study(SSTR, liver_suv=suv(5)), None),
        StudyPair(None, study(FDG, liver_suv=suv(5))),
    ],
)
def test_zidan_needs_the_livers_suv_on_both_scans(pair):
    assert zidan(lesion("L1", saw(krenning=4), saw(krenning=4)), pair=pair) is None


@pytest.mark.parametrize(
    "liver",
    [suv(5, type=SuvType.LEAN_BODY_MASS), suv(0), suv(5, unit_supported=False), Suv(Interval.above(suv(3).value.low))],
)
def test_a_livers_suv_that_cannot_be_compared_leaves_zidan_open(liver):
    assert zidan(lesion("L1", HIGH, NEGATIVE), pair=studies({"liver_suv": liver}, {"liver_suv": suv(2)})) is None


def test_a_score_that_is_forbidden_gives_no_companion_scale():
    pair = studies(liver_suv=suv(5), therapy=True)

    assert (score([of_pattern(2)], pair).karfis, score([of_pattern(2)], pair).zidan) == (None, None)
