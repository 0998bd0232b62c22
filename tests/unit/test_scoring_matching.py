"""The lesion rows of two reports become one table: by identifier, else by a site unique on both sides, nothing else."""

from decimal import Decimal

import pytest
from lesion_tables import (
    BONE,
    LEFT,
    LIVER,
    LUNG,
    NEGATIVE,
    OVARY,
    POSITIVE,
    RIGHT,
    SILENT,
    Count,
    Nature,
    Relation,
    row,
)

from adapter.scoring.lesion import Finding, Uptake
from adapter.scoring.matching import match_lesions

OPEN = Finding(uptake=Uptake.UNKNOWN)


def sides(sstr, fdg):
    """Each lesion's two findings by its id, and the reasons."""
    lesions, reasons = match_lesions(sstr, fdg)
    return {each.id: (each.sstr, each.fdg) for each in lesions}, sorted(reasons)


def only(sstr, fdg):
    (lesion,), _reasons = match_lesions([sstr], [fdg])
    return lesion


def test_the_same_tracking_uid_is_the_same_lesion_whatever_the_identifiers_say():
    found = sides([row(tracking_uid="1.2", tracking_id="A")], [row("9", NEGATIVE, tracking_uid="1.2", tracking_id="B")])

    assert found == ({"A": (POSITIVE, NEGATIVE)}, [])


def test_the_same_tracking_identifier_is_the_same_lesion():
    assert sides([row(tracking_id="L1")], [row("9", NEGATIVE, tracking_id="L1")]) == ({"L1": (POSITIVE, NEGATIVE)}, [])


def test_a_uid_on_one_side_only_leaves_the_identifier_to_decide():
    found = sides([row(tracking_id="L1", tracking_uid="1.2")], [row("9", NEGATIVE, tracking_id="L1")])

    assert found == ({"L1": (POSITIVE, NEGATIVE)}, [])


@pytest.mark.parametrize("named", [{"tracking_id": "F1"}, {"tracking_uid": "1.2"}])
@pytest.mark.parametrize("turned", [False, True])
def test_an_explicit_cross_reference_names_the_partner_from_either_side(named, turned):
    pointing = row("1", POSITIVE, cross_reference=next(iter(named.values())))
    target = row("2", NEGATIVE, **named)
    rows = ([target], [pointing]) if turned else ([pointing], [target])

    lesions, reasons = match_lesions(*rows)

    assert (len(lesions), reasons) == (1, set())
    assert {lesions[0].sstr, lesions[0].fdg} == {POSITIVE, NEGATIVE}


def test_rows_of_two_kinds_are_matched_each_in_its_way():
    sstr = [row("1", tracking_uid="1.2"), row("2", tracking_id="L2"), row("3", site=LIVER)]
    fdg = [row("7", site=LIVER), row("8", tracking_id="L2"), row("9", tracking_uid="1.2")]

    found, reasons = sides(sstr, fdg)

    assert found == {"1.2": (POSITIVE, POSITIVE), "L2": (POSITIVE, POSITIVE), "sstr:3": (POSITIVE, POSITIVE)}
    assert reasons == ["lesion-match-probable"]


def test_a_site_that_is_unique_on_both_sides_is_a_probable_match():
    assert sides([row(site=LIVER)], [row("9", NEGATIVE, site=LIVER)]) == (
        {"sstr:1": (POSITIVE, NEGATIVE)},
        ["lesion-match-probable"],
    )


def test_a_site_matches_a_row_with_identifier_where_the_other_has_none():
    assert sides([row(site=LIVER, tracking_id="L1")], [row(site=LIVER)]) == (
        {"L1": (POSITIVE, POSITIVE)},
        ["lesion-match-probable"],
    )


@pytest.mark.parametrize("turned", [False, True])
def test_a_site_that_is_not_unique_matches_nothing_and_leaves_the_other_tracer_unknown(turned):
    two, one = [row("1", site=LIVER), row("2", site=LIVER)], [row("3", site=LIVER)]

    found, reasons = sides(*((one, two) if turned else (two, one)))

    assert len(found) == 3
    assert all(OPEN in findings for findings in found.values())
    assert reasons == ["lesion-unmatched"]


def test_a_row_already_matched_still_counts_when_a_site_has_to_be_unique():
    sstr = [row("1", site=LIVER, tracking_id="L1"), row("2", site=LIVER)]
    fdg = [row("1", site=LIVER, tracking_id="L1"), row("2", site=LIVER)]

    assert "lesion-unmatched" in sides(sstr, fdg)[1]


@pytest.mark.parametrize("site", [LUNG, OVARY, "76838003"])
def test_a_paired_organ_without_side_is_no_match_by_site(site):
    found, reasons = sides([row(site=site)], [row(site=site)])

    assert found == {"sstr:1": (POSITIVE, OPEN), "fdg:1": (OPEN, POSITIVE)}
    assert reasons == ["laterality-missing", "lesion-unmatched"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_paired_organ_with_a_side_on_one_report_only_is_no_match_by_site(turned):
    rows = [[row(site=LUNG, laterality=LEFT)], [row(site=LUNG)]]

    assert sides(*(rows[::-1] if turned else rows))[1] == ["laterality-missing", "lesion-unmatched"]


def test_a_paired_organ_with_the_same_side_is_a_probable_match():
    assert sides([row(site=LUNG, laterality=LEFT)], [row(site=LUNG, laterality=LEFT)])[1] == ["lesion-match-probable"]


def test_left_is_never_right():
    found, reasons = sides([row(site=LUNG, laterality=LEFT)], [row(site=LUNG, laterality=RIGHT)])

    assert found == {"sstr:1": (POSITIVE, SILENT), "fdg:1": (SILENT, POSITIVE)}
    assert reasons == []


def test_one_lesion_that_is_left_on_one_report_and_right_on_the_other_stays_open():
    sstr, fdg = row(tracking_id="L1", laterality=LEFT), row(tracking_id="L1", laterality=RIGHT)

    assert sides([sstr], [fdg]) == (
        {"L1 (SSTR)": (POSITIVE, OPEN), "L1 (FDG)": (OPEN, POSITIVE)},
        ["laterality-conflict"],
    )


def test_a_row_at_another_site_is_no_counterpart():
    found, reasons = sides([row(site=LIVER)], [row(site=BONE)])

    assert found == {"sstr:1": (POSITIVE, SILENT), "fdg:1": (SILENT, POSITIVE)}
    assert reasons == []


def test_a_row_without_site_and_identifier_may_be_any_row_of_the_other_report():
    found, reasons = sides([row(site=LIVER)], [row()])

    assert found == {"sstr:1": (POSITIVE, OPEN), "fdg:1": (OPEN, POSITIVE)}
    assert reasons == ["lesion-unmatched"]


def test_a_report_without_rows_leaves_the_other_reports_lesions_silent():
    assert sides([row()], []) == ({"sstr:1": (POSITIVE, SILENT)}, [])
    assert sides([], []) == ({}, [])


def test_two_uids_that_differ_are_two_lesions_even_under_one_identifier_and_site():
    sstr, fdg = row(tracking_uid="1", site=LIVER), row(tracking_uid="2", site=LIVER)

    found, reasons = sides([sstr], [fdg])

    assert (sorted(found), reasons) == (["1", "2"], [])


def test_rows_of_one_identifier_with_different_uids_are_not_matched():
    lesions, _ = match_lesions([row(tracking_uid="1", tracking_id="L")], [row(tracking_uid="2", tracking_id="L")])

    assert len(lesions) == 2


def test_one_lesion_that_only_one_reader_calls_tumour_is_uncertain():
    lesion = only(row(tracking_id="L1"), row(tracking_id="L1", nature=Nature.NOT_TUMOUR))

    assert lesion.nature is Nature.UNCERTAIN


def test_what_only_one_report_states_of_a_lesion_is_kept():
    sstr = row(tracking_id="L1", laterality=LEFT, relation=Relation.FDG_LOWER)
    lesion = only(sstr, row(tracking_id="L1", tracking_uid="1.2", site=LIVER, size_mm=Decimal(12)))

    stated = (lesion.site, lesion.laterality, lesion.size_mm, lesion.relation, lesion.tracking_uid, lesion.nature)
    assert stated == (LIVER, LEFT, 12, Relation.FDG_LOWER, "1.2", Nature.TUMOUR)


def test_of_two_sizes_the_smaller_is_kept():
    assert only(row(tracking_id="L", size_mm=Decimal(9)), row(tracking_id="L", size_mm=Decimal(11))).size_mm == 9


def test_two_readers_words_on_the_relation_that_differ_leave_it_open():
    sstr, fdg = (row(tracking_id="L", relation=each) for each in (Relation.FDG_LOWER, Relation.FDG_HIGHER))
    (lesion,), reasons = match_lesions([sstr], [fdg])

    assert (lesion.relation, reasons) == (None, {"duplicate-conflict"})


def test_two_readers_words_on_the_relation_that_agree_are_one():
    sstr, fdg = (row(tracking_id="L", relation=Relation.FDG_EQUAL) for _ in "12")

    assert only(sstr, fdg).relation is Relation.FDG_EQUAL


@pytest.mark.parametrize(
    ("counts", "said", "count", "paired"),
    [
        ((None, None), (None, None), Count(), True),
        ((Count(3, 3), None), (None, None), Count(3, 3), False),
        ((Count(3, 3), Count(3, 3)), (None, None), Count(3, 3), False),
        ((Count(3, 3), Count(3, 3)), (True, None), Count(3, 3), True),
        ((Count(3, 3), Count(3, 3)), (None, True), Count(3, 3), True),
        ((Count(3, 3), Count(3, 3)), (True, False), Count(3, 3), False),
        ((None, Count(2, None)), (None, True), Count(2, None), True),
        ((Count(), Count()), (False, False), Count(), True),
    ],
)
def test_a_grouped_row_is_paired_only_where_a_report_says_so_and_none_denies_it(counts, said, count, paired):
    sstr, fdg = (row(tracking_id="L", count=number, paired=word) for number, word in zip(counts, said, strict=True))
    lesion = only(sstr, fdg)

    assert (lesion.count, lesion.paired) == (count, paired)


@pytest.mark.parametrize(("said", "paired"), [(None, False), (True, True), (False, False)])
def test_a_grouped_row_without_partner_is_paired_only_where_it_says_so(said, paired):
    (lesion,), _ = match_lesions([row(count=Count(2, 2), paired=said)], [])

    assert (lesion.count, lesion.paired) == (Count(2, 2), paired)


def test_a_lesion_listed_twice_keeps_both_rows_for_the_score_to_compare():
    lesions, _ = match_lesions([row("1", tracking_uid="1.2"), row("2", tracking_uid="1.2")], [row(tracking_uid="1.2")])

    assert len(lesions) == 2
    assert lesions[0] == lesions[1]


def test_an_fdg_row_alone_keeps_its_identity():
    (lesion,), _ = match_lesions([], [row(tracking_id="L7", tracking_uid="1.2", site=BONE)])

    assert (lesion.id, lesion.tracking_uid, lesion.site, lesion.fdg) == ("L7", "1.2", BONE, POSITIVE)
