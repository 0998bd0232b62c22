"""Which part of OBX-4 is the row."""

import pytest
from mapping_messages import (
    MALIGNANT,
    SITE,
    held,
    report,
    site,
    site_oru,
)


@pytest.mark.parametrize(
    ("key", "sub_ids", "rows"),
    [
        ("{parts: 1}", ["1", "1.1", "2.1"], ["1", "2"]),
        ("{parts: 2}", ["1.1", "1.2", "1.2.3"], ["1.1", "1.2"]),
        ("{parts: 1}", ["^1^1", "^1^2", "1^2^1"], ["1", "2"]),
        ("{og: group}", ["x^1^1", "^1^2", "^2^1"], ["1", "2"]),
        ("{og: original}", ["1.3^1^1", "1.3", "1.4"], ["1.3", "1.4"]),
        (r"{pattern: 'L(?P<row>[0-9]+)(?P<part>[a-z])?'}", ["L1a", "L1b", "L12"], ["1", "12"]),
    ],
)
def test_the_row_is_a_part_of_obx_4(key, sub_ids, rows):
    mapping = site(SITE.replace("{parts: 1}", key))
    found = report(site_oru(*((*MALIGNANT[:2], one, MALIGNANT[3]) for one in sub_ids)), mapping)

    assert [one.row for one in found.rows] == rows


@pytest.mark.parametrize(
    ("key", "sub_id"),
    [
        ("{og: group}", "1.3"),
        ("{og: original}", "^1^3"),
        ("{pattern: 'L(?P<row>[0-9]+)'}", "1"),
        ("{pattern: 'L(?P<row>[0-9]*)'}", "L"),
        ("{pattern: 'L(?P<row>[0-9])?'}", "L"),
        ("{pattern: 'L(?P<row>[0-9]+)'}", "^1^3"),
    ],
)
def test_a_row_key_in_another_form_holds_the_message(key, sub_id):
    mapping = site(SITE.replace("{parts: 1}", key))

    assert held(site_oru((*MALIGNANT[:2], sub_id, MALIGNANT[3])), mapping) == ("value-unreadable", "OBX[1]-4")


@pytest.mark.parametrize("key", ["{parts: 1}", "{og: group}", "{pattern: '(?P<row>.+)'}"])
@pytest.mark.parametrize("sub_id", ["", '""'])
def test_a_lesions_fact_without_any_row_key_is_held(key, sub_id):
    mapping = site(SITE.replace("{parts: 1}", key))

    assert held(site_oru((*MALIGNANT[:2], sub_id, MALIGNANT[3])), mapping) == ("field-missing", "OBX[1]-4")
