"""Which version of a report counts: by its state and its own time, never by the order of arrival."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lesion_tables import DAY_0, FDG, JANE, SSTR, ReportStatus, kept, row

from adapter.scoring.versions import current_reports

P, F, C, X = ReportStatus.PRELIMINARY, ReportStatus.FINAL, ReportStatus.CORRECTED, ReportStatus.ENTERED_IN_ERROR


def version(status, hour=0, sequence=0, accession="A", kind=SSTR, **facts):
    issued = None if hour is None else DAY_0 + timedelta(hours=hour)
    return kept(kind, accession=accession, status=status, issued=issued, sequence=sequence, **facts)


def current(*versions):
    return [one.report.study.status for one in current_reports(versions)]


def test_the_later_version_counts():
    assert current(version(P, 1), version(F, 2), version(C, 3)) == [C]
    assert current(version(F, 3), version(C, 2)) == [F]


def test_a_final_report_is_never_replaced_by_a_preliminary_one_however_late_that_was_written():
    assert current(version(F, 1), version(P, 9)) == [F]
    assert current(version(F, 1), version(ReportStatus.UNKNOWN, 9)) == [F]
    assert current(version(X, 1), version(P, 9)) == [X]


@pytest.mark.parametrize(("one", "other"), [(P, F), (F, C), (C, X), (F, X), (F, ReportStatus.APPENDED)])
def test_of_two_versions_of_the_same_time_the_one_further_along_counts(one, other):
    assert current(version(one, 1), version(other, 1)) == current(version(other, 1), version(one, 1)) == [other]


def test_a_report_written_again_after_its_retraction_stands_again():
    assert current(version(F, 1), version(X, 2), version(F, 3)) == [F]


def told(letter, kept_report, **facts):
    """The same report with bytes of its own, and facts of the report."""
    source = replace(kept_report.source, sha256=letter * 64, message_id=letter)
    return replace(kept_report, source=source, report=replace(kept_report.report, **facts))


def rivals(*versions):
    """The one current report's rivals, the same in every order of arrival."""
    orders = [
        current_reports(replace(one, sequence=place) for place, one in enumerate(order))
        for order in permutations(versions)
    ]
    assert len({repr([(one.report, one.source, one.rivals) for one in order]) for order in orders}) == 1
    ((only,), *_) = orders
    return [source.message_id for source in only.rivals]


SAID, SAID_OTHERWISE = told("a", version(F, 1)), told("b", version(F, 1, who_grade="G2"))


def test_two_versions_equal_in_state_and_time_that_differ_contest_each_other_whichever_came_first():
    assert rivals(SAID, SAID_OTHERWISE) == ["a", "b"]


def test_a_double_of_one_of_them_settles_nothing():
    assert rivals(SAID, SAID_OTHERWISE, told("c", version(F, 1))) == ["a", "b", "c"]


def test_a_newer_version_settles_it():
    assert rivals(SAID, SAID_OTHERWISE, told("0", version(C, 2))) == []


def test_the_later_message_counts_where_time_and_state_are_the_same():
    later = [told(letter, one, sent=DAY_0 + timedelta(hours=hour)) for letter, hour, one in
             (("a", 9, SAID), ("b", 8, SAID_OTHERWISE))]  # fmt: skip

    assert rivals(*later) == []
    assert {current_reports(order)[0].source.message_id for order in permutations(later)} == {"a"}


def test_a_message_without_time_is_as_new_as_the_newest():
    assert rivals(told("a", SAID, sent=DAY_0), SAID_OTHERWISE) == ["a", "b"]


def test_rows_in_another_order_and_under_other_names_are_the_same_content():
    one = told("a", kept(SSTR, row("1", tracking_id="L1"), row("2", tracking_id="L2")))
    other = told("b", kept(SSTR, row("7", tracking_id="L2"), row("8", tracking_id="L1")))

    assert rivals(one, other) == []


def test_two_retractions_of_one_time_contest_nothing():
    assert rivals(told("a", version(X, 1)), told("b", version(X, 1, who_grade="G2"))) == []


def test_two_corrections_of_one_time_to_different_tracers_contest_each_other():
    assert rivals(told("a", version(C, 1)), told("b", version(C, 1, kind=FDG))) == ["a", "b"]


def test_versions_of_one_time_that_name_two_birth_dates_contest_each_other():
    other = replace(JANE, birth_date="19610101")

    assert rivals(SAID, told("b", version(F, 1), patient=other)) == ["a", "b"]


def test_a_version_without_time_counts_by_its_state():
    assert current(version(F, None), version(C, 1)) == [C]
    assert current(version(F, None)) == [F]


@pytest.mark.parametrize("later", [C, X])
def test_a_correction_or_retraction_without_time_is_never_passed_over(later):
    assert current(version(F, 5), version(later, None)) == current(version(later, None), version(F, 5)) == [later]


def test_each_study_has_its_own_current_version():
    reports = [version(F, accession="B"), version(F), version(C, 3), version(F, kind=FDG)]

    assert [
        ((one.report.accession, one.report.kind.value), one.report.study.status) for one in current_reports(reports)
    ] == [
        (("A", "fdg"), F),
        (("A", "sstr"), C),
        (("B", "sstr"), F),
    ]


def test_the_same_accession_of_another_authority_is_another_study():
    assert current(version(F), version(F, authority="PACS")) == [F, F]


def test_a_retraction_that_names_no_tracer_retracts_every_study_of_its_accession():
    reports = [version(F, 1), version(F, 1, kind=FDG), version(F, 1, accession="B"), version(X, 2, read_as=None)]

    for order in permutations(reports):
        assert [
            ((one.report.accession, one.report.kind.value), one.report.study.status) for one in current_reports(order)
        ] == [
            (("A", "fdg"), X),
            (("A", "sstr"), X),
            (("B", "sstr"), F),
        ]


def test_a_retraction_without_any_study_to_retract_stands_alone():
    assert current(version(X, 1, read_as=None)) == [X]


def kinds(*versions):
    return [[one.report.kind for one in current_reports(order)] for order in permutations(versions)]


def test_a_correction_of_the_tracer_itself_replaces_what_stood_under_the_other():
    assert set(map(tuple, kinds(version(F, 1, 1), version(C, 2, 2, kind=FDG)))) == {(FDG,)}


def test_a_correction_to_a_tracer_that_is_none_of_a_dual_pet_leaves_no_half():
    assert set(map(tuple, kinds(version(F, 1, 1), version(C, 2, 2, read_as=None)))) == {(None,)}


def test_the_correction_of_one_half_does_not_replace_the_other_half_of_its_order():
    first, both = version(F, 1, 1), [version(C, 2, 2), version(C, 2, 2, kind=FDG)]

    assert set(map(tuple, kinds(*both))) == {(FDG, SSTR)}
    assert set(map(tuple, kinds(first, *both))) == {(FDG, SSTR)}


def test_a_first_report_of_the_other_half_replaces_nothing():
    assert set(map(tuple, kinds(version(F, 1, 1), version(F, 2, 2, kind=FDG)))) == {(FDG, SSTR)}


def test_a_correction_that_names_no_half_replaces_neither_of_two():
    reports = version(F, 1, 1), version(F, 2, 2, kind=FDG), version(C, 3, 3, read_as=None)

    assert set(map(tuple, kinds(*reports))) == {(None, FDG, SSTR)}


histories = st.lists(st.sampled_from([(P, 1), (P, 2), (F, 2), (F, 3), (C, 3), (C, 5), (X, 6)]), min_size=1, max_size=6)


@settings(max_examples=400, deadline=None, database=None, derandomize=True)
@given(histories.flatmap(lambda history: st.tuples(st.just(history), st.permutations(history * 2))))
def test_a_history_has_the_same_current_report_in_every_order_of_arrival_and_with_every_double(orders):
    histories = [[version(*each, place) for place, each in enumerate(order)] for order in orders]

    once, doubled = (current_reports(history) for history in histories)

    assert [one.report for one in once] == [one.report for one in doubled]
