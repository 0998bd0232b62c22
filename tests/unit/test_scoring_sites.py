"""What sites and sides may both be said of one lesion: doubt is "may be", and left is never right."""

from itertools import product

import pytest
from lesion_tables import BONE, LEFT, LIVER, LUNG, OVARY, RIGHT

from adapter.scoring.sites import BILATERAL, LISTED, lacks_side, sides_agree, sides_overlap, sites_overlap

NODE, MESENTERIC, MEDIASTINAL, MEDIASTINUM, PERITONEUM = "59441001", "279795009", "62683002", "72410000", "15425007"
BOWEL, ILEUM, COLON, APPENDIX = "30315005", "34516001", "71854001", "66754008"


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        (LIVER, LIVER, True),
        (LIVER, BONE, False),
        (LIVER, None, True),
        (None, None, True),
        (LIVER, "unlisted", True),
        ("unlisted", "other unlisted", True),
        (NODE, MESENTERIC, True),
        (MEDIASTINAL, MEDIASTINUM, True),
        (NODE, MEDIASTINUM, True),
        (NODE, PERITONEUM, True),
        (MESENTERIC, MEDIASTINAL, False),
        (BOWEL, ILEUM, True),
        (BOWEL, COLON, False),
        (COLON, APPENDIX, True),
        (LUNG, OVARY, False),
    ],
)
def test_two_sites_may_be_one_where_one_holds_the_other_or_both_hold_a_third(one, other, may_be):
    assert sites_overlap(one, other) is sites_overlap(other, one) is may_be


@pytest.mark.parametrize(
    ("one", "other", "agree", "overlap"),
    [
        (LEFT, LEFT, True, True),
        (LEFT, RIGHT, False, False),
        (LEFT, None, True, True),
        (None, None, True, True),
        (LEFT, BILATERAL, False, True),
        (BILATERAL, BILATERAL, True, True),
    ],
)
def test_left_is_never_right_and_bilateral_may_hold_either(one, other, agree, overlap):
    assert (sides_agree(one, other), sides_overlap(one, other)) == (agree, overlap)
    assert (sides_agree(other, one), sides_overlap(other, one)) == (agree, overlap)


def test_a_side_is_asked_for_at_a_paired_organ_and_at_every_site_that_may_be_one():
    assert [lacks_side(site, None) for site in (LIVER, LUNG, OVARY, "unlisted", None)] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert not lacks_side(LUNG, LEFT)


def test_every_listed_site_may_be_itself():
    assert all(sites_overlap(one, other) for one, other in product(LISTED, LISTED) if one == other)
