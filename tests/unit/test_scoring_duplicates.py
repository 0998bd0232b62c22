"""One lesion listed twice, and a report that contradicts itself: alike is one, differing leaves open what is true."""

from decimal import Decimal
from itertools import permutations

import pytest
from lesion_tables import NEGATIVE, POSITIVE, Count, Nature, lesion, of_pattern, replace, saw, studies

from adapter.scoring.netpet import score


def test_the_same_row_twice_is_one_lesion():
    result = score([of_pattern(2), of_pattern(2), of_pattern(2)])

    assert (result.grade, result.reasons, result.review_required) == ("P2a", ("duplicate-lesion",), False)


def test_differing_rows_of_one_lesion_leave_open_which_is_true():
    result = score([of_pattern(1), of_pattern(2)])

    assert (result.bounds, result.reasons, result.review_required) == ((1, 2), ("duplicate-conflict",), True)


def test_differing_rows_of_one_pattern_keep_the_grade_and_are_reviewed():
    result = score([of_pattern(2, size_mm=Decimal(20)), of_pattern(2)])

    assert (result.grade, result.reasons, result.review_required) == ("P2a", ("duplicate-conflict",), True)


@pytest.mark.parametrize(("count", "at_grade"), [(Count(3, 3), (1, 3)), (Count(2, None), (1, None))])
def test_differing_counts_of_one_lesion_leave_the_suffix_open(count, at_grade):
    result = score([of_pattern(2), of_pattern(2, count=count)])

    assert (result.grade, result.lesions_at_grade) == ("P2", at_grade)
    assert "suffix-undetermined" in result.reasons


def test_a_lesion_that_one_row_calls_tumour_and_another_does_not_is_uncertain_and_reviewed():
    found = score([of_pattern(5), of_pattern(5, nature=Nature.NOT_TUMOUR)])

    assert (found.bounds, found.review_required) == ((0, 5), True)
    assert found.reasons[:2] == ("non-tumour-row-excluded", "duplicate-conflict")


def clinical(found):
    return (found.bounds, found.grade, found.reasons, found.karfis, found.zidan, found.lesions_at_grade, found.patterns)


TWICE = {
    "patterns": [of_pattern(1), of_pattern(2)],
    "sizes": [of_pattern(5), of_pattern(5, size_mm=None)],
    "small and large": [of_pattern(5, size_mm=Decimal(4)), of_pattern(5)],
    "natures": [of_pattern(5), of_pattern(5, nature=Nature.UNCERTAIN), of_pattern(1, nature=Nature.NOT_TUMOUR)],
    "names": [of_pattern(2, name, tracking_uid="U") for name in "BAC"],
    "a name through a UID": [
        of_pattern(2, "A"),
        of_pattern(2, "A", tracking_uid="U"),
        of_pattern(4, "B", tracking_uid="U"),
    ],
    "three calls": [lesion("L", POSITIVE, POSITIVE), lesion("L", POSITIVE, NEGATIVE), lesion("L", NEGATIVE, POSITIVE)],
}


@pytest.mark.parametrize("table", TWICE.values(), ids=TWICE.keys())
def test_the_order_of_the_rows_of_one_lesion_does_not_matter(table):
    assert len({str(clinical(score(order))) for order in permutations(table)}) == 1


def test_what_differs_between_two_rows_is_unknown_to_the_companion_scales_too():
    assert score([of_pattern(1), of_pattern(2)]).karfis is None


def test_of_two_rows_one_without_size_the_size_is_unknown():
    found = score([of_pattern(5), of_pattern(5, size_mm=None)])

    assert found.reasons == ("duplicate-conflict", "p5-significance-unconfirmed")


def test_two_rows_of_one_uid_are_one_lesion_under_the_first_of_its_names():
    found = score([of_pattern(2, name, tracking_uid="U") for name in "BA"])

    assert (found.grade, found.patterns, found.reasons) == ("P2a", {"A": (2,)}, ("duplicate-lesion",))


def test_a_lesion_goes_by_its_tracking_identifier_before_its_uid_and_by_the_name_of_a_tumour_row():
    by_uid = of_pattern(2, "1.2", tracking_uid="1.2")
    by_name, no_tumour = replace(by_uid, id="A"), replace(by_uid, id="0", nature=Nature.NOT_TUMOUR)

    assert list(score([by_uid, by_name, no_tumour]).patterns) == ["A"]


def test_names_and_uids_together_say_which_rows_are_one():
    rows = [of_pattern(2, "A"), of_pattern(2, "B", tracking_uid="U"), of_pattern(2, "A", tracking_uid="U")]

    assert (score(rows).grade, score(rows).patterns) == ("P2a", {"A": (2,)})


@pytest.mark.parametrize("denied", ["sstr", "fdg"])
def test_a_report_that_says_no_tumour_uptake_beside_a_lesion_with_uptake_contradicts_itself(denied):
    found = score([of_pattern(4)], studies(**{denied: {"no_tumour_uptake": True}}))

    assert (found.grade, found.reasons, found.review_required) == ("P4a", ("duplicate-conflict",), True)


def test_a_statement_that_is_not_believed_makes_no_silence_negative():
    facts = {"no_tumour_uptake": True, "lesions_complete": None}
    silent = replace(of_pattern(1, "silent"), fdg=saw("silent"))

    assert score([of_pattern(3), silent], studies(fdg=facts)).patterns["silent"] == (1, 2, 3, 4)


@pytest.mark.parametrize("nature", [Nature.UNCERTAIN, Nature.NOT_TUMOUR])
def test_uptake_that_may_be_no_tumour_does_not_contradict_it(nature):
    found = score([of_pattern(3, nature=nature)], studies(no_tumour_uptake=True))

    assert "duplicate-conflict" not in found.reasons
