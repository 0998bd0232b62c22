"""Who the patient is, which study it is and when, in the canonical form."""

from datetime import UTC, datetime

import pytest
from mapping_messages import FDG, MSH, PID, SSTR, obr, oru, outcome, report

from adapter.scoring.report import PatientIdentity


def test_a_patient_is_the_first_identifier_with_its_authority_by_oid_where_it_has_one():
    pid = "PID|1||77^^^HOSP&1.2.3&ISO^MR~88^^^NHS^NH||DOE^JANE||1960"

    assert report(oru(FDG, pid=pid)).patient == PatientIdentity("77", "HOSP", "1.2.3", "MR", None)


def test_of_several_identifiers_the_medical_record_number_names_the_patient():
    pid = "PID|1||5540^^^CARD^PI~77^^^HOSP^MR||DOE^JANE||1960"

    assert report(oru(FDG, pid=pid)).patient.value == "77"


@pytest.mark.parametrize("birth", ["", "unknown", "196001", '""'])
def test_a_birth_date_that_is_no_day_is_left_out(birth):
    assert report(oru(FDG, pid=f"PID|1||1^^^HOSP||DOE^JANE||{birth}")).patient.birth_date is None


@pytest.mark.parametrize(
    ("head", "accession"),
    [
        ("OBR|1|PL1|FILL1|81555-5^PET^LN|||20261119||||||||||||||||||F", "FILL1"),
        ("OBR|1|PL1||81555-5^PET^LN|||20261119|||||||||||ACC18|||||||F", "ACC18"),
        ("OBR|1|PL1||81555-5^PET^LN|||20261119||||||||||||||||||F", "PL1"),
    ],
)
def test_the_accession_is_the_filler_number_else_obr_18_else_the_placer_number(head, accession):
    assert report(oru(FDG, head=head)).accession == accession


def test_the_order_is_found_in_orc_where_obr_has_none():
    message = oru(FDG, head="ORC|RE|PL9\rOBR|1||FILL1||||20261119||||||||||||||||||F")

    assert report(message).order == "PL9"


def test_the_report_has_its_own_time_in_obr_22():
    head = "OBR|1|PL1|FILL1|81555-5^PET^LN|||20261119|||||||||||||||20261121083000+0000|||F"

    assert report(oru(FDG, head=head)).issued == datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def test_a_time_without_an_offset_has_that_of_the_message():
    found = report(oru(FDG, head=obr(time="202611190005")))

    assert found.study.acquired.isoformat() == "2026-11-19T00:05:00+01:00"
    assert found.notes == ()


def test_a_time_without_any_offset_has_the_zone_of_the_mapping_and_a_note():
    found = report(oru(FDG, head=obr(time="20261119"), msh=MSH.replace("+0100", "")))

    assert found.study.acquired.isoformat() == "2026-11-19T00:00:00+00:00"
    assert found.notes == ("no time zone OBR[1]-7: UTC taken", "no time zone MSH[1]-7: UTC taken")


@pytest.mark.parametrize("time", ["", "2026", "202611"])
def test_an_acquisition_without_a_day_is_not_known(time):
    found = report(oru(FDG, head=obr(time=time)))

    assert found.study.acquired is None
    assert found.notes == (("names no day OBR[1]-7",) if time else ())


def test_a_report_without_any_time_has_none():
    assert report(oru(FDG, msh=MSH.replace("20261120101500+0100", ""))).issued is None


def test_the_patient_named_twice_alike_is_one_patient():
    message = oru(FDG) + "\r" + PID.replace("19600101", "") + "\r" + oru(SSTR, head=obr("ACC-2")).split("\r", 2)[2]

    assert len(outcome(message).reports) == 2
