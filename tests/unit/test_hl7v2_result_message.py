"""A result of ours is a message that every reader of HL7 v2 reads alike: ours, python-hl7, hl7apy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import hl7
import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.datatypes import Coded, Number, Text, observation_values
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.oru import patient_results
from adapter.hl7v2.result_message import (
    VERSIONS,
    Assigned,
    Envelope,
    Observation,
    Order,
    Party,
    ResultMessage,
    ResultNotWritableError,
    Subject,
    write_result,
)
from adapter.hl7v2.result_values import Prose
from adapter.hl7v2.tables import table_version
from adapter.scoring.lesion import Interval

AT = datetime(2026, 11, 22, 8, 0, 5, tzinfo=UTC)
SCORE = Coded("netpet-score", "NETPET score", "99NETPET")
GRADE = Observation(SCORE, Coded("P2a", "NETPET P2a", "99NETPET"), "P")
MESSAGE = ResultMessage(
    envelope=Envelope(Party("NETPET", "NUCMED"), Party("EHR", "HOSP")),
    control_id="N0001",
    at=AT,
    subject=Subject(Assigned("123456", "HOSP", "1.2.276.0.76.3.1.999"), "MR", "19600101"),
    order=Order(
        Assigned("PL1", "KIS"),
        Assigned("ACC-1", "RIS", "1.2.3"),
        SCORE,
        datetime(2026, 11, 19, 10, 5, tzinfo=timezone(timedelta(hours=1))),
    ),
    status="P",
    observations=(GRADE,),
)


ORDER = "OBR|1|PL1^KIS|ACC-1^RIS^1.2.3^ISO|netpet-score^NETPET score^99NETPET|||"


def lines(message: ResultMessage) -> list[str]:
    return write_result(message).decode().split("\r")


def read(payload: bytes) -> Message:
    return Message.parse(decode_text(payload, read_header(payload)).text)


def values(observations: tuple[Observation, ...]) -> list:
    message = read(write_result(replace(MESSAGE, observations=observations)))
    return [value for obx in message.all("OBX") for value in observation_values(obx)]


def test_a_result_names_sender_receiver_patient_order_and_observation():
    assert lines(MESSAGE) == [
        r"MSH|^~\&|NETPET|NUCMED|EHR|HOSP|20261122080005+0000||ORU^R01^ORU_R01|N0001|P|2.5.1||||||UNICODE UTF-8",
        "PID|1||123456^^^HOSP&1.2.276.0.76.3.1.999&ISO^MR||||19600101",
        "ORC|RE|PL1^KIS|ACC-1^RIS^1.2.3^ISO",
        ORDER + "20261119100500+0100" + "|" * 15 + "20261122080005+0000|||P",
        "OBX|1|CWE|netpet-score^NETPET score^99NETPET||P2a^NETPET P2a^99NETPET||||||P",
        "",
    ]


def test_what_is_not_known_is_left_empty_and_never_made_up():
    bare = replace(
        MESSAGE, subject=Subject(Assigned("123456")), order=Order(None, Assigned("ACC-1"), SCORE), observations=()
    )

    assert lines(bare)[1:4] == [
        "PID|1||123456",
        "ORC|RE||ACC-1",
        "OBR|1||ACC-1|netpet-score^NETPET score^99NETPET" + "|" * 18 + "20261122080005+0000|||P",
    ]


def test_an_acquisition_of_which_the_day_alone_is_known_is_a_day():
    order = replace(MESSAGE.order, observed=datetime(2026, 11, 19, tzinfo=UTC))

    assert lines(replace(MESSAGE, order=order))[3].split("|")[7] == "20261119"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_coded_value_is_a_ce_until_v24_and_a_cwe_after_it(version):
    message = replace(MESSAGE, envelope=replace(MESSAGE.envelope, version=version))

    assert lines(message)[4].split("|")[2] == ("CE" if version in ("2.3.1", "2.4") else "CWE")


@pytest.mark.parametrize("version", VERSIONS)
def test_python_hl7_and_hl7apy_read_every_version(version):
    payload = write_result(replace(MESSAGE, envelope=replace(MESSAGE.envelope, version=version)))

    other = hl7.parse(payload.decode())
    known = payload.decode().replace(version, table_version(version))  # hl7apy has no tables of 2.7.1
    third = parse_message(known, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)

    assert (str(other["OBR.F3.R1.C1"]), str(other["OBX.F5.R1.C1"])) == ("ACC-1", "P2a")
    assert (third.obr.obr_3.value, third.obx.obx_5.value) == ("ACC-1^RIS^1.2.3^ISO", "P2a^NETPET P2a^99NETPET")


def test_the_sites_own_code_stands_first_and_ours_beside_it():
    service = Coded("PETSCORE", "PET score", "L", (SCORE,))

    text = lines(replace(MESSAGE, order=replace(MESSAGE.order, service=service)))[3].split("|")[4]

    assert text == "PETSCORE^PET score^L^netpet-score^NETPET score^99NETPET"


def test_enhanced_mode_is_asked_for_in_msh_15_and_16():
    envelope = replace(MESSAGE.envelope, accept_ack="AL", application_ack="NE", processing_id="T")
    header = read_header(write_result(replace(MESSAGE, envelope=envelope)))

    assert (header.accept_ack, header.application_ack, header.processing_id) == ("AL", "NE", "T")


@pytest.mark.parametrize(
    ("interval", "kind", "text"),
    [
        (Interval.exactly(Decimal("3.10")), "NM", "3.10"),
        (Interval.exactly(Decimal("1E+3")), "NM", "1000"),
        (Interval(Decimal(1), Decimal(4)), "SN", "^1^-^4"),
        (Interval(Decimal(3), None), "SN", ">=^3"),
        (Interval(Decimal(3), None, low_open=True), "SN", ">^3"),
        (Interval(None, Decimal(3)), "SN", "<=^3"),
        (Interval(None, Decimal(3), high_open=True), "SN", "<^3"),
        (Interval(None, None), "", ""),
    ],
)
def test_a_number_is_nm_and_an_interval_sn(interval, kind, text):
    row = lines(replace(MESSAGE, observations=(Observation(SCORE, Number(interval), "F", "d", "2"),)))[4].split("|")

    assert (row[2], row[4], row[5], row[6]) == (kind, "2", text, "d^^UCUM")


def test_text_is_st_while_it_fits_and_tx_where_it_is_prose_or_longer():
    rows = tuple(Observation(SCORE, value, "F") for value in (Text("x" * 199), Text("x" * 200), Prose("x")))

    assert [line.split("|")[2] for line in lines(replace(MESSAGE, observations=rows))[4:7]] == ["ST", "TX", "TX"]


def test_an_observation_without_value_has_no_type():
    assert lines(replace(MESSAGE, observations=(Observation(SCORE, None, "D"),)))[4] == (
        "OBX|1||netpet-score^NETPET score^99NETPET||||||||D"
    )


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Zl", "Zp", "Zs", "Cn"), exclude_characters="\r\n\x85"), min_size=1
)


@given(text=TEXTS)
def test_any_text_comes_back_as_it_was_written(text):
    assert values((Observation(SCORE, Text(text), "F"),)) == [Text(text)]


@given(code=TEXTS, words=TEXTS)
def test_no_code_can_break_out_of_its_component(code, words):
    (found,) = values((Observation(SCORE, Coded(code, words, "99NETPET"), "F"),))

    assert (found.code, found.text, found.system) == (code.strip(), words.strip(), "99NETPET")


@given(number=st.decimals(-(10**6), 10**6, places=3))
def test_a_number_keeps_its_digits(number):
    assert values((Observation(SCORE, Number(Interval.exactly(number)), "F"),)) == [Number(Interval.exactly(number))]


def test_the_patient_and_the_order_are_read_back_as_they_were_given():
    (result,) = patient_results(read(write_result(MESSAGE)))

    assert [result.pid.value(3, 1, 4, number) for number in (1, 2, 3)] == ["HOSP", "1.2.276.0.76.3.1.999", "ISO"]
    assert [group.obr.value(2) for group in result.groups] == ["PL1"]


@pytest.mark.parametrize("character_set", ["8859/1", "WINDOWS-1252", "UNICODE UTF-8"])
def test_a_result_is_written_in_the_receivers_character_set(character_set):
    message = replace(
        MESSAGE,
        envelope=replace(MESSAGE.envelope, character_set=character_set),
        observations=(Observation(SCORE, Text("Läsion"), "F"),),
    )

    assert read(write_result(message)).all("OBX")[0].value(5) == "Läsion"


def test_a_character_that_the_receiver_cannot_read_is_never_replaced():
    message = replace(
        MESSAGE,
        envelope=replace(MESSAGE.envelope, character_set="8859/1"),
        observations=(Observation(SCORE, Text("Łódź"), "F"),),
    )

    with pytest.raises(ResultNotWritableError) as raised:
        write_result(message)

    assert str(raised.value) == "OBX: a character that the receiver's character set lacks"
