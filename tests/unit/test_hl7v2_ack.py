"""Each receipt has one answer: the sender learns what became of its message, where it broke and why, and no value."""

from datetime import UTC

import hl7
import pytest
from answered import NOW, RECEIPTS, REFUSED, answer, header, segment
from hl7apy.parser import parse_message

from adapter.hl7v2.ack import ANSWERS, CONDITIONS, Level, acknowledge, acknowledge_accept
from adapter.hl7v2.header import read_header
from adapter.hl7v2.tables import VERSIONS
from adapter.outcome import Accepted, Place, Problem, Refused

HL7APY_VERSIONS = [version for version in VERSIONS if version not in ("2.7.1", "2.9", "2.9.1")]


def test_every_problem_has_its_answer_and_no_other_has_one():
    assert ANSWERS.keys() == set(Problem)


def test_every_answer_is_of_table_0357_and_says_why():
    assert all(a.code in "ER" and a.condition in CONDITIONS and a.sentence for a in ANSWERS.values())


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_is_told_to_the_sender(problem):
    told = answer(header(), Refused(problem))
    assert segment(told, "MSA").value(1) == "A" + ANSWERS[problem].code
    err = segment(told, "ERR")
    assert (err.value(3), err.value(3, 1, 3)) == (str(ANSWERS[problem].condition), "HL70357")
    assert (err.value(4), err.value(5)) == ("E", problem.value)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Problem.STORE_UNAVAILABLE, "AR"),
        (Problem.OVERLOADED, "AR"),
        (Problem.HEADER_UNREADABLE, "AR"),
        (Problem.CHARACTER_SET, "AE"),
        (Problem.BATCH_COUNT, "AE"),
        (Problem.VALUE_UNREADABLE, "AE"),
    ],
)
def test_content_is_an_error_and_all_else_a_rejection(problem, code):
    assert segment(answer(header(), Refused(problem)), "MSA").value(1) == code


@pytest.mark.parametrize("receipt", RECEIPTS[:4])
@pytest.mark.parametrize(("level", "code"), [(Level.APPLICATION, "AA"), (Level.ACCEPT, "CA")])
def test_a_message_that_is_on_disk_or_none_of_ours_is_accepted(receipt, level, code):
    told = answer(header(), receipt, level)
    assert segment(told, "MSA").value(1) == code
    assert told.first("ERR") is None


@pytest.mark.parametrize("problem", Problem)
def test_the_accept_level_says_the_same_in_its_own_codes(problem):
    told = answer(header(), Refused(problem), Level.ACCEPT)
    assert segment(told, "MSA").value(1) == "C" + ANSWERS[problem].code


def test_the_answer_speaks_as_the_message_spoke():
    msh = segment(answer(header(charset="UNICODE UTF-8"), Accepted("id")), "MSH")
    parties = [msh.field(number) for number in range(3, 7)]
    assert parties == ["NETPET", "HOSP", "RIS^1.2^ISO", "NUCMED"]
    assert msh.field(7) == "20261120101500+0100"
    assert msh.field(9) == "ACK^R01^ACK"
    assert (msh.field(10), msh.field(11), msh.field(12), msh.field(18)) == ("A1", "P^T", "2.5.1", "UNICODE UTF-8")


def test_the_answer_names_the_message():
    assert segment(answer(header(), Accepted("id")), "MSA").value(2) == "MSG00001"


def test_the_answer_uses_the_delimiters_of_the_message():
    raw = b"MSH!@%$*!RIS!F!NETPET!HOSP!2026!!ORU@R01!M1!P!2.5.1\r"
    payload = acknowledge(read_header(raw), REFUSED, now=NOW, control_id="A1")
    assert payload.startswith(b"MSH!@%$*!NETPET!HOSP!RIS!F!")
    assert b"\rERR!!OBX@5@5@2@1!102@Data type error@HL70357!E!" in payload


@pytest.mark.parametrize(
    ("version", "message_type"),
    [("2.1", "ACK"), ("2.2", "ACK^R01"), ("2.3", "ACK^R01"), ("2.3.1", "ACK^R01^ACK"), ("2.9", "ACK^R01^ACK")],
)
def test_the_message_type_is_that_of_the_version(version, message_type):
    assert segment(answer(header(version), Accepted("id")), "MSH").field(9) == message_type


@pytest.mark.parametrize(
    ("version", "err"),
    [
        ("2.1", "ERR|OBX^5^5^102"),
        ("2.2", "ERR|OBX^5^5^102&Data type error&HL70357"),
        ("2.3", "ERR|OBX^5^5^102&Data type error&HL70357"),
        ("2.4", "ERR|OBX^5^5^102&Data type error&HL70357"),
    ],
)
def test_before_v2_5_the_error_is_one_field(version, err):
    assert segment(answer(header(version), REFUSED), "ERR").raw == err


@pytest.mark.parametrize("version", VERSIONS[VERSIONS.index("2.5") :])
def test_from_v2_5_the_error_has_location_code_severity_and_rule(version):
    err = segment(answer(header(version), REFUSED), "ERR")
    assert [err.field(n) for n in (1, 2, 3)] == ["", "OBX^5^5^2^1", "102^Data type error^HL70357"]
    assert [err.field(n) for n in (4, 5)] == ["E", "value-unreadable^A value is not of its data type^L"]
    assert [err.field(n) for n in (6, 7, 8)] == ["", "", "not a decimal number"]


def test_without_subcomponents_the_older_error_names_the_code_alone():
    raw = b"MSH|^~\\|RIS|F|||||ORU^R01|M1|P|2.3\r"
    assert b"ERR|OBX^5^5^102\r" in acknowledge(read_header(raw), REFUSED, now=NOW, control_id="A1")


@pytest.mark.parametrize(("version", "sentence"), [("2.6", "A value is not of its data type"), ("2.7", "")])
def test_the_sentence_stands_in_msa_3_until_it_is_withdrawn(version, sentence):
    assert segment(answer(header(version), REFUSED), "MSA").value(3) == sentence


def test_a_rule_without_a_place_names_no_place():
    told = answer(header(), Refused(Problem.STORE_UNAVAILABLE))
    err = segment(told, "ERR")
    assert (err.field(2), err.value(8)) == ("", "The message could not be stored: send it again later")


def test_a_path_is_no_place_in_a_message():
    assert segment(answer(header(), Refused(Problem.RESOURCE_INVALID, Place(path="entry[0]"))), "ERR").field(2) == ""


def test_a_rule_cannot_break_the_answer():
    payload = acknowledge(header(), Refused(Problem.INTERNAL, rule="a|b\rc"), now=NOW, control_id="A1")
    assert payload.endswith(b"|a\\F\\b\\.br\\c\r")
    assert payload.count(b"\r") == 3


@pytest.mark.parametrize("version", HL7APY_VERSIONS)
@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
@pytest.mark.parametrize("level", Level)
def test_hl7apy_reads_every_answer_of_every_version(version, receipt, level):
    build = acknowledge if level is Level.APPLICATION else acknowledge_accept
    text = build(header(version), receipt, now=NOW, control_id="A1").decode()
    parsed = parse_message(text, find_groups=False)
    assert parsed.msa.msa_1.value == level.value + ("E" if receipt is REFUSED else "A")
    assert parsed.msa.msa_2.value == "MSG00001"
    assert parsed.msh.msh_10.value == "A1"
    assert parsed.msh.msh_12.value == version
    names = [child.name for child in parsed.children]
    assert names == ["MSH", "MSA", *["ERR"] * (receipt is REFUSED)]


@pytest.mark.parametrize("version", HL7APY_VERSIONS[HL7APY_VERSIONS.index("2.3.1") :])
@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
def test_hl7apy_finds_every_answer_valid_where_the_message_names_its_structure(version, receipt):
    assert parse_message(acknowledge(header(version), receipt, now=NOW, control_id="A1").decode()).validate()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
def test_python_hl7_reads_every_answer_of_every_version(version, receipt):
    parsed = hl7.parse(acknowledge(header(version), receipt, now=NOW, control_id="A1").decode())
    assert str(parsed.segment("MSA")[1]) == ("AE" if receipt is REFUSED else "AA")
    assert str(parsed.segment("MSA")[2]) == "MSG00001"
    assert str(parsed.segment("MSH")[12]) == version


def test_the_time_of_the_answer_has_its_offset():
    payload = acknowledge(header(), Accepted("id"), now=NOW.astimezone(UTC), control_id="A1")
    assert b"|20261120091500+0000|" in payload
