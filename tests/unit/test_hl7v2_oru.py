"""Observations belong to the order they stand in; none is lost, and no status becomes final that is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.encoding import STANDARD
from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.hl7v2.oru import (
    ObservationGroup,
    PatientResult,
    Standing,
    observation_standing,
    patient_results,
    report_status,
)
from adapter.outcome import Problem
from adapter.scoring.report import ReportStatus

MSH = "MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|20261120||ORU^R01^ORU_R01|M1|P|2.5.1\r"


def results(ids: str, header: str = MSH) -> tuple[PatientResult, ...]:
    """Turn ids, each with its number as the set id, into the results of their message."""
    return patient_results(Message.parse(header + "\r".join(f"{name}|{i}" for i, name in enumerate(ids.split(), 1))))


def told(group: ObservationGroup) -> tuple[str, str, str]:
    """A group as the numbers of its ORC, its OBR and its observations."""
    orc, obr = (segment.value(1) if segment else "-" for segment in (group.orc, group.obr))
    return orc, obr, " ".join(obx.value(1) for obx in group.observations)


GROUPINGS = [
    ("PID OBR OBX OBX", [("-", "2", "3 4")]),
    ("PID PV1 ORC OBR OBX ORC OBR OBX", [("3", "4", "5"), ("6", "7", "8")]),
    ("PID ORC OBR OBX OBR OBX", [("2", "3", "4"), ("-", "5", "6")]),
    ("OBR OBX OBR OBX", [("-", "1", "2"), ("-", "3", "4")]),
    ("PID OBR NTE OBX NTE OBX SPM OBX", [("-", "2", "4 6 8")]),
    ("PID OBX OBX OBR OBX", [("-", "4", "2 3 5")]),
    ("PID OBX ORC OBR OBX", [("3", "4", "2 5")]),
    ("PID OBX OBR OBX OBR OBX", [("-", "-", "2"), ("-", "3", "4"), ("-", "5", "6")]),
    ("PID ORC OBX OBR OBX", [("2", "4", "3 5")]),
    ("PID ORC OBR ORC OBX OBR OBX", [("2", "3", ""), ("4", "6", "5 7")]),
    ("PID OBR ORC OBX OBR ORC OBX", [("3", "2", "4"), ("6", "5", "7")]),
    ("PID OBR OBX ORC OBX", [("-", "2", "3"), ("4", "-", "5")]),
    ("PID ORC OBX OBX ORC OBX", [("2", "-", "3 4"), ("5", "-", "6")]),
    ("PID ORC ORC OBR", [("2", "-", ""), ("3", "4", "")]),
    ("PID OBX", [("-", "-", "2")]),
    ("PID ZBR OBR ZBX OBX TQ1", [("-", "3", "5")]),
]


@pytest.mark.parametrize(("ids", "groups"), GROUPINGS)
def test_observations_belong_to_the_order_they_stand_in(ids, groups):
    (result,) = results(ids)
    assert [told(group) for group in result.groups] == groups


def test_each_patient_has_results_of_its_own():
    first, second = results("PID OBR OBX PID OBR OBX OBX")
    assert first.pid is not None
    assert second.pid is not None
    assert (first.pid.value(1), second.pid.value(1)) == ("1", "4")
    assert ([told(g) for g in first.groups], [told(g) for g in second.groups]) == (
        [("-", "2", "3")],
        [("-", "5", "6 7")],
    )


def test_a_message_without_pid_has_a_result_that_names_nobody():
    (result,) = results("OBR OBX")
    assert (result.pid, result.deviations) == (None, ("pid-missing",))


def test_a_message_without_results_has_none():
    assert results("NTE") == ()


def test_what_stands_beside_the_patient_and_the_order_is_kept():
    (result,) = results("PID PD1 NTE PV1 OBR NTE OBX NTE SPM ZXX")
    assert [segment.id for segment in result.others] == ["PD1", "NTE", "PV1"]
    (group,) = result.groups
    assert [segment.value(1) for segment in group.notes] == ["6", "8"]
    assert [segment.id for segment in group.others] == ["SPM", "ZXX"]


@pytest.mark.parametrize(
    ("ids", "deviations"),
    [
        ("PID ORC OBR OBX", ()),
        ("PID OBX OBR", ("obx-before-obr: OBX[1]",)),
        ("PID OBX ORC OBX OBR OBX", ("obx-before-obr: OBX[1]", "obx-before-obr: OBX[2]")),
        ("PID ORC OBX OBR", ("obx-before-obr: OBX[1]",)),
        ("PID OBR ORC OBX", ("orc-after-obr: ORC[1]",)),
        ("PID OBR OBX SPM OBX OBX", ("obx-after-spm: OBX[2]",)),
        ("PID OBX", ("obr-missing",)),
    ],
)
def test_an_unusual_order_of_segments_is_noted(ids, deviations):
    (result,) = results(ids)
    (group,) = result.groups
    assert group.deviations == deviations


def message(*lines: str) -> tuple[PatientResult, ...]:
    return patient_results(Message.parse(MSH + "\r".join(lines)))


def test_observations_under_an_orc_are_never_given_to_another_orders_obr():
    (result,) = message("PID|1", "ORC|1|P1|F1", "OBX|2", "OBR|3|P1|F2", "OBX|4")
    assert [told(group) for group in result.groups] == [("1", "-", "2"), ("-", "3", "4")]


def test_observations_under_an_orc_are_its_own_obrs_where_the_order_numbers_agree():
    (result,) = message("PID|1", "ORC|1|P1|F1", "OBX|2", "OBR|3||F1", "OBX|4")
    assert [told(group) for group in result.groups] == [("1", "3", "2 4")]


@pytest.mark.parametrize("lines", [("PID|1", "OBR|1", "OBX|1", "DSC|17"), ("OBR|1", "DSC|17|F")])
def test_a_part_of_a_continued_message_is_refused(lines):
    with pytest.raises(MessageError) as caught:
        message(*lines)
    assert (caught.value.problem, str(caught.value.place)) == (Problem.SEGMENT_MISSING, "DSC[1]-1")


def test_a_continuation_pointer_in_the_header_is_refused():
    with pytest.raises(MessageError) as caught:
        results("OBR", header=MSH[:-1] + "||17\r")
    assert str(caught.value.place) == "MSH[1]-14"


@given(st.lists(st.sampled_from(["PID", "ORC", "OBR", "OBX", "NTE", "SPM", "PV1", "ZXX"])))
def test_every_segment_behind_the_first_patient_or_order_is_in_exactly_one_place(ids):
    found = []
    for result in results(" ".join(ids)):
        found += [result.pid] if result.pid else []
        found += result.others
        for group in result.groups:
            found += [segment for segment in (group.orc, group.obr) if segment]
            found += group.observations + group.notes + group.others
    first = next((i for i, name in enumerate(ids) if name in ("PID", "ORC", "OBR", "OBX")), len(ids))
    assert sorted(int(segment.value(1)) for segment in found) == list(range(first + 1, len(ids) + 1))


@given(st.lists(st.sampled_from(["PID", "ORC", "OBR", "OBX", "SPM"])))
def test_observations_keep_their_order_within_a_patient(ids):
    for result in results(" ".join(ids)):
        numbers = [int(obx.value(1)) for group in result.groups for obx in group.observations]
        assert numbers == sorted(numbers)


def status_of(code: str) -> ReportStatus:
    return report_status(Segment("OBR", 1, ["OBR", *[""] * 24, code], STANDARD))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("O", ReportStatus.REGISTERED),
        ("I", ReportStatus.REGISTERED),
        ("S", ReportStatus.REGISTERED),
        ("N", ReportStatus.REGISTERED),
        ("P", ReportStatus.PRELIMINARY),
        ("M", ReportStatus.PRELIMINARY),
        ("R", ReportStatus.PARTIAL),
        ("A", ReportStatus.PARTIAL),
        ("F", ReportStatus.FINAL),
        ("C", ReportStatus.CORRECTED),
        ("X", ReportStatus.CANCELLED),
    ],
)
def test_each_report_status_is_read_by_the_table(code, status):
    assert status_of(code) is status


def standing_of(code: str) -> Standing:
    return observation_standing(Segment("OBX", 1, ["OBX", *[""] * 10, code], STANDARD))


@pytest.mark.parametrize(
    ("code", "standing"),
    [
        ("F", Standing.FINAL),
        ("V", Standing.FINAL),
        ("P", Standing.PRELIMINARY),
        ("R", Standing.PRELIMINARY),
        ("S", Standing.PRELIMINARY),
        ("I", Standing.REGISTERED),
        ("O", Standing.REGISTERED),
        ("C", Standing.CORRECTED),
        ("A", Standing.CORRECTED),
        ("B", Standing.CORRECTED),
        ("D", Standing.RETRACTED),
        ("W", Standing.RETRACTED),
        ("X", Standing.RETRACTED),
        ("N", Standing.ABSENT),
    ],
)
def test_each_observation_status_is_read_by_the_table(code, standing):
    assert standing_of(code) is standing


@pytest.mark.parametrize(("read", "unsettled"), [(status_of, "YZ"), (standing_of, "U")])
def test_a_status_that_the_tables_do_not_settle_is_held_and_never_final(read, unsettled):
    for code in [*unsettled, "f", "final", "?", "FF", "Q"]:
        with pytest.raises(MessageError) as caught:
            read(code)
        assert caught.value.problem is Problem.STATUS_UNKNOWN


@pytest.mark.parametrize("read", [status_of, standing_of])
@pytest.mark.parametrize("code", ["", '""', " "])
def test_a_result_without_a_status_is_held(read, code):
    with pytest.raises(MessageError) as caught:
        read(code)
    assert caught.value.problem is Problem.FIELD_MISSING


def test_only_final_and_corrected_reports_may_carry_a_score():
    final = {code for code in "OISNPMRAFCX" if status_of(code).is_final}
    assert final == {"F", "C"}
