"""Whatever stands in a message's header, its answer is sound: in its character set, its delimiters, its version."""

import pytest
from answered import NOW, RECEIPTS, answer, header, segment
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.hl7v2.ack import Level, acknowledge
from adapter.hl7v2.header import Header, HeaderError, read_header
from adapter.outcome import Accepted, Problem, Refused


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


@pytest.mark.parametrize("sign", "+-.:_")
def test_a_delimiter_that_stands_in_a_time_or_a_version_moves_no_field(sign):
    sent = read_header(f"MSH{sign}^~\\&{sign}RIS{sign * 6}ORU^R01{sign}M1{sign}P{sign}2.5.1\r".encode())

    read = answer(sent, Accepted("id"))

    assert (segment(read, "MSH").value(9), segment(read, "MSH").value(10)) == ("ACK", "A1")
    assert segment(read, "MSA").value(2) == "M1"
