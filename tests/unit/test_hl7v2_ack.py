"""Each receipt has one answer: the sender learns what became of its message, where it broke and why, and no value."""

from datetime import UTC, datetime, timedelta, timezone

import hl7
import pytest
from hl7apy.parser import parse_message
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.hl7v2.ack import ANSWERS, CONDITIONS, Level, acknowledge, acknowledge_accept
from adapter.hl7v2.enhanced import AckMode, answer_at_commit, answers_after_processing, is_enhanced
from adapter.hl7v2.header import Header, HeaderError, read_header
from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.tables import VERSIONS
from adapter.outcome import Accepted, Held, Ignored, Place, Problem, Receipt, Refused

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=timezone(timedelta(hours=1)))
REFUSED = Refused(Problem.VALUE_UNREADABLE, Place("OBX", 5, 5, 2, 1), "not a decimal number")
RECEIPTS: list[Receipt] = [Accepted("id"), Accepted("id", duplicate=True), Held(Problem.NO_MAPPING), Ignored(), REFUSED]
HL7APY_VERSIONS = [version for version in VERSIONS if version not in ("2.7.1", "2.9", "2.9.1")]


def header(
    version: str = "2.5.1", accept: str = "", application: str = "", charset: str = "", start: str = ""
) -> Header:
    start = start or "MSH|^~\\&|RIS^1.2^ISO|NUCMED|NETPET|HOSP|20261120101500+0100"
    text = f"{start}||ORU^R01^ORU_R01|MSG00001|P^T|{version}|||{accept}|{application}||{charset}\rPID|1\r"
    return read_header(text.encode())


def answer(header: Header | None, receipt: Receipt, level: Level = Level.APPLICATION) -> Message:
    build = acknowledge if level is Level.APPLICATION else acknowledge_accept
    payload = build(header, receipt, now=NOW, control_id="A1")
    return Message.parse(payload.decode(header.codec if header else "ascii"))


def segment(message: Message, name: str) -> Segment:
    found = message.first(name)
    assert found is not None
    return found


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


@pytest.mark.parametrize("version", ["", "3.0", "banana"])
def test_a_version_that_is_not_supported_is_answered_in_ours(version):
    assert segment(answer(header(version), Refused(Problem.VERSION)), "MSH").value(12) == "2.5.1"


def test_a_missing_processing_id_is_answered_as_production():
    raw = b"MSH|^~\\&|RIS|F|||||ORU^R01|M1\r"
    assert segment(answer(read_header(raw), Accepted("id")), "MSH").value(11) == "P"


@pytest.mark.parametrize("receipt", RECEIPTS)
@pytest.mark.parametrize("level", Level)
def test_an_unreadable_header_is_never_accepted_and_still_answered(receipt, level):
    told = answer(None, receipt, level)
    msa = segment(told, "MSA")
    assert msa.value(1) in (level.value + "R", level.value + "E")
    assert msa.value(2) == ""
    assert segment(told, "MSH").raw == "MSH|^~\\&|||||20261120101500+0100||ACK|A1|P|2.5.1"


def test_an_unreadable_header_is_a_rejection():
    assert segment(answer(None, Accepted("id")), "MSA").value(1) == "AR"
    assert segment(answer(None, Refused(Problem.HEADER_UNREADABLE)), "MSA").value(1) == "AR"


def test_what_could_be_read_of_a_broken_header_is_answered():
    with pytest.raises(HeaderError) as caught:
        read_header(b"MSH|^~\\&|RIS|F|||||ORU^R01||P|2.3\r")
    told = answer(caught.value.header, Refused(caught.value.problem, caught.value.place, caught.value.rule))
    assert segment(told, "MSH").field(5) == "RIS"
    assert segment(told, "ERR").raw == "ERR|MSH^1^10^101&Required field missing&HL70357"


def test_a_name_in_another_character_set_is_echoed_byte_for_byte():
    raw = "MSH|^~\\&|MÜNCHEN|F|||||ORU^R01|M1|P|2.5||||||8859/1\r".encode("latin-1")
    payload = acknowledge(read_header(raw), Accepted("id"), now=NOW, control_id="A1")
    assert "|MÜNCHEN|F|".encode("latin-1") in payload
    assert payload.split(b"\r")[0].endswith(b"|8859/1")


def test_two_byte_characters_are_answered_in_utf_8_that_no_block_mark_can_hide_in():
    raw = "MSH|^~\\&|Ĝଜ|F|||||ORU^R01|M1|P|2.5||||||UNICODE\r".encode("utf-16")
    payload = acknowledge(read_header(raw), Accepted("id"), now=NOW, control_id="A1")
    assert "|Ĝଜ|F|".encode() in payload
    assert payload.split(b"\r")[0].endswith(b"|UNICODE UTF-8")


def test_a_header_that_its_codec_cannot_write_is_still_answered():
    odd = Header(header().encoding, ("|", "^~\\&", "Ü", *[""] * 6, "M1"), "ascii")
    assert b"|?" in acknowledge(odd, Accepted("id"), now=NOW, control_id="A1")


def test_the_answers_own_control_id_cannot_break_it():
    payload = acknowledge(header(), Accepted("id"), now=NOW, control_id="A|1\r")
    assert b"|A\\F\\1\\.br\\|P^T|" in payload


def test_a_rule_cannot_break_the_answer():
    payload = acknowledge(header(), Refused(Problem.INTERNAL, rule="a|b\rc"), now=NOW, control_id="A1")
    assert payload.endswith(b"|a\\F\\b\\.br\\c\r")
    assert payload.count(b"\r") == 3


FIELDS = st.text(st.characters(max_codepoint=0x2FF, exclude_characters="\r\n|"), max_size=12)


@settings(max_examples=400)
@given(
    fields=st.lists(FIELDS, min_size=10, max_size=20),
    characters=st.sampled_from(["^~\\&", "^~\\", "^~\\&#", "@%$*"]),
    codec=st.sampled_from(["utf-8", "latin-1", "utf-16"]),
    receipt=st.sampled_from(RECEIPTS),
)
def test_a_hostile_header_cannot_break_its_answer(fields, characters, codec, receipt):
    raw = ("MSH|" + characters + "|" + "|".join(fields) + "\r").encode(codec, "replace")
    try:
        hostile = read_header(raw)
    except HeaderError as error:
        if error.header is None:
            return
        hostile = error.header
    payload = acknowledge(hostile, receipt, now=NOW, control_id="A1")
    segments = payload.split(b"\r")
    assert [line[:3] for line in segments] == [b"MSH", b"MSA", *[b"ERR"] * isinstance(receipt, Refused), b""]
    assert not set(payload) & {0x0B, 0x1C, 0x0A, 0x00}
    assert len(segments[1].split(b"|")) <= 4
    assert segments[0].split(b"|")[9] == b"A1"


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


CONDITIONS_0155 = {"AL": (True, True), "NE": (False, False), "ER": (False, True), "SU": (True, False)}
"""Is an answer due after success, and after a refusal?"""


@pytest.mark.parametrize("accept", ["AL", "NE", "ER", "SU"])
@pytest.mark.parametrize("application", ["AL", "NE", "ER", "SU"])
@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
def test_enhanced_mode_answers_what_the_message_asks_for(accept, application, receipt):
    asked = header("2.5.1", accept, application)
    refused = receipt is REFUSED
    due = CONDITIONS_0155[accept][refused]
    later = CONDITIONS_0155[application][refused]
    level = Level.ACCEPT if due else Level.APPLICATION if refused and later else None
    assert answer_at_commit(asked, receipt) is level
    assert answers_after_processing(asked, receipt) is later


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda r: type(r).__name__)
def test_original_mode_has_one_answer_at_once(receipt):
    assert answer_at_commit(header(), receipt) is Level.APPLICATION
    assert not answers_after_processing(header(), receipt)


def test_an_empty_condition_beside_a_valued_one_asks_for_nothing():
    assert answer_at_commit(header("2.5.1", "AL", ""), Accepted("id")) is Level.ACCEPT
    assert not answers_after_processing(header("2.5.1", "AL", ""), Accepted("id"))
    assert answer_at_commit(header("2.5.1", "", "AL"), Accepted("id")) is None
    assert answers_after_processing(header("2.5.1", "", "AL"), Accepted("id"))


def test_a_condition_outside_of_table_0155_is_answered():
    assert answer_at_commit(header("2.5.1", "XX", "NE"), Accepted("id")) is Level.ACCEPT


def test_a_sender_may_be_answered_in_original_mode_whatever_it_asks():
    asked = header("2.5.1", "NE", "NE")
    assert answer_at_commit(asked, Accepted("id"), AckMode.ORIGINAL) is Level.APPLICATION
    assert not is_enhanced(asked, AckMode.ORIGINAL)
    assert not answers_after_processing(header("2.5.1", "AL", "AL"), Accepted("id"), AckMode.ORIGINAL)


def test_a_sender_that_takes_aa_for_ca_gets_it():
    assert answer_at_commit(header("2.5.1", "AL", "NE"), Accepted("id"), AckMode.COMMIT_AS_AA) is Level.APPLICATION
    assert answer_at_commit(header("2.5.1", "NE", "NE"), Accepted("id"), AckMode.COMMIT_AS_AA) is None


def test_an_unreadable_header_is_always_answered():
    assert answer_at_commit(None, Refused(Problem.HEADER_UNREADABLE)) is Level.APPLICATION


def test_the_application_answer_of_enhanced_mode_asks_for_no_answer_itself():
    msh = segment(answer(header("2.5.1", "AL", "AL"), Accepted("id")), "MSH")
    assert (msh.value(15), msh.value(16)) == ("NE", "NE")
    assert segment(answer(header(), Accepted("id")), "MSH").value(15) == ""


def test_the_time_of_the_answer_has_its_offset():
    payload = acknowledge(header(), Accepted("id"), now=NOW.astimezone(UTC), control_id="A1")
    assert b"|20261120091500+0000|" in payload


@pytest.mark.parametrize("sign", "+-.:_")
def test_a_delimiter_that_stands_in_a_time_or_a_version_moves_no_field(sign):
    sent = read_header(f"MSH{sign}^~\\&{sign}RIS{sign * 6}ORU^R01{sign}M1{sign}P{sign}2.5.1\r".encode())

    read = answer(sent, Accepted("id"))

    assert (segment(read, "MSH").value(9), segment(read, "MSH").value(10)) == ("ACK", "A1")
    assert segment(read, "MSA").value(2) == "M1"
