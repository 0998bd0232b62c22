"""The vectors of the clinical contract, row by row: to be read beside the published table."""

from decimal import Decimal

import pytest
from lesion_tables import NEGATIVE, POSITIVE, SILENT, UNKNOWN, Count, lesion, of_pattern, saw, studies, suv, times

from adapter.scoring.netpet import score
from adapter.scoring.result import Outcome, Policy

BOTH_NEGATIVE = studies(no_tumour_uptake=True)
INNUMERABLE, MULTIPLE = Count(3, None), Count(2, None)


def group_of(pattern, count, **facts):
    return [of_pattern(pattern, count=count, **facts)]


VECTORS = [
    # lesions, studies, grade, group, bounds
    ("none; both reports explicitly negative", [], BOTH_NEGATIVE, "P0", "P0", (0, 0)),
    ("none; nothing stated", [], None, None, None, None),
    ("none; only one report explicitly negative", [], studies({"no_tumour_uptake": True}), None, None, None),
    ("9 x SSTR+ FDG-", times(9, 1), None, "P1", "P1", (1, 1)),
    ("1 lesion FDG 3 vs SSTR 20", times(1, 2), None, "P2a", "P2-4", (2, 2)),
    ("2 lesions FDG 3 vs SSTR 20", times(2, 2), None, "P2a", "P2-4", (2, 2)),
    ("3 lesions FDG 3 vs SSTR 20", times(3, 2), None, "P2b", "P2-4", (2, 2)),
    ("FDG 8 = SSTR 8", times(1, 3), None, "P3a", "P2-4", (3, 3)),
    ("3 lesions FDG 12 vs SSTR 6", times(3, 4), None, "P4b", "P2-4", (4, 4)),
    ("1 lesion of pattern 4 and 5 of pattern 2", times(1, 4) + times(5, 2), None, "P4a", "P2-4", (4, 4)),
    ("1 x SSTR- FDG+ beside 20 x SSTR+ FDG-", times(1, 5) + times(20, 1), None, "P5", "P5", (5, 5)),
    ("no uptake on either (CT only) beside a pattern-1 lesion", times(1, 0) + times(1, 1), None, "P1", "P1", (1, 1)),
    (
        "silent on both, both lists exhaustive, beside a pattern-1 lesion",
        [lesion("ct", SILENT, SILENT), *times(1, 1)],
        studies(),
        "P1",
        "P1",
        (1, 1),
    ),
    ("SSTR+, FDG not mentioned", [lesion(sstr=POSITIVE, fdg=SILENT)], None, None, None, (1, 4)),
    ("a certain pattern 5 beside one unknown on both", [*times(1, 5), lesion("?")], None, "P5", "P5", (5, 5)),
    ("positive on both, no SUV, no relation", [lesion(sstr=POSITIVE, fdg=POSITIVE)], None, None, "P2-4", (2, 4)),
    ("FDG 4-9, SSTR 6", [lesion(sstr=saw(value=6), fdg=saw(value=suv(4, 9)))], None, None, "P2-4", (2, 4)),
    ("innumerable, pattern 2", group_of(2, INNUMERABLE), None, "P2b", "P2-4", (2, 2)),
    ("multiple, pattern 2", group_of(2, MULTIPLE), None, "P2", "P2-4", (2, 2)),
    ("grouped row, both positive, not paired", group_of(2, MULTIPLE, paired=False), None, None, None, (2, 5)),
]


@pytest.mark.parametrize(
    ("table", "pair", "grade", "group", "bounds"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS]
)
def test_a_vector_of_the_clinical_contract_has_its_grade_its_group_and_its_bounds(table, pair, grade, group, bounds):
    result = score(table, pair)

    assert (result.grade, result.group, result.bounds) == (grade, group, bounds)


@pytest.mark.parametrize(("tolerance", "grade"), [("0.10", "P3a"), ("0", "P4a")])
def test_fdg_8_4_against_sstr_8_0_is_equal_only_within_the_tolerance(tolerance, grade):
    table = [lesion(sstr=saw(value="8.0"), fdg=saw(value="8.4"))]

    assert score(table, policy=Policy(equality_tolerance=Decimal(tolerance))).grade == grade


@pytest.mark.parametrize(
    ("table", "outcome"),
    [
        (times(1, 1), Outcome.SCORED),
        ([lesion(sstr=POSITIVE, fdg=POSITIVE)], Outcome.GROUP_ONLY),
        ([lesion(sstr=POSITIVE)], Outcome.NOT_SCORABLE),
    ],
)
def test_a_result_is_scored_group_only_or_not_scorable(table, outcome):
    assert score(table).outcome is outcome


def test_a_result_that_is_not_scorable_is_always_looked_at_by_a_person():
    assert score([lesion(sstr=POSITIVE)]).review_required


def test_multiple_lesions_leave_the_suffix_undetermined():
    result = score(group_of(2, MULTIPLE))

    assert "suffix-undetermined" in result.reasons
    assert result.suffix is None
    assert result.base_grade == 2


def test_the_suffix_and_the_base_grade_are_parts_of_the_grade():
    result = score(times(3, 4))

    assert (result.base_grade, result.suffix, result.lesions_at_grade) == (4, "b", (3, 3))


def test_without_a_grade_there_is_no_base_grade_and_no_suffix():
    result = score([lesion(sstr=POSITIVE, fdg=POSITIVE)])

    assert (result.base_grade, result.suffix, result.lesions_at_grade) == (None, None, None)


def test_the_target_lesions_are_those_of_the_grades_own_pattern():
    assert score(times(1, 4) + times(5, 2)).target_lesions == ("p4-0",)


def test_where_the_grade_is_open_the_target_lesions_are_those_that_keep_it_open():
    table = [of_pattern(1, "sure"), lesion("open", POSITIVE, UNKNOWN), of_pattern(0, "nothing")]

    assert score(table).target_lesions == ("open",)


def test_a_lesion_that_cannot_raise_the_grade_is_no_target():
    table = [of_pattern(3, "three"), lesion("open", POSITIVE, NEGATIVE)]

    assert score(table).target_lesions == ("three",)


def test_the_policy_and_the_version_of_the_algorithm_travel_with_the_result():
    policy = Policy(equality_tolerance=Decimal("0.1"), interval_days=20)
    result = score(times(1, 1), policy=policy)

    assert result.policy is policy
    assert (result.algorithm, result.algorithm_version.count(".")) == ("netpet", 2)
