"""What one lesion row states, and what becomes of it: the edge cases of the clinical contract that one row can show."""

from decimal import Decimal

import pytest
from lesion_tables import (
    NEGATIVE,
    POSITIVE,
    SILENT,
    Count,
    Nature,
    Relation,
    SuvStatistic,
    SuvType,
    lesion,
    of_pattern,
    saw,
    studies,
    suv,
)

from adapter.scoring.netpet import score
from adapter.scoring.report import SuvCutoff
from adapter.scoring.result import Outcome, Policy

ONE, BOTH = (1,), (2, 3, 4)


def shown(fdg, sstr=POSITIVE, pair=None, policy=None, **facts):
    """The patterns and reasons of one lesion."""
    result = score([lesion("L1", sstr, fdg, **facts)], pair, policy)
    return result.patterns["L1"], result.reasons


@pytest.mark.parametrize(
    ("fdg", "patterns", "reasons"),
    [
        (saw("positive"), (2, 3, 4), ()),
        (saw("negative"), (1,), ()),
        (saw("unknown"), (1, 2, 3, 4), ("lesion-status-unknown",)),
        (saw("not-evaluable"), (1, 2, 3, 4), ("lesion-status-unknown",)),
        (saw("equivocal"), (1, 2, 3, 4), ("equivocal-lesion",)),
        (SILENT, (1, 2, 3, 4), ("lesion-status-unknown",)),
        (saw("silent", krenning=0), (1,), ()),
        (saw("silent", krenning=1), (1, 2, 3, 4), ("equivocal-lesion",)),
        (saw("silent", krenning=2), (2, 3, 4), ()),
        (saw("silent", krenning=3), (2, 3, 4), ()),
        (saw("unknown", krenning=4), (2, 3, 4), ()),
        (saw("unknown", krenning=0), (1,), ()),
        (saw("silent", sstr_rads="3A"), (1, 2, 3, 4), ("equivocal-lesion",)),
        (saw("silent", sstr_rads="5"), (1, 2, 3, 4), ("lesion-status-unknown",)),
        (saw("not-evaluable", krenning=4), (1, 2, 3, 4), ("lesion-status-unknown",)),
        (saw("equivocal", krenning=4), (1, 2, 3, 4), ("equivocal-lesion",)),
        (saw("positive", krenning=1), (2, 3, 4), ()),
        (saw("negative", krenning=3), (1,), ()),
        (saw("negative", sstr_rads="3B"), (1,), ()),
        (saw("positive", in_field=False), (1, 2, 3, 4), ("outside-field-of-view",)),
        (saw("silent", in_field=False), (1, 2, 3, 4), ("outside-field-of-view",)),
        (saw("silent", 8), (1, 2, 3, 4), ("lesion-status-unknown",)),
    ],
)
def test_the_readers_call_comes_before_krenning_and_nothing_else_is_a_call(fdg, patterns, reasons):
    assert shown(fdg) == (patterns, reasons)


def test_a_lesion_on_one_report_silent_on_the_other_is_unknown():
    assert shown(SILENT, pair=studies(lesions_complete=None)) == (
        (1, 2, 3, 4),
        ("lesion-list-completeness-unknown", "lesion-status-unknown"),
    )


def test_silence_is_negative_where_that_report_states_that_its_list_is_exhaustive():
    assert shown(SILENT, pair=studies()) == ((1,), ("negative-by-exhaustive-statement",))


def test_silence_is_negative_where_that_report_states_that_there_is_no_tumour_uptake():
    pair = studies({"lesions_complete": None}, {"lesions_complete": None, "no_tumour_uptake": True})

    assert shown(SILENT, pair=pair) == ((1,), ("negative-by-exhaustive-statement",))


def test_the_other_reports_exhaustive_statement_does_not_make_silence_negative():
    assert shown(SILENT, pair=studies(fdg={"lesions_complete": None}))[0] == (1, 2, 3, 4)


@pytest.mark.parametrize("fdg", [saw("unknown"), saw("equivocal"), saw("not-evaluable"), saw("silent", in_field=False)])
def test_an_exhaustive_list_does_not_settle_what_it_mentions_or_could_not_see(fdg):
    assert shown(fdg, pair=studies())[0] == (1, 2, 3, 4)


REFERENCES = {"liver_suv": suv(6), "spleen_suv": suv(8), "blood_pool_suv": suv(2)}


@pytest.mark.parametrize(
    ("value", "references", "patterns"),
    [
        (suv("6.01"), ("liver",), (2, 3, 4)),
        (suv(6), ("liver",), (1, 2, 3, 4)),
        (suv(1), ("liver",), (1, 2, 3, 4)),
        (suv(7), ("spleen",), (1, 2, 3, 4)),
        (suv(7), ("liver", "spleen"), (2, 3, 4)),
        (suv(3), ("liver", "spleen"), (1, 2, 3, 4)),
        (suv(3), ("blood-pool",), (2, 3, 4)),
        (suv(99), (), (1, 2, 3, 4)),
        (suv(5, 9), ("liver",), (1, 2, 3, 4)),
        (suv(7, 9), ("liver",), (2, 3, 4)),
        (suv(7, statistic=SuvStatistic.PEAK), ("liver",), (1, 2, 3, 4)),
        (suv(7, type=SuvType.LEAN_BODY_MASS), ("liver",), (1, 2, 3, 4)),
    ],
)
def test_an_suvmax_above_the_sites_reference_tissue_is_uptake_and_one_that_is_not_proves_nothing(
    value, references, patterns
):
    policy = Policy(positivity_references=references)

    assert shown(saw("silent", value), pair=studies(**REFERENCES), policy=policy)[0] == patterns


def test_a_reference_tissue_of_the_other_report_is_not_used():
    assert shown(saw("silent", 7), pair=studies(sstr=REFERENCES))[0] == (1, 2, 3, 4)


def test_krenning_comes_before_the_suv():
    assert shown(saw("silent", 99, krenning=0), pair=studies(**REFERENCES)) == ((1,), ())


@pytest.mark.parametrize(("value", "patterns"), [("2.5", (1, 2, 3, 4)), ("2.51", (2, 3, 4))])
def test_a_cut_off_that_the_site_signed_makes_a_higher_suvmax_positive(value, patterns):
    pair = studies(fdg={"suv_cutoff": SuvCutoff(Decimal("2.5"), "Dr Roe")})

    assert shown(saw("silent", value), pair=pair)[0] == patterns


def test_without_a_signed_cut_off_a_bare_suv_is_no_call():
    assert shown(saw("silent", 50), pair=studies())[0] == (1, 2, 3, 4)


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity"])
def test_an_suv_that_is_no_number_above_zero_is_dropped_and_the_call_stays(value):
    assert shown(saw("positive", value), saw("positive", 6)) == ((2, 3, 4), ("suv-invalid",))


@pytest.mark.parametrize(("value", "reasons"), [("200", ()), ("200.1", ("suv-implausible-high",))])
def test_an_suv_above_200_is_kept_and_warned_of(value, reasons):
    assert shown(saw("positive", 3), saw("positive", value)) == ((2,), reasons)


def test_a_unit_that_is_not_an_suv_makes_the_value_unusable_and_the_call_stays():
    foreign = suv(3, unit_supported=False)

    assert shown(saw("positive", foreign), saw("positive", 6)) == ((2, 3, 4), ("suv-unit-unsupported",))


def test_two_normalisations_are_never_compared():
    lean = suv(3, type=SuvType.LEAN_BODY_MASS)

    assert shown(saw("positive", lean), saw("positive", 6)) == ((2, 3, 4), ("suv-normalisation-mismatch",))


@pytest.mark.parametrize("statistic", [SuvStatistic.PEAK, SuvStatistic.MEAN])
def test_two_statistics_are_never_compared(statistic):
    other = suv(3, statistic=statistic)

    assert shown(saw("positive", other), saw("positive", 6)) == ((2, 3, 4), ("suv-statistic-mismatch",))


def test_suvs_that_differ_in_both_are_told_of_in_both():
    other = suv(3, statistic=SuvStatistic.MEAN, type=SuvType.BODY_SURFACE)

    assert shown(saw("positive", other), saw("positive", 6))[1] == (
        "suv-normalisation-mismatch",
        "suv-statistic-mismatch",
    )


def test_the_readers_word_on_the_relation_comes_before_the_suvs():
    assert shown(saw("positive", 3), saw("positive", 6), relation=Relation.FDG_HIGHER) == ((4,), ())


@pytest.mark.parametrize("grade", [-1, 5, 99])
def test_a_krenning_grade_that_the_scale_does_not_have_is_no_call(grade):
    assert shown(saw("silent", krenning=grade)) == ((1, 2, 3, 4), ("lesion-status-unknown",))


def test_a_cut_off_that_nobody_signed_is_no_cut_off():
    pair = studies(fdg={"suv_cutoff": SuvCutoff(Decimal("2.5"), "")})

    assert shown(saw("silent", 6), pair=pair)[0] == (1, 2, 3, 4)


def test_an_suv_range_on_both_sides_of_equality_straddles():
    assert shown(saw("positive", suv(4, 9)), saw("positive", 6)) == ((2, 3, 4), ("suv-interval-straddles",))


@pytest.mark.parametrize(
    ("fdg", "reasons"),
    [("7.49", ()), ("7.5", ("p3-boundary",)), ("10", ("p3-boundary",)), ("12.5", ("p3-boundary",)), ("12.51", ())],
)
def test_a_ratio_within_a_quarter_of_one_is_near_the_boundary_of_p3(fdg, reasons):
    assert shown(saw("positive", fdg), saw("positive", 10))[1] == reasons


@pytest.mark.parametrize(
    ("size", "sstr", "fdg", "raised"),
    [
        ("9.9", POSITIVE, NEGATIVE, True),
        ("10", POSITIVE, NEGATIVE, False),
        (None, POSITIVE, NEGATIVE, False),
        ("3", POSITIVE, POSITIVE, False),
        ("3", saw("unknown"), POSITIVE, False),
        ("3", NEGATIVE, NEGATIVE, True),
    ],
)
def test_a_negative_call_under_10_mm_stands_and_is_reviewed(size, sstr, fdg, raised):
    result = score([lesion("L1", sstr, fdg, size_mm=None if size is None else Decimal(size))])

    assert ("small-lesion-negative" in result.reasons) == raised
    assert result.review_required or not raised


def test_a_row_that_is_no_tumour_is_dropped_with_a_note():
    result = score([of_pattern(1), of_pattern(5, "gut", nature=Nature.NOT_TUMOUR)])

    assert (result.grade, result.reasons, result.review_required) == ("P1", ("non-tumour-row-excluded",), False)
    assert "gut" not in result.patterns


def test_a_list_of_which_no_lesion_is_left_is_p0_only_where_both_reports_say_so():
    gut = [of_pattern(5, nature=Nature.NOT_TUMOUR)]

    assert score(gut, studies(no_tumour_uptake=True)).grade == "P0"
    assert score(gut, studies({"no_tumour_uptake": True})).outcome is Outcome.NOT_SCORABLE
    assert score(gut).outcome is Outcome.NOT_SCORABLE


def test_a_row_that_may_be_no_tumour_may_be_pattern_0():
    assert score([of_pattern(5, nature=Nature.UNCERTAIN)]).bounds == (0, 5)


def test_a_grouped_row_is_told_of():
    result = score([of_pattern(1, count=Count(2, None))])

    assert (result.grade, result.reasons) == ("P1", ("aggregate-row",))


def test_a_grouped_row_that_is_not_paired_derives_no_relation_from_its_hottest_members():
    result = score([of_pattern(2, count=Count(2, 2), paired=False)])

    assert (result.bounds, result.reasons) == ((2, 5), ("aggregate-row", "aggregate-not-paired"))


def test_a_grouped_row_negative_on_one_tracer_needs_no_pairing():
    assert score([of_pattern(5, count=Count(2, None), paired=False)]).grade == "P5"
    assert score([of_pattern(1, count=Count(2, None), paired=False)]).grade == "P1"


def test_pairing_means_nothing_for_a_single_lesion():
    assert score([of_pattern(2, paired=False)]).grade == "P2a"
