"""Several groups in one message are several studies; a group without facts says how its study stands, or is noted."""

from mapping_messages import FDG, MSH, NEGATIVE, PID, POSITIVE, SSTR, groups, obr, oru, outcome, reports

from adapter.scoring.lesion import Uptake
from adapter.scoring.report import ReportStatus, TracerKind

CHEST = obr("ACC-9^RIS", procedure="71260^CT chest^C4")


def test_two_groups_are_two_studies():
    found = reports(groups((obr("ACC-1"), FDG, NEGATIVE), (obr("ACC-2"), SSTR, POSITIVE)))

    assert [(one.accession, one.kind) for one in found] == [("ACC-1", TracerKind.FDG), ("ACC-2", TracerKind.SSTR)]


def test_a_row_belongs_to_its_own_group_alone():
    fdg, sstr = reports(groups((obr("ACC-1"), FDG, NEGATIVE), (obr("ACC-2"), SSTR, POSITIVE)))

    assert [fdg.rows[0].finding.uptake, sstr.rows[0].finding.uptake] == [Uptake.NEGATIVE, Uptake.POSITIVE]


def test_one_accession_may_hold_both_halves():
    found = reports(groups((obr("ACC-1"), FDG, NEGATIVE), (obr("ACC-1"), SSTR, POSITIVE)))

    assert [one.kind for one in found] == [TracerKind.FDG, TracerKind.SSTR]


def test_a_final_group_without_facts_is_no_report_and_is_named():
    found = outcome(groups((obr("ACC-1"), FDG), (CHEST, ("TX", "GDT^Report^L", "", "clear"))))

    assert len(found.reports) == 1
    assert found.notes == ("no fact OBR[2]", "narrative OBX[2]")


def test_a_cancelled_group_without_facts_is_a_report_that_no_longer_stands():
    found = reports(groups((obr("ACC-1"), FDG), (obr("ACC-2^RIS", status="X"),)))

    assert (found[1].accession, found[1].study.status, found[1].kind) == ("ACC-2", ReportStatus.CANCELLED, None)


def test_a_group_under_way_without_facts_is_a_report_that_is_not_final():
    (found,) = reports(groups((obr("ACC-1", status="I"), ("ST", "uptake^^99NETPET", "1", ""))))

    assert (found.study.status, found.rows) == (ReportStatus.REGISTERED, ())


def test_a_group_without_facts_does_not_speak_for_a_study_that_another_group_reports():
    found = outcome(groups((obr("ACC-1"), FDG), (obr("ACC-1", status="X"),)))

    assert [one.study.status for one in found.reports] == [ReportStatus.FINAL]
    assert found.notes == ("no fact OBR[2]",)


def test_a_group_without_facts_and_accession_is_only_named():
    found = outcome(groups((obr("ACC-1"), FDG), ("OBR|2|||||||||||||||||||||||||I",)))

    assert len(found.reports) == 1
    assert found.notes == ("no fact OBR[2]",)


def test_a_group_without_facts_whose_state_cannot_be_read_is_only_named():
    found = outcome(groups((obr("ACC-1"), FDG), (obr("ACC-2", status=""),)))

    assert len(found.reports) == 1
    assert found.notes == ("no fact OBR[2]",)


def test_prose_before_several_orders_is_nobodys_and_is_named():
    first = oru(FDG).split("\r", 2)[2]
    second = oru(SSTR, head=obr("ACC-2")).split("\r", 2)[2]
    found = outcome(f"{MSH}\r{PID}\rOBX||TX|GDT^Report^L||prose||||||F\r{first}\r{second}")

    assert len(found.reports) == 2
    assert "narrative OBX[1]" in found.notes


def test_what_stood_in_an_unusual_order_is_noted():
    found = outcome(f"{MSH}\r{PID}\rOBX||TX|GDT^Report^L||prose||||||F\r{oru(FDG).split(chr(13), 2)[2]}")

    assert any("obx-before-obr" in note for note in found.notes)
