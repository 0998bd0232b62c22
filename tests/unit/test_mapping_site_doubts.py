"""What a site's mapping makes of a doubt: it is noted and the fact left open, or it holds the message."""

import pytest
from mapping_messages import MALIGNANT, SITE, changed, held, report, row, site, site_oru, with_facts

from adapter.scoring.lesion import Count, Nature, Uptake


def test_a_field_whose_value_is_only_flagged_leaves_the_fact_unstated():
    found = report(
        site_oru(MALIGNANT), site(SITE + "report: {primary_site: {field: PID-8, lookup: sites, unmapped: flag}}\n")
    )

    assert found.study.primary_site is None
    assert "not in table sites PID[1]-8: report.primary_site" in found.notes


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("site: {obx: [X^^99STE], lookup: sites, unmapped: flag}", ("site", None)),
        ("laterality: {obx: [X^^99STE], unmapped: flag}", ("laterality", None)),
        ("count: {obx: [X^^99STE], lookup: counts, unmapped: flag}", ("count", Count(1, None))),
    ],
)
def test_a_flagged_unknown_code_leaves_the_fact_open_and_is_noted(fact, value):
    mapping = site(
        SITE.replace("  site: {obx: [LESSITE^^99STE], lookup: sites, unmapped: flag}\n", f"  {fact}\n")
        + "  counts: {few: '>=2'}\n"
    )
    found = report(site_oru(MALIGNANT, ("CWE", "X^^99STE", "1", "ODD^^99STE")), mapping)

    assert getattr(found.rows[0], value[0]) == value[1]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("not in ")
    assert "OBX[2]-5" in found.notes[0]


@pytest.mark.parametrize(
    ("fact", "name", "value"),
    [
        ("uptake: {obx: [X^^99STE]}", "uptake", Uptake.UNKNOWN),
        ("in_field: {obx: [X^^99STE]}", "in_field", False),
        ("sstr_rads: {obx: [X^^99STE]}", "sstr_rads", None),
    ],
)
def test_a_site_may_have_all_unknown_codes_flagged_and_none_closes_the_score(fact, name, value):
    mapping = with_facts(fact, more="doubts: {unknown_code: flag}\n")

    assert getattr(row(site_oru(MALIGNANT, ("ST", "X^^99STE", "1", "odd")), mapping).finding, name) == value


def test_a_flagged_nature_is_uncertain_never_tumour_and_never_dropped():
    mapping = changed(doubts="{unknown_code: flag}")

    assert row(site_oru(("ST", "LESCLASS^^99STE", "1", "odd")), mapping).nature is Nature.UNCERTAIN


def test_flagged_therapy_is_therapy():
    mapping = site(SITE + "report: {therapy: {obx: [PRRT^^99STE], unmapped: flag}}\n")

    assert report(site_oru(MALIGNANT, ("ST", "PRRT^^99STE", "", "odd")), mapping).study.therapy is True


def test_a_missing_unit_may_hold_the_message():
    mapping = changed(doubts="{missing_unit: hold}")

    assert held(site_oru(MALIGNANT, ("NM", "SUVMAX^^99STE", "1", "8")), mapping) == ("field-missing", "OBX[2]-6")


def test_an_unused_observation_may_hold_the_message():
    mapping = changed(doubts="{unused_obx: hold}")

    assert held(site_oru(MALIGNANT, ("NM", "8302-2^^LN", "", "170")), mapping) == ("code-unknown", "OBX[2]-3.1")


def test_an_equal_repeat_may_hold_the_message():
    mapping = changed(doubts="{equal_repeat: hold}")

    assert held(site_oru(MALIGNANT, MALIGNANT), mapping) == ("value-conflict", "OBX[2]-5")
