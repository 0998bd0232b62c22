"""A batch is its messages, each stored and answered; a count that is wrong is told, and nothing in between is lost."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.hl7v2.batch import Batch, acknowledge_batch, split_batch, split_file
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import HeaderError, read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.mllp import encode_block
from adapter.outcome import Place, Problem, Refused

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
FHS = b"FHS|^~\\&|RIS|F|NETPET|HOSP|20261120||file||FILE1\r"
BHS = b"BHS|^~\\&|RIS|F|NETPET|HOSP|20261120||batch||BATCH1\r"


def message(number: int, end: bytes = b"\r") -> bytes:
    return b"MSH|^~\\&|RIS|F|||||ORU^R01|M%d|P|2.5.1%bPID|1||%d%b" % (number, end, number, end)


ONE, TWO, THREE = message(1), message(2), message(3)


@pytest.mark.parametrize(
    "payload",
    [
        ONE,
        b"\r\n" + ONE,
        ONE.replace(b"\r", b"\n"),
        b"\xef\xbb\xbf" + ONE,
        b"not HL7",
        b"",
        b"MSH",
        b"BHSX",
        ONE + b"NTE|1||MSH|x\r",
    ],
)
def test_a_payload_that_is_no_batch_stays_as_it_is(payload):
    assert split_batch(payload) == Batch((payload,))


def test_a_batch_is_its_messages_byte_for_byte():
    batch = split_batch(FHS + BHS + ONE + TWO + b"BTS|2\rFTS|1\r")
    assert batch.messages == (ONE, TWO)
    assert (batch.refusal, batch.deviations, batch.is_enveloped) == (None, (), True)
    assert batch.batch is not None
    assert (batch.batch.field(3), batch.batch.field(11), batch.batch.field(12)) == ("RIS", "BATCH1", "")


def test_a_file_may_hold_several_batches():
    batch = split_batch(FHS + BHS + ONE + b"BTS|1\r" + BHS + TWO + THREE + b"BTS|2\rFTS|2\r")
    assert batch.messages == (ONE, TWO, THREE)
    assert batch.refusal is None


def test_a_file_may_hold_messages_without_a_batch_around_them():
    batch = split_batch(FHS + ONE + TWO + b"FTS|1\r")
    assert (batch.messages, batch.refusal) == ((ONE, TWO), None)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_batch_with_other_line_ends_is_split_too(end):
    batch = split_batch((BHS + ONE + TWO + b"BTS|2\r").replace(b"\r", end))
    assert batch.messages == (message(1, end), message(2, end))
    assert batch.refusal is None


def test_an_empty_batch_holds_no_message():
    batch = split_batch(BHS + b"BTS|0\r")
    assert (batch.messages, batch.refusal) == ((), None)


def test_several_messages_in_one_block_are_split_and_noted():
    batch = split_batch(ONE + TWO)
    assert (batch.messages, batch.is_enveloped) == ((ONE, TWO), False)
    assert batch.deviations == ("several-messages-in-one-block: 2",)


def test_a_batch_in_two_byte_characters_is_split():
    batch = split_batch((BHS + ONE + TWO + b"BTS|2\r").decode().encode("utf-16"))
    assert [read_header(raw).control_id for raw in batch.messages] == ["M1", "M2"]
    assert all(raw.startswith(b"M\x00") for raw in batch.messages)


def test_a_single_message_in_two_byte_characters_stays_as_it_is():
    payload = ONE.decode().encode("utf-16")
    assert split_batch(payload) == Batch((payload,))


def test_two_byte_characters_that_cannot_be_read_stay_as_they_are():
    payload = (BHS + ONE).decode().encode("utf-16") + b"\x00"
    assert split_batch(payload) == Batch((payload,))


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (BHS + ONE + TWO + b"BTS|3\r", Place("BTS", 1, 1)),
        (BHS + ONE + b"BTS|two\r", Place("BTS", 1, 1)),
        (BHS + ONE + "BTS|٢\r".encode(), Place("BTS", 1, 1)),
        (FHS + BHS + ONE + b"BTS|1\r" + BHS + TWO + b"BTS|2\rFTS|2\r", Place("BTS", 2, 1)),
        (FHS + BHS + ONE + b"BTS|1\rFTS|2\r", Place("FTS", 1, 1)),
    ],
)
def test_a_wrong_count_is_told_with_its_trailer(payload, place):
    batch = split_batch(payload)
    assert batch.refusal is not None
    assert (batch.refusal.problem, batch.refusal.place) == (Problem.BATCH_COUNT, place)
    assert batch.messages


@pytest.mark.parametrize("trailer", [b"BTS\r", b"BTS|\r", b"BTS||comment\r", b"BTS"])
def test_a_trailer_without_a_count_says_nothing(trailer):
    batch = split_batch(BHS + ONE + trailer)
    assert (batch.messages, batch.refusal, batch.deviations) == ((ONE,), None, ())


@pytest.mark.parametrize("payload", [BHS + ONE, BHS + ONE + BHS + TWO + b"BTS|1\r", FHS + BHS + ONE + b"FTS|1\r"])
def test_a_missing_trailer_is_noted(payload):
    assert split_batch(payload).deviations == ("batch-trailer-missing: 1",)


def test_segments_that_stand_in_no_message_are_counted():
    batch = split_batch(BHS + b"NTE|1\r" + ONE + b"BTS|1\rNTE|2\rNTE|3\r")
    assert (batch.messages, batch.deviations) == ((ONE,), ("batch-stray-segment: 3",))


def test_a_remark_before_the_first_message_is_counted():
    batch = split_batch(BHS + b" zz1|x\r" + ONE + TWO)
    assert (batch.messages, batch.deviations) == ((ONE, TWO), ("batch-trailer-missing: 1", "batch-stray-segment: 1"))


@pytest.mark.parametrize(
    "payload",
    [
        BHS + ONE + b"BTS|1\rOBX|7|NM|SUV||3\r",
        BHS + b"PID|1||7\r" + ONE + b"BTS|1\r",
        BHS + ONE + b"BTS|1\r" + BHS + b"text that was cut off\r" + TWO + b"BTS|1\r",
        FHS + ONE + b"FTS|1\rOBX",
        ONE + b"BTS|1\rOBX|7|NM|SUV||3\r",
        b"BHSX\r" + ONE + TWO,
    ],
)
def test_a_result_that_stands_in_no_message_leaves_no_message_that_may_be_cut(payload):
    batch = split_batch(payload)
    assert batch.messages == ()
    assert batch.refusal is not None
    assert (batch.refusal.problem, batch.refusal.place) == (Problem.SEGMENT_MISSING, Place("MSH"))


def test_more_parts_than_a_batch_may_hold_are_refused():
    batch = split_batch(BHS + b"MSH|\r" * 100_000)
    assert batch.messages == ()
    assert batch.refusal is not None
    assert batch.refusal.problem is Problem.BLOCK_TOO_LARGE


def test_an_envelope_alone_holds_no_message():
    batch = split_batch(b"FHS")
    assert batch.messages == ()
    assert batch.refusal is not None


def test_a_batch_may_have_other_delimiters_than_its_messages():
    batch = split_batch(BHS.replace(b"|", b"!") + ONE + TWO + b"BTS!2\r")
    assert (batch.messages, batch.refusal) == ((ONE, TWO), None)


def test_an_envelope_whose_delimiters_cannot_be_read_is_told():
    batch = split_batch(b"BHS|^^\r" + ONE + b"BTS|1\r")
    assert batch.refusal is not None
    assert (batch.refusal.problem, batch.refusal.place) == (Problem.HEADER_UNREADABLE, Place("BHS", 1, 2))
    assert batch.messages == (ONE,)


def acknowledged(batch: Batch, *answers: bytes) -> list[bytes]:
    return acknowledge_batch(batch, answers, now=NOW, control_id="A1").split(b"\r")


def test_a_batch_has_one_acknowledgement_with_all_answers_in_it():
    batch = split_batch(FHS + BHS + ONE + TWO + b"BTS|2\rFTS|1\r")
    assert acknowledged(batch, b"MSH|1\rMSA|AA|M1\r", b"MSH|2\rMSA|AA|M2\r") == [
        b"FHS|^~\\&|NETPET|HOSP|RIS|F|20261120101500+0000||||A1|FILE1",
        b"BHS|^~\\&|NETPET|HOSP|RIS|F|20261120101500+0000||||A1|BATCH1",
        b"MSH|1",
        b"MSA|AA|M1",
        b"MSH|2",
        b"MSA|AA|M2",
        b"BTS|2",
        b"FTS|1",
        b"",
    ]


def test_a_wrong_count_is_an_error_beside_the_answers_to_its_messages():
    batch = split_batch(BHS + ONE + b"BTS|2\r")
    lines = acknowledged(batch, b"MSH|1\rMSA|AA|M1\r")
    assert lines[1:3] == [b"MSH|1", b"MSA|AA|M1"]
    assert lines[4].startswith(b"MSA|AE|BATCH1|")
    assert lines[5].startswith(b"ERR||BTS^1^1|100^")
    assert lines[6] == b"BTS|2"


def test_a_file_without_a_batch_is_acknowledged_in_its_own_envelope():
    lines = acknowledged(split_batch(FHS + ONE + b"FTS|2\r"), b"MSH|1\r")
    assert [line[:3] for line in lines] == [b"FHS", b"MSH", b"MSH", b"MSA", b"ERR", b"FTS", b""]
    assert b"|FILE1|" in lines[3]


def test_an_envelope_that_cannot_be_read_is_acknowledged_in_the_standard_one():
    lines = acknowledged(split_batch(b"BHS|^^\r" + ONE + b"BTS|1\r"), b"MSH|1\r")
    assert lines[0] == b"BHS|^~\\&|||||20261120101500+0000||||A1"
    assert lines[3].startswith(b"MSA|AR||")


def test_a_refused_batch_without_an_envelope_is_still_answered():
    lines = acknowledged(Batch((), refusal=Refused(Problem.BATCH_COUNT)))
    assert lines[1].startswith(b"MSA|AE||")


def test_an_envelope_cannot_break_its_acknowledgement():
    hostile = BHS.replace(b"RIS", b"R\x1cIS\x00").replace(b"BATCH1", b"B\x0b1")
    lines = acknowledged(split_batch(hostile + ONE + b"BTS|1\r"), b"MSH|1\r")
    assert lines[0] == b"BHS|^~\\&|NETPET|HOSP|RIS|F|20261120101500+0000||||A1|B1"


def test_an_envelope_in_any_character_set_is_echoed_byte_for_byte():
    lines = acknowledged(split_batch(BHS.replace(b"RIS", "MÜNCHEN".encode()) + b"BTS|0\r"))
    assert "|MÜNCHEN|F|".encode() in lines[0]


def test_a_file_is_its_messages():
    assert split_file(ONE) == (ONE,)
    assert split_file(ONE + TWO) == (ONE, TWO)
    assert split_file(BHS + ONE + TWO + b"BTS|2\r") == (ONE, TWO)


def test_a_file_may_hold_blocks_as_they_came_from_a_socket():
    assert split_file(encode_block(ONE) + b"\r\n" + encode_block(TWO)) == (ONE, TWO)
    assert split_file(b"\n" + encode_block(ONE)[:-1]) == (ONE,)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (BHS + ONE + b"BTS|2\r", Problem.BATCH_COUNT),
        (b"not HL7", Problem.HEADER_UNREADABLE),
        (b"", Problem.HEADER_UNREADABLE),
        (b"\x0b" + ONE, Problem.BLOCK_UNTERMINATED),
    ],
)
def test_a_file_that_may_be_half_written_is_refused_as_a_whole(content, problem):
    with pytest.raises(FormatError) as caught:
        split_file(content)
    assert caught.value.problem is problem


@given(st.integers(2, 6), st.integers(0, 9))
def test_a_count_is_told_exactly_when_it_is_wrong(count, stated):
    batch = split_batch(BHS + b"".join(map(message, range(count))) + b"BTS|%d\r" % stated)
    assert [read_header(raw).control_id for raw in batch.messages] == [f"M{i}" for i in range(count)]
    assert (batch.refusal is None) == (count == stated)


PIECES = st.sampled_from(
    [FHS, BHS, ONE, TWO, b"BTS|1\r", b"FTS|1\r", b"BTS\r", b"NTE|1\r", b"FHS|\r", b"\r", b"BHS|^^\r", b"\xff\r"]
)


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_any_batch_is_split_and_acknowledged_and_no_message_is_lost(payload):
    batch = split_batch(payload)
    refused = batch.refusal is not None and batch.refusal.problem is Problem.SEGMENT_MISSING
    expected = 0 if refused else payload.count(b"|ORU^R01|")
    assert sum(raw.count(b"|ORU^R01|") for raw in batch.messages) == expected
    acknowledge_batch(batch, [b"MSH|1\r"] * len(batch.messages), now=NOW, control_id="A1")


def test_each_message_of_a_batch_is_read_on_its_own():
    for raw in split_batch(BHS + ONE + TWO + b"BTS|2\r").messages:
        assert [segment.id for segment in Message.parse(raw.decode()).segments] == ["MSH", "PID"]


def test_a_batch_is_no_message():
    with pytest.raises(HeaderError):
        read_header(BHS + ONE)
