"""What a site's own mapping can say: each source, each condition, without a line of code."""

from decimal import Decimal

import pytest
from mapping_messages import (
    MALIGNANT,
    SITE,
    SITE_MSH,
    changed,
    groups,
    held,
    obr,
    outcome,
    report,
    reports,
    row,
    site,
    site_oru,
    with_facts,
)

from adapter.scoring.lesion import Interval, Nature
from adapter.scoring.report import ReportStatus, TracerKind

STELSE = site(SITE)
FDG_OBR = obr("ACC-2", procedure="PETFDG^FDG PET^99STE")


def test_the_tracer_is_read_from_the_procedure():
    found = report(site_oru(MALIGNANT), STELSE)

    assert (found.study.tracer, found.kind, found.rows[0].nature) == ("68Ga-DOTATATE", TracerKind.SSTR, Nature.TUMOUR)


def test_a_procedure_that_the_table_does_not_hold_holds_the_message_that_states_facts():
    message = site_oru(MALIGNANT, head=obr(procedure="PETCHO^Choline PET^99STE"))

    assert held(message, STELSE) == ("code-unknown", "OBR[1]-4.1")


def test_a_group_of_another_procedure_without_facts_is_only_named():
    other = obr("ACC-7", status="I", procedure="CTCHEST^CT^99STE")
    found = outcome(
        groups((obr("ACC-1", procedure="PETFDG^^99STE"), MALIGNANT), (other,), msh=SITE_MSH),
        STELSE,
    )

    assert len(found.reports) == 1
    assert found.notes == ("no fact OBR[2]",)


def test_a_cancelled_group_without_facts_says_which_study_by_its_procedure():
    (found,) = reports(site_oru(head=obr(status="X", procedure="PETFDG^^99STE")), STELSE)

    assert (found.study.status, found.kind) == (ReportStatus.CANCELLED, TracerKind.FDG)


def test_a_procedure_that_is_missing_leaves_the_tracer_unstated():
    assert held(site_oru(MALIGNANT, head=obr(procedure="")), STELSE) == ("field-missing", "OBR[1]")


def test_a_segment_that_is_missing_leaves_the_fact_unstated():
    mapping = site(SITE + "report: {who_grade: {field: ZPA-3.1}}\n")

    assert report(site_oru(MALIGNANT), mapping).study.who_grade is None
    assert report(site_oru(MALIGNANT).replace("PID|", "ZPA|||G2\rPID|"), mapping).study.who_grade == "G2"


def test_a_component_of_a_field_is_text_and_an_empty_one_is_nothing():
    mapping = site(SITE + "report: {who_grade: {field: OBR-13.2}}\n")

    assert report(site_oru(MALIGNANT), mapping).study.who_grade is None


def test_a_row_without_its_required_fact_is_held():
    assert held(site_oru(("CWE", "LESSITE^^99STE", "1", "LIV^^99STE")), STELSE) == ("field-missing", "OBX[1]-4")


def test_words_stand_for_codes_without_a_system_and_of_the_mappings_own():
    own = changed(own_systems="[99STE]")
    plain = ("ST", "LESCLASS^^99STE", "1", "phys")
    foreign = ("CWE", "LESCLASS^^99STE", "1", "PHYS^^99OTHER")
    unsystematic = ("CWE", "LESCLASS^^99STE", "1", "PHYS")
    textual = ("CWE", "LESCLASS^^99STE", "1", "^phys")

    assert {row(site_oru(one), own).nature for one in (plain, unsystematic, textual)} == {Nature.NOT_TUMOUR}
    assert row(site_oru(MALIGNANT), own).nature is Nature.TUMOUR
    assert held(site_oru(foreign), own) == ("code-unknown", "OBX[1]-5.1")
    assert held(site_oru(MALIGNANT, ("NM", "NEW^^99STE", "1", "1")), own) == ("code-unknown", "OBX[2]-3.1")


def test_a_coding_system_may_have_other_names():
    assert row(site_oru(("CWE", "LESCLASS^^L", "1", "MAL")), changed(systems="{99STE: [L, LOCAL]}")).row == "1"


def test_a_constant_nature_stands_on_every_row():
    mapping = site(SITE.replace("{obx: [LESCLASS^^99STE], lookup: nature, required: true}", "{const: uncertain}"))

    assert row(site_oru(("NM", "SUVMAX^^99STE", "1", "8", "g/mL")), mapping).nature is Nature.UNCERTAIN


def test_an_absent_nature_is_what_the_mapping_says():
    mapping = site(SITE.replace("lookup: nature, required: true", "lookup: nature, absent: uncertain"))

    assert row(site_oru(("NM", "SUVMAX^^99STE", "1", "8", "g/mL")), mapping).nature is Nature.UNCERTAIN


def test_a_rule_may_hold_for_one_procedure_alone():
    mapping = with_facts(
        "krenning: {obx: [SCORE^^99STE], when: {OBR-4.1: [PETGA68]}}",
        "tracking_id: {obx: [SCORE^^99STE], when: {OBR-4.1: [PETFDG], ORC-1: [RE]}}",
    )
    score = ("NM", "SCORE^^99STE", "1", "3")
    sstr = report(site_oru(MALIGNANT, score), mapping)
    fdg = report(site_oru(MALIGNANT, score, head=f"ORC|RE\r{FDG_OBR}"), mapping)
    neither = report(site_oru(MALIGNANT, score, head=FDG_OBR), mapping)

    assert (sstr.rows[0].finding.krenning, sstr.rows[0].tracking_id) == (3, None)
    assert (fdg.rows[0].finding.krenning, fdg.rows[0].tracking_id) == (None, "3")
    assert neither.notes == ("unused OBX[2]",)


def test_a_rule_may_hold_for_observations_of_one_kind_alone():
    mapping = with_facts("krenning: {obx: [SCORE^^99STE], when: {OBX-17.1: [KREN]}}")
    scored = site_oru(MALIGNANT, ("NM", "SCORE^^99STE", "1", "3")) + "||||||KREN^x^99STE"

    assert row(scored, mapping).finding.krenning == 3
    assert row(scored.replace("KREN", "OTHER"), mapping).finding.krenning is None


def test_a_constant_may_hold_for_one_procedure_alone():
    mapping = site(SITE + "report: {extent: {const: metastatic, when: {OBR-4.1: [PETFDG]}}}\n")

    assert report(site_oru(MALIGNANT), mapping).study.extent is None
    assert report(site_oru(MALIGNANT, head=FDG_OBR), mapping).study.extent == "metastatic"


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_rule_that_finds_a_value_is_taken_and_the_others_are_noted(order):
    mapping = changed(suv="[{obx: [A^^99STE], unit: g/mL}, {obx: [B^^99STE], unit: g/mL}]")
    both = [("NM", "A^^99STE", "1", "8", "g/mL"), ("NM", "B^^99STE", "1", "9", "g/mL")][::order]
    found = report(site_oru(MALIGNANT, *both), mapping)

    assert found.rows[0].finding.suv.value == Interval.exactly(Decimal(8))
    assert len(found.notes) == 1


def test_other_types_and_codes_of_prose():
    mapping = changed(narrative="{types: [TX], obx: [NOTE^^99STE]}")
    found = report(site_oru(MALIGNANT, ("ST", "NOTE^^99STE", "", "x"), ("FT", "Z^^L", "", "y")), mapping)

    assert found.notes == ("narrative OBX[2]", "unused OBX[3]")


def test_parts_of_the_row_key_are_facts():
    mapping = site(
        SITE.replace("{parts: 1}", "{pattern: '(?P<where>[A-Z]+)-(?P<row>[0-9]+)(?P<side>[LR])?'}")
        .replace("{obx: [LESSITE^^99STE], lookup: sites, unmapped: flag}", "{group: where, lookup: sites}")
        .replace("tables:\n", "  tracking_id: {group: row}\n  cross_reference: {group: side}\ntables:\n", 1)
    )
    key = ("CWE", "LESCLASS^^99STE", "LIV-3", "MAL")
    found = row(site_oru(key), mapping)

    assert (found.row, found.site, found.tracking_id, found.cross_reference) == ("3", "10200004", "3", None)
    assert held(site_oru(key, ("NM", "SUVMAX^^99STE", "NODE-3", "8")), mapping) == ("value-conflict", "OBX[2]-4")
