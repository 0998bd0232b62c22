"""What is said of a version on its arrival: a newer one preceded it, or one of the same standing contradicts it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from lesion_tables import DAY_0, FDG, SSTR
from published_patients import C, F, P, X, version

from adapter.scoring.reasons import Reason
from adapter.scoring.versions import current_reports, remarkable_reports


def arrived(*reports):
    return [replace(one, sequence=number) for number, one in enumerate(reports)]


def remarked(reason, reports):
    return [one for one, why in remarkable_reports(reports) if why is reason]


def stale(*reports):
    return [one.sequence for one in remarked(Reason.STALE_MESSAGE, arrived(*reports))]


def contradicting(*reports):
    return [one.sequence for one in remarked(Reason.DUPLICATE_CONFLICT, arrived(*reports))]


def retraction(accession, **facts):
    """A cancellation that does not say which tracer it is about."""
    whole = version(FDG, X, accession=accession, **facts)
    return replace(whole, report=replace(whole.report, kind=None, rows=()))


def test_versions_in_their_own_order_are_never_stale():
    assert stale(version(SSTR, P), version(SSTR, F), version(SSTR, C), version(SSTR, X)) == []


def test_a_preliminary_report_after_the_final_one_is_stale():
    assert stale(version(SSTR, F), version(SSTR, P)) == [1]


def test_a_final_report_after_its_correction_is_stale():
    assert stale(version(SSTR, C), version(SSTR, F)) == [1]


def test_a_version_of_another_study_makes_nothing_stale():
    assert stale(version(SSTR, C), version(FDG, P)) == []


def test_the_same_version_once_more_is_not_stale():
    assert stale(version(SSTR), version(SSTR)) == []


def test_a_report_after_the_cancellation_of_its_accession_is_stale():
    assert stale(retraction("A-FDG"), version(FDG, F, accession="A-FDG")) == [1]


def test_a_cancellation_of_a_known_accession_is_not_stale():
    assert stale(version(FDG, F, accession="A-FDG"), retraction("A-FDG")) == []


def test_a_cancellation_of_what_was_written_anew_since_is_stale():
    anew = version(FDG, F, accession="A-FDG", issued=DAY_0 + timedelta(days=20))

    assert stale(anew, retraction("A-FDG")) == [1]


@given(st.permutations([version(kind, status) for kind in (SSTR, FDG) for status in (P, F, C, X)]))
def test_what_was_stale_on_arrival_is_never_current(reports):
    kept = arrived(*reports)

    current = {(one.sequence, one.report.kind) for one in current_reports(kept)}
    assert not current & {(one.sequence, one.report.kind) for one in remarked(Reason.STALE_MESSAGE, kept)}


def test_a_version_that_says_something_else_at_the_same_time_contradicts_and_is_not_stale():
    one, other = version(SSTR), version(SSTR, extent="metastatic")

    assert (contradicting(one, other), stale(one, other)) == ([1], [])
    assert (contradicting(one, other, one), stale(one, other, one)) == ([1, 2], [])


def test_what_a_newer_version_settles_is_no_contradiction():
    assert contradicting(version(SSTR), version(SSTR, C), version(SSTR, extent="metastatic")) == []
