"""A pair of reports becomes a score that carries what it rests on."""

from datetime import timedelta

import pytest
from lesion_tables import (
    DAY_0,
    FDG,
    JANE,
    LEFT,
    LIVER,
    NEGATIVE,
    RIGHT,
    SSTR,
    UNKNOWN,
    Count,
    ReportStatus,
    kept,
    replace,
    row,
    saw,
)

from adapter.scoring.assessment import assess
from adapter.scoring.pairing import Pair, pair_studies
from adapter.scoring.result import Outcome, Policy

POLICY = Policy()
SSTR_ROW, FDG_ROW = row(finding=saw(value=20), tracking_id="L1"), row(finding=saw(value=3), tracking_id="L1")

SAW = saw()


def pair(sstr_rows=(SSTR_ROW,), fdg_rows=(FDG_ROW,), sstr=None, fdg=None):
    return Pair(kept(SSTR, *sstr_rows, **(sstr or {})), kept(FDG, *fdg_rows, day=7, **(fdg or {})))


def assessed(*facts, **named):
    return assess(pair(*facts, **named), POLICY)


def test_two_reports_of_one_lesion_are_scored_and_the_score_keeps_them():
    reports = pair()
    score = assess(reports, POLICY)

    assert (score.result.grade, score.result.reasons, score.result.interval_days) == ("P2a", (), 7)
    assert (score.id, score.reports) == (reports.id, reports.reports)
    assert [lesion.id for lesion in score.lesions] == ["L1"]


def test_the_same_reports_are_the_same_score():
    assert assessed() == assessed()


def test_the_reasons_of_matching_travel_with_the_score():
    score = assessed([row(finding=saw(value=20), site=LIVER)], [row(finding=saw(value=3), site=LIVER)])

    assert (score.result.grade, score.result.reasons) == ("P2a", ("lesion-match-probable",))
    assert score.result.review_required


def test_a_conflict_of_sides_is_reviewed():
    score = assessed([replace(SSTR_ROW, laterality=LEFT)], [replace(FDG_ROW, laterality=RIGHT)])

    assert score.result.review_required
    assert "laterality-conflict" in score.result.reasons


def test_the_reasons_of_pairing_travel_with_the_score():
    other = replace(JANE, birth_date="19600102")
    mismatched = pair_studies([kept(SSTR, SSTR_ROW), kept(FDG, FDG_ROW, patient=other)], POLICY)[0]

    result = assess(mismatched, POLICY).result

    assert (result.outcome, result.grade, result.reasons) == (Outcome.NOT_SCORABLE, None, ("patient-mismatch",))


def test_an_ambiguous_pairing_is_scored_and_reviewed():
    ambiguous = pair_studies([kept(SSTR, SSTR_ROW), *(kept(FDG, FDG_ROW, accession=name) for name in "ab")], POLICY)

    results = [assess(each, POLICY).result for each in ambiguous]

    assert ("P2a", ("ambiguous-pairing",), True) in [(one.grade, one.reasons, one.review_required) for one in results]


@pytest.mark.parametrize(
    ("alone", "reason"),
    [
        (Pair(kept(SSTR, SSTR_ROW), None), "missing-fdg-study"),
        (Pair(None, kept(FDG, FDG_ROW)), "missing-sstr-study"),
    ],
)
def test_a_study_whose_partner_never_came_is_not_scorable(alone, reason):
    result = assess(alone, POLICY).result

    assert (result.outcome, result.grade) == (Outcome.NOT_SCORABLE, None)
    assert reason in result.reasons


def test_silence_is_negative_only_where_the_other_report_is_exhaustive():
    assert assessed(fdg_rows=()).result.grade == "P1"
    assert assessed(fdg_rows=(), fdg={"lesions_complete": None}).result.grade is None


def test_a_possible_counterpart_keeps_silence_from_being_negative():
    two = [row("1", saw(value=20), site=LIVER), row("2", saw(value=9), site=LIVER)]
    result = assessed(two, [row("1", saw(value=3), site=LIVER)]).result

    assert (result.grade, result.review_required) == (None, True)
    assert "lesion-unmatched" in result.reasons


def test_a_grouped_row_of_two_reports_that_do_not_pair_its_members_stays_open():
    grouped = [replace(each, count=Count(2, None)) for each in (SSTR_ROW, FDG_ROW)]

    assert assessed(*([each] for each in grouped)).result.bounds == (2, 5)


def test_a_lesion_listed_twice_alike_is_one():
    result = assessed([SSTR_ROW, replace(SSTR_ROW, row="2")]).result

    assert (result.grade, result.reasons) == ("P2a", ("duplicate-lesion",))


def test_a_lesion_listed_twice_and_differing_is_reviewed():
    result = assessed([SSTR_ROW, replace(SSTR_ROW, row="2", finding=NEGATIVE)]).result

    assert (result.grade, result.review_required) == (None, True)
    assert "duplicate-conflict" in result.reasons


@pytest.mark.parametrize("status", [ReportStatus.AMENDED, ReportStatus.CORRECTED, ReportStatus.APPENDED])
def test_a_score_of_a_corrected_report_is_corrected(status):
    score = assessed(fdg={"status": status})

    assert (score.corrected, score.retracted, score.result.reasons) == (True, False, ("parent-corrected",))


@pytest.mark.parametrize("status", [ReportStatus.CANCELLED, ReportStatus.ENTERED_IN_ERROR])
def test_a_score_of_a_retracted_report_is_retracted_and_gives_nothing(status):
    score = assessed(fdg={"status": status})

    assert (score.corrected, score.retracted, score.result.grade) == (False, True, None)
    assert score.result.reasons == ("parent-retracted",)


def test_a_score_of_two_final_reports_is_neither():
    assert (assessed().corrected, assessed().retracted) == (False, False)


def test_the_score_was_issued_when_the_later_report_was():
    late = DAY_0 + timedelta(days=30)

    assert assessed(sstr={"issued": late}).issued == late


def test_a_report_without_time_counts_from_when_it_was_kept():
    assert assessed(sstr={"issued": None}, fdg={"issued": None}).issued == DAY_0


@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_the_readers_grade_is_kept_beside_ours(side):
    score = assessed(**{side: {"reader_grade": "P3a"}})

    assert (score.reader_grade, score.result.grade) == ("P3a", "P2a")
    assert score.result.reasons == ("reader-grade-disagrees",)


def test_of_two_readers_who_disagree_neither_grade_is_shown_and_a_person_looks():
    score = assessed(sstr={"reader_grade": "P4"}, fdg={"reader_grade": "P2"}, fdg_rows=[replace(FDG_ROW, finding=SAW)])

    assert (score.reader_grade, score.result.reasons) == (None, ("reader-grade-disagrees",))
    assert score.result.review_required


def test_without_a_readers_grade_there_is_none():
    assert assessed(fdg_rows=[replace(FDG_ROW, finding=UNKNOWN)]).reader_grade is None
