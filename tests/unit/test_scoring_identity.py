"""Which row of one report is which of the other, as the score shows: a possible counterpart is never absent."""

from decimal import Decimal

import pytest
from lesion_tables import (
    BONE,
    FDG,
    LEFT,
    LIVER,
    LUNG,
    NEGATIVE,
    POSITIVE,
    RIGHT,
    SSTR,
    Count,
    Nature,
    kept,
    row,
    saw,
)

from adapter.scoring.assessment import assess
from adapter.scoring.pairing import Pair
from adapter.scoring.result import Policy
from adapter.scoring.sites import BILATERAL

NODE, MESENTERIC = "59441001", "279795009"
HOT, WARM = saw(value=20), saw(value=3)
BIG = {"size_mm": Decimal(20)}


def result(sstr, fdg, **facts):
    """The result of two reports that both say that their lists are complete, unless told otherwise."""
    return assess(Pair(kept(SSTR, *sstr, **facts), kept(FDG, *fdg, day=7, **facts)), Policy()).result


def is_open_and_reviewed(found):
    return found.grade is None and found.review_required


def test_bilateral_may_hold_left():
    sstr, fdg = row(site=LUNG, laterality=LEFT, **BIG), row(site=LUNG, laterality=BILATERAL, **BIG)

    assert is_open_and_reviewed(result([sstr], [fdg]))


def test_a_lymph_node_may_be_the_mesenteric_node():
    assert is_open_and_reviewed(result([row(site=MESENTERIC, **BIG)], [row(site=NODE, **BIG)]))


def test_a_site_is_unique_on_both_sides_or_it_matches_nothing_even_where_no_side_is_needed():
    fdg = [row("1", WARM, site=LIVER, laterality=LEFT), row("2", WARM, site=LIVER, laterality=RIGHT)]

    assert is_open_and_reviewed(result([row("1", HOT, site=LIVER)], fdg))


@pytest.mark.parametrize("other", [MESENTERIC, None, "unlisted"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_site_is_not_unique_beside_a_row_that_may_be_there_too(other, turned):
    one, two = [row("1", HOT, site=NODE)], [row("1", WARM, site=NODE), row("2", NEGATIVE, site=other)]
    found = result(*((two, one) if turned else (one, two)))

    assert is_open_and_reviewed(found)
    assert "lesion-match-probable" not in found.reasons


@pytest.mark.parametrize("site", [None, "unlisted", BONE])
def test_a_row_matched_by_its_identifier_elsewhere_leaves_a_site_unique(site):
    named = row("9", NEGATIVE, tracking_id="L9", site=site)
    found = result([row("1", HOT, site=LIVER), named], [row("1", WARM, site=LIVER), named])

    assert (found.grade, found.reasons) == ("P2a", ("lesion-match-probable",))


def test_a_site_that_may_be_a_paired_organ_is_no_match_without_side():
    found = result([row(site="unlisted")], [row(site="unlisted")])

    assert "lesion-match-probable" not in found.reasons
    assert is_open_and_reviewed(found)


def test_a_row_that_one_reader_calls_no_tumour_is_no_match_by_site_and_is_looked_at():
    assert is_open_and_reviewed(result([row(site=LIVER)], [row(site=LIVER, nature=Nature.NOT_TUMOUR)]))


def test_a_row_without_uptake_that_is_no_tumour_is_nobodys_counterpart():
    found = result([row(site=LIVER)], [row("1", NEGATIVE, site=LIVER, nature=Nature.NOT_TUMOUR)])

    assert (found.grade, found.reasons) == ("P1", ("non-tumour-row-excluded", "negative-by-exhaustive-statement"))


def test_one_identifier_at_two_sites_that_exclude_each_other_is_open_and_reviewed():
    sstr, fdg = row("1", HOT, tracking_id="L1", site=LIVER), row("1", WARM, tracking_id="L1", site=BONE)

    assert is_open_and_reviewed(result([sstr], [fdg]))


@pytest.mark.parametrize("side", ["sstr", "fdg"])
def test_so_it_is_where_one_report_also_gives_a_uid(side):
    facts = {"sstr": {}, "fdg": {}, side: {"tracking_uid": "1.2"}}
    sstr = row("1", HOT, tracking_id="L1", site=LIVER, **facts["sstr"])
    fdg = row("1", WARM, tracking_id="L1", site=BONE, **facts["fdg"])
    found = result([sstr], [fdg])

    assert is_open_and_reviewed(found)
    assert len(found.patterns) == 1


def test_one_uid_at_two_sites_that_exclude_each_other_is_one_lesion_and_reviewed():
    sstr, fdg = row("1", HOT, tracking_uid="1.2", site=LIVER), row("1", WARM, tracking_uid="1.2", site=BONE)

    assert (result([sstr], [fdg]).grade, result([sstr], [fdg]).reasons) == ("P2a", ("lesion-match-probable",))


def test_one_uid_under_three_names_is_one_lesion():
    sstr = [row(str(place), HOT, tracking_uid="U", tracking_id=f"A{place}") for place in range(3)]

    assert result(sstr, [row("1", WARM, tracking_uid="U")]).grade == "P2a"


def test_the_name_of_such_a_lesion_does_not_depend_on_the_order_of_its_rows():
    sstr = [row(str(place), HOT, tracking_uid="U", tracking_id=f"A{place}") for place in range(3)]
    fdg = [row("1", WARM, tracking_uid="U")]

    assert result(sstr, fdg).patterns == result(sstr[::-1], fdg).patterns == {"A0": (2,)}


def test_one_name_with_two_uids_is_two_lesions():
    sstr, fdg = row(tracking_uid="1", tracking_id="L", **BIG), row(tracking_uid="2", tracking_id="L", **BIG)

    assert result([sstr], [fdg]).patterns == {"1": (1,), "2": (5,)}


def test_a_name_that_two_lesions_bear_says_of_neither_that_it_is_the_other_reports():
    sstr = [
        row("1", HOT, tracking_id="L", tracking_uid="1"),
        row("2", NEGATIVE, tracking_id="L", tracking_uid="2"),
    ]
    found = result(sstr, [row("1", WARM, tracking_id="L")])

    assert is_open_and_reviewed(found)
    assert found.patterns == {"1": (1, 2, 3, 4), "2": (0, 5), "L": (2, 3, 4, 5)}


def test_a_lesion_named_once_with_its_uid_and_once_without_is_one():
    sstr = [row("1", HOT, tracking_id="L", tracking_uid="1"), row("2", HOT, tracking_id="L")]
    found = result(sstr, [row("1", WARM, tracking_id="L")])

    assert (found.grade, found.patterns, found.lesions_at_grade) == ("P2a", {"L": (2,)}, (1, 1))


def test_one_row_that_three_refer_to_is_none_of_them_for_certain():
    sstr = [row(str(place), HOT, tracking_id=f"A{place}", cross_reference="F1") for place in range(3)]

    assert is_open_and_reviewed(result(sstr, [row("1", WARM, tracking_id="F1")]))


def test_a_row_that_refers_to_one_already_matched_is_not_absent_from_the_other_report():
    sstr = [row("1", HOT, tracking_id="F1"), row("2", NEGATIVE, cross_reference="F1", **BIG)]
    found = result(sstr, [row("1", WARM, tracking_id="F1")])

    assert is_open_and_reviewed(found)
    assert found.patterns["sstr:2"] == (0, 5)


def test_a_row_named_as_one_already_matched_by_uid_is_not_absent_from_the_other_report():
    fdg = [row("1", WARM, tracking_uid="1", tracking_id="Y"), row("2", POSITIVE, tracking_id="X", **BIG)]
    found = result([row("1", HOT, tracking_uid="1", tracking_id="X")], fdg)

    assert is_open_and_reviewed(found)


def test_a_uid_and_a_name_are_two_sorts_of_identifier_and_tell_nothing_apart():
    sstr, fdg = row("1", HOT, tracking_uid="1", site=LIVER), row("1", WARM, tracking_id="L1", site=LIVER)

    assert is_open_and_reviewed(result([sstr], [fdg]))


def test_two_names_are_two_lesions_and_looked_at():
    sstr, fdg = row("1", HOT, tracking_id="A", site=LIVER), row("1", WARM, tracking_id="B", site=LIVER, **BIG)
    found = result([sstr], [fdg])

    assert (found.grade, found.patterns, found.review_required) == ("P5", {"A": (1,), "B": (5,)}, True)
    assert "lesion-unmatched" in found.reasons


def test_what_is_said_of_one_member_is_not_said_of_the_whole_group():
    sstr, fdg = row(tracking_id="L1", count=Count(3, None)), row("1", NEGATIVE, tracking_id="L1", count=Count(1, 1))
    found = result([sstr], [fdg], lesions_complete=None)

    assert is_open_and_reviewed(found)
    assert sorted(found.patterns) == ["L1 (FDG)", "L1 (SSTR)"]
