"""What the two studies themselves allow: interval, tracer, report status, therapy, population, missing partner."""

from datetime import timedelta
from decimal import Decimal

import pytest
from lesion_tables import DAY_0, FDG, SSTR, ReportStatus, of_pattern, studies, study, times

from adapter.scoring.netpet import score
from adapter.scoring.reasons import ASKS_FOR_REVIEW, FORBIDS_A_SCORE, Reason, codes
from adapter.scoring.result import Outcome, Policy
from adapter.scoring.studies import StudyPair

PATTERN_2 = times(1, 2)


def verdict(pair, table=PATTERN_2, policy=None):
    result = score(table, pair, policy)
    return result.outcome, result.reasons, result.review_required


def scored(*reasons, review=False):
    return Outcome.SCORED, reasons, review


def refused(*reasons):
    return Outcome.NOT_SCORABLE, reasons, True


def test_an_ordinary_pair_raises_no_reason():
    assert verdict(studies()) == scored()


def test_without_studies_no_rule_on_them_is_asked():
    assert verdict(None) == scored()


def test_a_missing_fdg_study_is_not_scorable():
    assert verdict(StudyPair(study(SSTR), None)) == refused("missing-fdg-study")


def test_a_missing_sstr_study_is_not_scorable():
    assert verdict(StudyPair(None, study(FDG))) == refused("missing-sstr-study")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, scored()),
        (31, scored()),
        (32, scored("interval-extended", review=True)),
        (60, scored("interval-extended", review=True)),
        (61, refused("interval-exceeded")),
    ],
)
@pytest.mark.parametrize("sign", [1, -1], ids=["FDG second", "FDG first"])
def test_the_interval_between_the_acquisitions_decides(days, expected, sign):
    pair = StudyPair(study(SSTR, 0), study(FDG, sign * days))

    assert verdict(pair) == expected
    assert score(PATTERN_2, pair).interval_days == days


def test_the_interval_limits_are_the_sites():
    policy = Policy(interval_days=5, interval_limit_days=6)

    found = [verdict(StudyPair(study(SSTR), study(FDG, days)), policy=policy)[1] for days in (5, 6, 7)]

    assert found == [(), ("interval-extended",), ("interval-exceeded",)]


def test_hours_do_not_count_as_days():
    late = study(FDG, acquired=DAY_0 + timedelta(days=31, hours=14))

    assert verdict(StudyPair(study(SSTR), late)) == scored()


@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_a_study_without_acquisition_date_is_not_scorable(side):
    pair = studies(**{side: {"acquired": None}})

    assert verdict(pair) == refused("acquisition-date-missing")
    assert score(PATTERN_2, pair).interval_days is None


@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_therapy_between_the_scans_is_not_scorable_whichever_report_says_so(side):
    assert verdict(studies(**{side: {"therapy": True}})) == refused("intervening-therapy")


def test_a_report_that_denies_therapy_raises_nothing():
    assert verdict(studies(therapy=False)) == scored()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ReportStatus.FINAL, scored()),
        (ReportStatus.AMENDED, scored("parent-corrected")),
        (ReportStatus.CORRECTED, scored("parent-corrected")),
        (ReportStatus.APPENDED, scored("parent-corrected")),
        (ReportStatus.REGISTERED, refused("report-not-final")),
        (ReportStatus.PARTIAL, refused("report-not-final")),
        (ReportStatus.PRELIMINARY, refused("report-not-final")),
        (ReportStatus.UNKNOWN, refused("report-not-final")),
        (ReportStatus.CANCELLED, refused("parent-retracted")),
        (ReportStatus.ENTERED_IN_ERROR, refused("parent-retracted")),
    ],
)
@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_a_score_rests_only_on_reports_that_are_final(side, status, expected):
    assert verdict(studies(**{side: {"status": status}})) == expected


@pytest.mark.parametrize("extent", ["metastatic", "unresectable", None])
def test_metastatic_and_unresectable_disease_is_the_validated_population(extent):
    assert verdict(studies(extent=extent)) == scored()


@pytest.mark.parametrize(
    "fact", [{"extent": "localised"}, {"primary_site": "39607008"}, {"primary_site": "9875009"}], ids=str
)
@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_another_population_is_scored_with_a_note(side, fact):
    assert verdict(studies(**{side: fact})) == scored("outside-validated-population")


@pytest.mark.parametrize(
    "site", ["15776009", "69695003", "38848004", "30315005", "34516001", "66754008", "71854001", "34402009"]
)
def test_a_gastroenteropancreatic_primary_is_the_validated_population(site):
    assert verdict(studies(primary_site=site)) == scored()


@pytest.mark.parametrize("extent", ["metastatic", "unresectable"])
def test_p0_with_known_disease_is_reviewed(extent):
    pair = studies(no_tumour_uptake=True, sstr={"extent": extent})

    assert verdict(pair, []) == scored("p0-with-known-disease", review=True)


def test_p0_without_known_disease_is_not_reviewed():
    assert verdict(studies(no_tumour_uptake=True), []) == scored()


@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_p0_needs_two_final_reports(side):
    pair = studies(no_tumour_uptake=True, **{side: {"status": ReportStatus.PRELIMINARY}})
    result = score([], pair)

    assert (result.outcome, result.grade, result.review_required) == (Outcome.NOT_SCORABLE, None, True)
    assert "report-not-final" in result.reasons


def test_a_list_that_no_report_calls_complete_is_scored_with_a_note():
    assert verdict(studies(lesions_complete=None)) == scored("lesion-list-completeness-unknown")


def test_a_list_that_one_report_calls_incomplete_is_scored_with_a_note():
    assert verdict(studies(fdg={"lesions_complete": False})) == scored("lesion-list-completeness-unknown")


def test_an_empty_list_of_lesions_says_that_its_completeness_is_unknown():
    assert verdict(None, []) == refused("lesion-list-completeness-unknown")


def test_an_empty_list_that_both_reports_call_complete_is_complete_whatever_forbids_the_score():
    assert verdict(studies(no_tumour_uptake=True, therapy=True), []) == refused("intervening-therapy")


@pytest.mark.parametrize("reader", ["P2", "P2a"])
def test_a_readers_grade_that_agrees_raises_nothing(reader):
    assert verdict(studies({"reader_grade": reader})) == scored()


@pytest.mark.parametrize("reader", ["P0", "P1", "P2b", "P3", "P3a", "P5"])
@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_a_readers_grade_that_differs_is_reviewed(side, reader):
    assert verdict(studies(**{side: {"reader_grade": reader}})) == scored("reader-grade-disagrees", review=True)


def test_the_reader_disagrees_with_bounds_that_exclude_the_grade():
    open_relation = [of_pattern(2, sstr=of_pattern(1).sstr)]

    found = {grade: verdict(studies({"reader_grade": grade}), open_relation)[1] for grade in ("P1", "P3b", "P5")}

    assert found == {"P1": ("reader-grade-disagrees",), "P3b": (), "P5": ("reader-grade-disagrees",)}


def test_a_reader_does_not_disagree_with_a_score_that_is_not_given():
    assert verdict(studies({"reader_grade": "P5", "therapy": True})) == refused("intervening-therapy")


@pytest.mark.parametrize(
    ("size", "reader", "expected"),
    [
        (None, None, scored("p5-significance-unconfirmed", review=True)),
        ("10", None, scored()),
        (None, "P5", scored()),
    ],
)
def test_a_p5_of_unknown_size_that_no_reader_affirms_is_reviewed(size, reader, expected):
    table = [of_pattern(5, size_mm=None if size is None else Decimal(size))]

    assert verdict(studies({"reader_grade": reader}), table) == expected


def test_a_p5_under_10_mm_is_reviewed_for_both_its_size_and_its_significance():
    table = [of_pattern(5, size_mm=Decimal("9.9"))]

    assert verdict(studies(), table) == scored("small-lesion-negative", "p5-significance-unconfirmed", review=True)


def test_one_p5_lesion_of_10_mm_is_enough():
    table = [of_pattern(5, "small", size_mm=None), of_pattern(5, "large", size_mm=Decimal(10))]

    assert verdict(studies(), table) == scored()


def test_a_forbidden_score_gives_no_grade_group_bounds_or_companion_scale():
    result = score(PATTERN_2, studies(therapy=True))

    assert (result.grade, result.group, result.bounds, result.karfis, result.zidan) == (None,) * 5
    assert result.target_lesions == ()
    assert result.patterns == {"p2-0": (2,)}


def test_every_reason_that_forbids_a_score_asks_for_review():
    assert FORBIDS_A_SCORE <= ASKS_FOR_REVIEW


@pytest.mark.parametrize("reason", sorted(FORBIDS_A_SCORE))
def test_a_reason_noted_before_forbids_the_score_too(reason):
    result = score(PATTERN_2, noted=frozenset({reason}))

    assert (result.outcome, result.grade, result.reasons) == (Outcome.NOT_SCORABLE, None, (reason.value,))


@pytest.mark.parametrize("reason", sorted(ASKS_FOR_REVIEW - FORBIDS_A_SCORE))
def test_a_reason_noted_before_asks_for_review_and_leaves_the_grade(reason):
    result = score(PATTERN_2, noted=frozenset({reason}))

    assert (result.grade, result.review_required, result.reasons) == ("P2a", True, (reason.value,))


@pytest.mark.parametrize("reason", sorted(set(Reason) - ASKS_FOR_REVIEW))
def test_a_note_alone_asks_for_no_review(reason):
    result = score(PATTERN_2, noted=frozenset({reason}))

    assert (result.grade, result.review_required, result.reasons) == ("P2a", False, (reason.value,))


def test_reasons_have_one_order_whatever_order_they_arose_in():
    assert codes(set(Reason)) == tuple(reason.value for reason in Reason)
