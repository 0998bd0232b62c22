"""A row once sent never stands for ever: a correction takes it back, a withdrawal says all of them as withdrawn."""

from dataclasses import replace
from datetime import timedelta

from test_hl7v2_result_message import AT, GRADE, MESSAGE, read

from adapter.hl7v2.datatypes import Coded, Text
from adapter.hl7v2.result_changes import SentResult, take_back_rows, withdraw
from adapter.hl7v2.result_message import Observation, write_result

REASON = Coded("reason", "Reason", "99NETPET")
REASONS = tuple(Observation(REASON, Text(f"r|{number}"), "P", "", str(number)) for number in (1, 2))
BEFORE = write_result(replace(MESSAGE, observations=(GRADE, *REASONS)))
NOW = write_result(replace(MESSAGE, observations=(GRADE, replace(REASONS[0], value=Text("other")))))


def rows(payload):
    return [(obx.value(1), obx.value(3), obx.value(4), obx.value(5), obx.value(11)) for obx in read(payload).all("OBX")]


def test_a_row_that_went_is_taken_back_and_no_other():
    assert rows(take_back_rows(NOW, SentResult.read(BEFORE))) == [
        ("1", "netpet-score", "", "P2a", "P"),
        ("2", "reason", "1", "other", "P"),
        ("3", "reason", "2", "", "D"),
    ]


def test_what_was_taken_back_stays_so_in_every_later_message():
    second = take_back_rows(NOW, SentResult.read(BEFORE))

    assert take_back_rows(NOW, SentResult.read(second)) == second


def test_a_row_that_returns_has_its_value_again():
    second = take_back_rows(NOW, SentResult.read(BEFORE))

    assert take_back_rows(BEFORE, SentResult.read(second)) == BEFORE


def test_a_withdrawal_says_every_row_again_as_withdrawn():
    later = AT + timedelta(hours=1)

    message = read(withdraw(SentResult.read(BEFORE), "N|2", later, "W"))

    (msh,), (obr,) = message.all("MSH"), message.all("OBR")
    assert (msh.value(7), msh.value(10)) == ("20261122090005+0000", "N|2")
    assert (obr.value(22), obr.value(25)) == ("20261122090005+0000", "X")
    assert [obx.value(5) for obx in message.all("OBX")] == ["P2a", "r|1", "r|2"]
    assert {obx.value(11) for obx in message.all("OBX")} == {"W"}


def test_a_withdrawal_goes_where_the_result_is():
    before = SentResult.read(BEFORE)
    after = SentResult.read(withdraw(before, "N2", AT, "W"))

    assert (after.address, after.status) == (before.address, "X")
    assert read(BEFORE).all("PID")[0].raw == "|".join(after.segments[1])


def test_a_withdrawal_leaves_what_was_taken_back_before():
    second = take_back_rows(NOW, SentResult.read(BEFORE))

    withdrawn = withdraw(SentResult.read(second), "N2", AT, "X")

    assert [row[-1] for row in rows(withdrawn)] == ["X", "X", "D"]


def test_where_a_result_is_filed_is_its_receiver_its_patient_and_its_order():
    assert SentResult.read(BEFORE).address == (
        "EHR",
        "HOSP",
        "123456^^^HOSP&1.2.276.0.76.3.1.999&ISO^MR",
        "PL1^KIS",
        "ACC-1^RIS^1.2.3^ISO",
        "netpet-score^NETPET score^99NETPET",
    )
