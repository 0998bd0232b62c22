"""Numbers, sizes and units in a site's own spelling, packed or not, as its mapping says."""

from decimal import Decimal

import pytest
from mapping_messages import MALIGNANT, SITE, changed, held, report, row, site, site_oru, with_facts

from adapter.scoring.lesion import Interval, SuvStatistic, SuvType

PACKED = (
    "site: {component: {obx: [LES^^99STE], number: 1}, lookup: sites}",
    "size_mm: {component: {obx: [LES^^99STE], number: 3}, unit: mm, decimal: ','}",
    "tracking_id: {component: {obx: [LES^^99STE], number: 4}}",
)


def test_several_facts_packed_into_one_observation():
    mapping = site(
        SITE.replace("  site: {obx: [LESSITE^^99STE], lookup: sites, unmapped: flag}\n", "").replace(
            "tables:\n", "".join(f"  {line}\n" for line in PACKED) + "tables:\n", 1
        )
    )
    found = report(site_oru(MALIGNANT, ("CWE", "LES^^99STE", "1", "LIV^R^12,5", "mm")), mapping)

    assert (found.rows[0].site, found.rows[0].size_mm, found.rows[0].tracking_id) == ("10200004", Decimal("12.5"), None)


@pytest.mark.parametrize(("kind", "text"), [("NM", "8,4"), ("ST", "8,4"), ("SN", "^8,4")])
def test_a_decimal_comma(kind, text):
    mapping = changed(suv="{obx: [SUVMAX^^99STE], unit: g/mL, decimal: ','}")

    found = row(site_oru(MALIGNANT, (kind, "SUVMAX^^99STE", "1", text, "g/mL")), mapping)

    assert found.finding.suv.value == Interval.exactly(Decimal("8.4"))


def test_a_thousand_is_never_taken_for_a_decimal():
    mapping = changed(suv="{obx: [SUVMAX^^99STE], unit: g/mL, decimal: ','}")
    observation = ("ST", "SUVMAX^^99STE", "1", "1.234", "g/mL")

    assert held(site_oru(MALIGNANT, observation), mapping) == ("value-unreadable", "OBX[2]-5")


def test_another_statistic_and_normalisation():
    mapping = changed(suv="{obx: [SUVMAX^^99STE], unit: 'g/mL{SUVlbm}', type: SUVlbm, statistic: peak}")
    suv = row(site_oru(MALIGNANT, ("NM", "SUVMAX^^99STE", "1", "8", "g/mL{SUVlbm}")), mapping).finding.suv

    assert (suv.type, suv.statistic) == (SuvType.LEAN_BODY_MASS, SuvStatistic.PEAK)


def test_a_unit_in_the_sites_own_spelling():
    mapping = with_facts("size_mm: {obx: [SIZE^^99STE], unit: cm}", more="units: {cm: [centimeter, Zentimeter]}\n")

    assert row(site_oru(MALIGNANT, ("NM", "SIZE^^99STE", "1", "1.2", "Zentimeter")), mapping).size_mm == Decimal(12)
    assert row(site_oru(MALIGNANT, ("NM", "SIZE^^99STE", "1", "1.2")), mapping).size_mm == Decimal(12)
    assert row(site_oru(MALIGNANT, ("NM", "SIZE^^99STE", "1", "12", "mm")), mapping).size_mm == Decimal(12)


def test_a_measure_from_a_field_has_no_unit_of_its_own():
    mapping = with_facts("size_mm: {field: ZLE-2.1, unit: mm}")
    message = site_oru(MALIGNANT).replace("PID|", "ZLE||23\rPID|")

    assert row(message, mapping).size_mm == Decimal(23)
