"""Merge messages say which record survives which, or that two are of two patients after all."""

from datetime import UTC, datetime

import pytest

from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message, MessageError
from adapter.hl7v2.patient_merges import is_merge, read_merges

HOSP = "^^^HOSP^MR"


def adt(trigger, *segments, evn="EVN|{trigger}|20261120120000+0100", time="20261120130000"):
    header = f"MSH|^~\\&|ADT|HIS|NETPET|HOSP|{time}||ADT^{trigger}|M1|P|2.5.1"
    return "\r".join((header, evn.format(trigger=trigger), *segments))


def said(trigger, *segments, **facts):
    merges = read_merges(Message.parse(adt(trigger, *segments, **facts)), trigger)
    return [(one.old.value, one.survivor.value, one.undone) for one in merges]


@pytest.mark.parametrize("trigger", ["A34", "A36", "A40", "A47"])
def test_the_record_of_mrg_1_becomes_that_of_pid_3(trigger):
    assert said(trigger, f"PID|1||2{HOSP}", f"MRG|1{HOSP}") == [("1", "2", False)]


def test_an_a40_may_merge_several_pairs_of_records():
    pairs = (f"PID|1||2{HOSP}", f"MRG|1{HOSP}", f"PID|2||4{HOSP}", f"MRG|3{HOSP}")

    assert said("A40", *pairs) == [("1", "2", False), ("3", "4", False)]


def test_an_a37_says_that_its_two_records_are_of_two_patients():
    assert said("A37", f"PID|1||2{HOSP}", f"PID|2||1{HOSP}") == [("2", "1", True)]


def test_identifiers_of_one_authority_belong_together():
    pid, mrg = f"PID|1||2{HOSP}~E2^^^REGION^PI", f"MRG|1{HOSP}~E1^^^REGION^PI"

    assert said("A40", pid, mrg) == [("1", "2", False), ("E1", "E2", False)]


def test_an_identifier_without_partner_goes_with_the_record_number():
    assert said("A40", f"PID|1||E2^^^REGION^PI~2{HOSP}", "MRG|9^^^OLDHOSP^MR") == [("9", "2", False)]


def test_an_authority_is_known_by_its_oid():
    (one,) = read_merges(Message.parse(adt("A40", "PID|1||2^^^H&1.2.3&ISO", "MRG|1^^^H&1.2.3&ISO")), "A40")

    assert (one.old.authority_oid, one.survivor.authority_oid) == ("1.2.3", "1.2.3")


@pytest.mark.parametrize(
    ("facts", "at"),
    [
        ({}, datetime(2026, 11, 20, 11, tzinfo=UTC)),
        ({"evn": "EVN|{trigger}"}, datetime(2026, 11, 20, 13, tzinfo=UTC)),
        ({"evn": "EVN|{trigger}|20261120120000"}, datetime(2026, 11, 20, 12, tzinfo=UTC)),
    ],
)
def test_the_time_is_that_of_recording_else_that_of_the_message(facts, at):
    (one,) = read_merges(Message.parse(adt("A40", f"PID|1||2{HOSP}", f"MRG|1{HOSP}", **facts)), "A40")

    assert one.at == at


@pytest.mark.parametrize(
    ("segments", "facts", "place"),
    [
        ((f"PID|1||2{HOSP}",), {}, "MRG[1]-1"),
        ((f"PID|1||2{HOSP}", f"MRG|2{HOSP}"), {}, "MRG[1]-1"),
        ((f"PID|1||2{HOSP}", "MRG|"), {}, "MRG[1]-1"),
        (("PID|1", f"MRG|1{HOSP}"), {}, "PID[1]-3"),
        ((f"MRG|1{HOSP}",), {}, "PID"),
        ((f"PID|1||2{HOSP}", f"MRG|1{HOSP}"), {"evn": "EVN|{trigger}|soon"}, "EVN[1]-2"),
        ((f"PID|1||2{HOSP}", f"MRG|1{HOSP}"), {"evn": "EVN|{trigger}", "time": ""}, "EVN[1]-2"),
    ],
)
def test_what_names_no_two_records_or_no_time_is_held(segments, facts, place):
    with pytest.raises(MessageError) as caught:
        said("A40", *segments, **facts)

    assert str(caught.value.place) == place


def test_an_unlink_names_two_records():
    with pytest.raises(MessageError):
        said("A37", f"PID|1||2{HOSP}")


@pytest.mark.parametrize(
    ("kind", "taken"), [("ADT^A40", True), ("ADT^A37", True), ("ADT^A08", False), ("ORU^R01", False)]
)
def test_only_merges_are_taken_of_adt(kind, taken):
    header = f"MSH|^~\\&|ADT|HIS|NETPET|HOSP|20261120130000||{kind}|M1|P|2.5.1"

    assert is_merge(read_header(header.encode())) is taken
