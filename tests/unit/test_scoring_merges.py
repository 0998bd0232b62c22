"""Which records are one patient follows from all that was said of them, in whatever order it arrived."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesion_tables import DAY_0, SSTR, kept

from adapter.scoring.merges import ContradictionError, Merge, as_survivors, survivors
from adapter.scoring.report import PatientIdentity

A, B, C, D = (PatientIdentity(value, "HOSP") for value in "ABCD")


def merge(old, survivor, hour=1, *, undone=False):
    return Merge(old, survivor, DAY_0 + timedelta(hours=hour), undone)


def unlinked(one, other, hour):
    return merge(one, other, hour, undone=True)


def end(identity, *merges):
    found = survivors(merges)
    return found[identity.key].value if identity.key in found else identity.value


def test_a_merged_record_survives_as_the_other():
    assert (end(A, merge(A, B)), end(B, merge(A, B))) == ("B", "B")


def test_a_chain_ends_in_its_last_record():
    assert [end(one, merge(A, B), merge(B, C)) for one in (A, B, C)] == ["C", "C", "C"]


def test_records_may_be_merged_one_by_one_into_the_same():
    assert [end(one, merge(A, C), merge(B, C), merge(A, B, 2)) for one in (A, B)] == ["C", "C"]


def test_an_unlink_undoes_a_merge_whichever_record_it_names_first():
    assert end(A, merge(A, B), unlinked(B, A, 2)) == "A"


def test_a_merge_with_the_roles_swapped_lets_the_other_record_survive():
    assert [end(one, merge(A, B), merge(B, A, 2)) for one in (A, B)] == ["A", "A"]


def test_a_merge_after_an_unlink_holds_again():
    assert end(A, merge(A, B), unlinked(A, B, 2), merge(A, B, 3)) == "B"


def test_an_unlink_of_the_same_moment_keeps_records_apart():
    assert end(A, unlinked(A, B, 1), merge(A, B, 1)) == "A"


def test_a_record_merged_into_itself_says_nothing():
    assert survivors([merge(A, A)]) == {}


@pytest.mark.parametrize(
    "merges",
    [
        (merge(A, B), merge(B, C), merge(C, A)),
        (merge(A, B), merge(A, C)),
        (merge(A, B), merge(B, C), merge(C, A), merge(A, D)),
    ],
)
def test_a_circle_and_two_survivors_are_contradictions(merges):
    with pytest.raises(ContradictionError):
        survivors(merges)


pairs = st.tuples(st.sampled_from([A, B, C, D]), st.sampled_from([A, B, C, D]), st.integers(1, 4), st.booleans())
said = st.lists(pairs.map(lambda each: merge(each[0], each[1], each[2], undone=each[3])), max_size=6)


def outcome(merges):
    try:
        return survivors(merges)
    except ContradictionError:
        return "contradiction"


@given(said.flatmap(lambda merges: st.tuples(st.just(merges), st.permutations(merges + merges[:2]))))
def test_the_order_of_arrival_and_doubles_settle_nothing(both):
    merges, shuffled = both

    assert outcome(merges) == outcome(shuffled)


def test_a_report_becomes_one_of_the_survivor_and_keeps_its_own_birth_date():
    report = kept(SSTR, patient=PatientIdentity("A", "HOSP", birth_date="19600101"))

    moved = as_survivors(report, B).report.patient

    assert (moved.key, moved.birth_date) == (B.key, "19600101")


def test_a_report_of_the_survivor_itself_is_left_as_it_is():
    report = kept(SSTR, patient=B)

    assert as_survivors(report, B) is report
