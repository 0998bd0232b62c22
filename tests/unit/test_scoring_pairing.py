"""Which two studies of a patient belong together: nearest in acquisition time, each once, a tie for a person."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from lesion_tables import DAY_0, FDG, JANE, SSTR, ReportStatus, kept

from adapter.scoring.pairing import Pair, pair_of, pair_studies, retracted_pairs
from adapter.scoring.report import PatientIdentity, TracerKind, patient_key
from adapter.scoring.result import Policy

POLICY = Policy()


def sstr(day, accession=None, **facts):
    return kept(SSTR, day=day, accession=accession or f"S{day}", **facts)


def fdg(day, accession=None, **facts):
    return kept(FDG, day=day, accession=accession or f"F{day}", **facts)


def undated(kind, accession):
    return kept(kind, accession=accession, acquired=None)


def paired(*reports, policy=POLICY):
    """Each pair by its accessions, ``-`` for a side that is missing, with its reasons."""
    return [
        (*(one.report.accession if one else "-" for one in (pair.sstr, pair.fdg)), sorted(pair.reasons))
        for pair in pair_studies(reports, policy)
    ]


def test_two_studies_are_a_pair():
    assert paired(sstr(0), fdg(7)) == [("S0", "F7", [])]


def test_of_several_candidates_the_nearest_in_time_is_taken():
    assert paired(sstr(0), fdg(7), fdg(5)) == [("-", "F7", []), ("S0", "F5", [])]


def test_before_and_after_count_alike():
    assert paired(sstr(10), fdg(4), fdg(17)) == [("-", "F17", []), ("S10", "F4", [])]


def test_each_study_is_used_once():
    assert paired(sstr(0), fdg(1), sstr(90), fdg(95)) == [("S0", "F1", []), ("S90", "F95", [])]


def test_a_study_that_belongs_to_a_nearer_partner_is_not_taken_from_it():
    assert paired(sstr(0), fdg(10), sstr(12)) == [("S0", "-", []), ("S12", "F10", [])]


def test_a_tie_in_time_is_for_a_person():
    assert paired(sstr(10), fdg(5, "F-before"), fdg(15, "F-after")) == [
        ("-", "F-before", []),
        ("S10", "F-after", ["ambiguous-pairing"]),
    ]


def test_two_partners_of_one_day_are_a_tie():
    assert ("S0", "Fa", ["ambiguous-pairing"]) in paired(sstr(0), fdg(3, "Fa"), fdg(3, "Fb"))


def test_a_study_that_lost_its_nearest_partner_by_a_tie_is_for_a_person_too():
    assert paired(sstr(0), fdg(2), sstr(4), fdg(6)) == [
        ("S0", "F2", ["ambiguous-pairing"]),
        ("S4", "F6", ["ambiguous-pairing"]),
    ]


def test_a_tie_beyond_the_limit_is_not_scored_anyway_and_needs_no_second_reason():
    assert paired(sstr(100), fdg(0), fdg(200))[1][2] == []


def test_two_studies_beyond_the_limit_are_shown_together_when_nothing_nearer_is_there():
    assert paired(sstr(0), fdg(61)) == [("S0", "F61", [])]


def test_a_study_beyond_the_limit_never_takes_a_partner_from_within_it():
    assert paired(sstr(0), fdg(61), sstr(40)) == [("S0", "-", []), ("S40", "F61", [])]


def test_a_study_without_acquisition_date_is_paired_last():
    assert paired(undated(SSTR, "S?"), sstr(0), fdg(50)) == [("S0", "F50", []), ("S?", "-", [])]
    assert paired(undated(SSTR, "S?"), fdg(50)) == [("S?", "F50", [])]


def test_a_study_alone_is_a_pair_whose_partner_is_missing():
    (alone,) = pair_studies([sstr(0)], POLICY)
    (other,) = pair_studies([fdg(0)], POLICY)

    assert (alone.missing, other.missing) == (TracerKind.FDG, TracerKind.SSTR)
    assert (len(alone.reports), len(other.reports)) == (1, 1)


@pytest.mark.parametrize("status", [ReportStatus.CANCELLED, ReportStatus.ENTERED_IN_ERROR])
def test_a_retracted_study_never_pairs(status):
    assert paired(sstr(0), fdg(1, status=status), fdg(9)) == [("S0", "F9", [])]


def test_a_study_of_another_tracer_is_no_part_of_a_pair():
    assert paired(sstr(0), fdg(1, read_as=None)) == [("S0", "-", [])]


def test_no_reports_are_no_pairs():
    assert paired() == []


def test_two_reports_with_different_birth_dates_are_a_mismatch():
    other = replace(JANE, birth_date="19600102")

    assert paired(sstr(0), fdg(1, patient=other)) == [("S0", "F1", ["patient-mismatch"])]


def test_two_reports_with_different_identifiers_are_a_mismatch():
    assert paired(sstr(0), fdg(1, patient=replace(JANE, value="9"))) == [("S0", "F1", ["patient-mismatch"])]


def test_a_birth_date_that_one_report_does_not_state_contradicts_nothing():
    assert paired(sstr(0), fdg(1, patient=replace(JANE, birth_date=None))) == [("S0", "F1", [])]


def test_the_pairs_are_the_same_whatever_the_order_of_the_reports():
    reports = [sstr(0), sstr(20), fdg(5), fdg(10), fdg(15)]

    assert len({str(paired(*order)) for order in permutations(reports)}) == 1


def test_a_pair_has_the_same_id_whatever_the_message_or_its_time():
    one = pair_studies([sstr(0), fdg(7)], POLICY)[0]
    corrected = fdg(7, status=ReportStatus.CORRECTED)
    again = pair_studies([sstr(0, issued=DAY_0, sequence=9), corrected], POLICY)[0]

    assert one.id == again.id == str(UUID(one.id))


def test_another_accession_authority_or_patient_is_another_id():
    pairs = [
        (sstr(0), fdg(7)),
        (sstr(0), fdg(7, "F8")),
        (sstr(0), fdg(7, authority="PACS")),
        (sstr(0, patient=PatientIdentity("9")), fdg(7)),
        (sstr(0), None),
        (None, fdg(7)),
    ]

    assert len({Pair(*pair).id for pair in pairs}) == len(pairs)


def test_the_patients_key_rests_on_the_authoritys_oid_where_there_is_one():
    assert PatientIdentity("1", "HOSP", "1.2.3").key == patient_key("1.2.3", "1")
    assert PatientIdentity("1", "HOSP").key == patient_key("HOSP", "1")


def test_no_two_studies_and_no_two_patients_share_a_name_whatever_characters_it_holds():
    parts = ["a", "|", "\\", "a|", "|a", "a\\", "\\|"]
    studies = [sstr(0, accession, authority=authority) for accession in parts for authority in parts]

    assert len({Pair(one, None).id for one in studies}) == len(studies)
    assert len({patient_key(authority, value) for authority in parts for value in parts}) == len(studies)


def retracted(*reports):
    """Each pair that a retraction puts in error, by its accessions."""
    return [tuple(one.report.accession for one in pair.reports) for pair in retracted_pairs(reports, POLICY)]


GONE = {"status": ReportStatus.ENTERED_IN_ERROR}


def test_a_retracted_study_puts_the_pair_with_its_nearest_partner_in_error():
    assert retracted(sstr(0, **GONE), fdg(9), fdg(5)) == [("S0", "F5")]
    assert retracted(sstr(0), fdg(5, **GONE), sstr(9)) == [("S9", "F5")]


def test_a_retracted_study_without_partner_within_the_limit_puts_no_pair_in_error():
    assert retracted(sstr(0, **GONE), sstr(1), fdg(61), fdg(3, read_as=None), undated(FDG, "F?")) == []


def test_two_reports_of_different_patients_were_never_published_and_need_no_withdrawal():
    assert retracted(sstr(0, **GONE), fdg(5, patient=replace(JANE, birth_date="19600102")), fdg(9)) == []


def test_a_score_id_leads_back_to_its_current_reports_and_to_nothing_else():
    current = [sstr(0), sstr(40), fdg(7, status=ReportStatus.CANCELLED)]
    wanted = Pair(current[0], current[2])

    assert pair_of(wanted.id, current) == wanted
    assert pair_of(Pair(current[1], None).id, current) == Pair(current[1], None)
    assert pair_of("no such id", current) is None


def test_a_study_alone_waits_until_the_interval_limit():
    (alone,) = pair_studies([sstr(0)], POLICY)

    assert alone.waits_until(POLICY) == (DAY_0 + timedelta(days=60)).date() == date(2027, 1, 11)


def test_a_placeholder_for_a_date_waits_until_the_end_of_the_calendar():
    far = kept(SSTR, acquired=datetime(9999, 12, 31, tzinfo=UTC))

    assert Pair(far, None).waits_until(POLICY) == date(9999, 12, 30)


def test_a_pair_waits_for_nobody_and_an_undated_study_has_no_last_day():
    assert Pair(sstr(0), fdg(7)).waits_until(POLICY) is None
    assert Pair(None, undated(FDG, "F?")).waits_until(POLICY) is None
