"""Where a site may find patient, accession, status and times."""

from decimal import Decimal

import pytest
from mapping_messages import (
    MALIGNANT,
    MSH,
    SITE,
    SITE_MSH,
    changed,
    groups,
    held,
    obr,
    report,
    reports,
    site,
    site_oru,
)

from adapter.scoring.report import ReportStatus, SuvCutoff

STELSE = site(SITE)
FDG_OBR = obr("ACC-2", procedure="PETFDG^FDG PET^99STE")


@pytest.mark.parametrize(
    ("identifiers", "chosen"),
    [
        ("1^^^A^PI~2^^^B^MR~3^^^C^MR", "2"),
        ("1^^^A^PI~3^^^C^MR", "3"),
        ("1^^^X&1.2.3&ISO^MR~3^^^C^MR", "1"),
        ("^^^B^MR~3^^^C^MR", "3"),
    ],
)
def test_the_patient_is_the_first_identifier_of_the_preferred_authority_and_type(identifiers, chosen):
    mapping = site(SITE.replace("  zone:", "  patient: {authority: [B, 1.2.3, C], type: [MR]}\n  zone:"))
    message = site_oru(MALIGNANT).replace("123456^^^HOSP^MR", identifiers)

    assert report(message, mapping).patient.value == chosen


def test_a_patient_without_an_identifier_of_the_authority_is_held():
    mapping = site(SITE.replace("  zone:", "  patient: {authority: [NHS]}\n  zone:"))

    assert held(site_oru(MALIGNANT), mapping) == ("field-missing", "PID[1]-3")


def test_the_accession_may_stand_elsewhere():
    mapping = site(SITE.replace("  zone:", "  accession: [ZAC-2, OBR-20]\n  zone:"))

    assert report(site_oru(MALIGNANT).replace("PID|", "ZAC||A-77\rPID|"), mapping).accession == "A-77"
    assert held(site_oru(MALIGNANT), mapping) == ("field-missing", "ZAC-2")


def test_the_status_may_stand_elsewhere_in_the_sites_own_words():
    mapping = site(
        SITE.replace("  zone:", "  status: {field: ORC-5, lookup: states}\n  zone:")
        + "  states: {CM: final, IP: preliminary, CA: cancelled}\n"
    )

    def said(word):
        return site_oru(MALIGNANT, head=f"ORC|RE||||{word}\r{obr(status='', procedure='PETFDG^^99STE')}")

    assert report(said("CM"), mapping).study.status is ReportStatus.FINAL
    assert report(said("IP"), mapping).study.status is ReportStatus.PRELIMINARY
    assert held(said(""), mapping) == ("field-missing", "ORC[1]-5")
    assert held(said("XX"), mapping) == ("status-unknown", "ORC-5")


def test_a_zone_of_the_site_is_used_where_the_message_has_none():
    message = site_oru(
        MALIGNANT,
        head=obr(time="202607010030", procedure="PETFDG^^99STE"),
        msh=MSH.replace("NUCMED", "STELSE").replace("+0100", ""),
    )

    assert report(message, STELSE).study.acquired.isoformat() == "2026-07-01T00:30:00+02:00"


def test_a_signed_cut_off_travels_with_the_study_of_its_tracer():
    mapping = changed(suv_cutoffs='{sstr: {value: "2.5", signed_by: Dr A. Reader}}')

    assert report(site_oru(MALIGNANT), mapping).study.suv_cutoff == SuvCutoff(Decimal("2.5"), "Dr A. Reader")
    assert report(site_oru(MALIGNANT, head=FDG_OBR), mapping).study.suv_cutoff is None


def test_codings_of_one_procedure_that_name_two_tracers_hold_the_message():
    message = site_oru(MALIGNANT, head=obr(procedure="PETFDG^^99STE^PETGA68^^99STE"))

    assert held(message, STELSE) == ("value-conflict", "OBR[1]-4")


def test_a_segment_of_another_group_is_never_taken():
    mapping = site(SITE.replace("  zone:", "  accession: [ZAC-2]\n  zone:"))
    first, second = obr("X", procedure="PETFDG^^99STE"), obr("Y", procedure="PETGA68^^99STE")
    message = groups((f"{first}\rZAC||A-1", MALIGNANT), (second, MALIGNANT), msh=SITE_MSH)

    assert held(message, mapping) == ("field-missing", "ZAC-2")
    assert [one.accession for one in reports(f"{message}\rZAC||A-2", mapping)] == ["A-1", "A-2"]


def test_a_patients_account_may_name_the_order():
    mapping = site(SITE.replace("  zone:", "  order: [PID-18]\n  zone:"))

    assert report(site_oru(MALIGNANT).replace("|F\r", "|F||||||||||ACCOUNT\r", 1), mapping).order == "ACCOUNT"


def test_a_message_of_a_header_alone_has_no_patient():
    assert held(SITE_MSH, STELSE) == ("segment-missing", "PID")
