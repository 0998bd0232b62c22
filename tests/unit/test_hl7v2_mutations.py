"""Whatever a message was turned into on its way, it is read, or refused by name; nothing escapes, nothing is lost."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.hl7v2.ack import acknowledge
from adapter.hl7v2.batch import acknowledge_batch, split_batch
from adapter.hl7v2.charset import CharacterSetError, decode_text
from adapter.hl7v2.datatypes import observation_values, sub_id
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import HeaderError, read_header, scan_patient
from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.hl7v2.mllp import Fault, MllpDecoder, encode_block
from adapter.hl7v2.oru import observation_standing, patient_results, report_status
from adapter.outcome import Accepted, Refused

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
FIXTURES = Path(__file__).parents[2] / "fixtures"
SAMPLES = [path.read_bytes() for path in sorted(FIXTURES.glob("*/0*.hl7")) + sorted(FIXTURES.glob("oru_r01/*/1*.hl7"))]
SPLICES = [
    *(b"\r", b"\n", b"|", b"^", b"~", b"\\", b"&", b"\x0b", b"\x1c", b"\x1c\r", b"\x00", b"\xff", b"\xc3", b"\x1b$B"),
    *(b"MSH|^~\\&|", b"\rMSH|^~\\&|A|B|||||ORU|2\r", b"BHS|^~\\&|", b"BTS|1\r", b"\rOBX|1|NM|||", b"\\X", b"\\.br\\"),
    *(b"~~~", b"^^^", b'""', b"\rPID|", b"\rOBR|", b"\rORC|", b"\rZZZ|1\r", b"\xef\xbb\xbf", b"\xff\xfe", b"8859/1"),
]


def mutated(choice: random.Random) -> bytes:
    """Take a sample and hurt it a few times: cut, doubled, swapped, spliced, one byte changed."""
    raw = choice.choice(SAMPLES)
    for _ in range(choice.randint(1, 6)):
        start = choice.randrange(len(raw) + 1)
        end = min(len(raw), start + choice.choice([0, 1, 1, 3, 30, 300]))
        part = choice.choice(
            [b"", choice.choice(SPLICES), raw[start:end] * 2, raw[start:end][::-1], choice.randbytes(1)]
        )
        raw = raw[:start] + part + raw[end:]
    return raw


def answers(stream: bytes) -> None:
    """Walk a stream all the way as the service does; each event, message and batch ends in an answer."""
    decoder = MllpDecoder(max_block=100_000)
    for event in decoder.feed(stream) + decoder.end():
        if isinstance(event, Fault):
            answered(event.head)
            continue
        batch = split_batch(event.payload)
        acknowledge_batch(batch, [answered(raw) for raw in batch.messages], now=NOW, control_id="A1")


def answered(raw: bytes) -> bytes:
    header = None
    try:
        header = read_header(raw)
        scan_patient(raw, header)
        read_all(raw)
    except HeaderError as error:
        return acknowledge(error.header, refused(error), now=NOW, control_id="A1")
    except (CharacterSetError, MessageError) as error:
        return acknowledge(header, refused(error), now=NOW, control_id="A1")
    return acknowledge(header, Accepted("id"), now=NOW, control_id="A1")


def refused(error: FormatError) -> Refused:
    assert error.rule
    return Refused(error.problem, error.place, error.rule)


def read_all(raw: bytes) -> None:
    message = Message.parse(decode_text(raw, read_header(raw)).text)
    found: list[Segment] = []
    for result in patient_results(message):
        found += [*([result.pid] if result.pid else []), *result.others]
        for group in result.groups:
            found += [segment for segment in (group.orc, group.obr) if segment]
            found += [*group.observations, *group.notes, *group.others]
            if group.obr:
                with suppress(MessageError):
                    report_status(group.obr)
            for obx in group.observations:
                read_observation(obx)
    assert message.segments[len(message.segments) - len(found) :] == tuple(sorted(found, key=message.segments.index))


def read_observation(obx: Segment) -> None:
    sub_id(obx)
    for read in (observation_standing, observation_values):
        with suppress(MessageError):
            read(obx)


def walk(seed: int, count: int) -> None:
    choice = random.Random(seed)
    for _ in range(count):
        raw = mutated(choice)
        answers(encode_block(raw))
        answers(raw)


@pytest.mark.parametrize("seed", range(4))
def test_mutated_messages_are_answered_and_lose_no_segment(seed):
    walk(seed, 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_thousands_of_mutated_messages_are_answered_and_lose_no_segment(seed):
    walk(seed, 2000)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*SPLICES, b"PID|1||7", b"OBX|1|SN|a|1|^3", b"abc", *map(encode_block, SPLICES)])))
def test_any_pieces_of_messages_are_answered(pieces):
    answers(b"".join(pieces))
    answers(encode_block(b"MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r" + b"".join(pieces)))


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_text_behind_a_header_is_a_message_or_refused(text):
    with suppress(MessageError):
        message = Message.parse("MSH|^~\\&|A|B|||||ORU^R01|1|P|2.5\r" + text)
        assert all(segment.value(n) is not None for segment in message.segments for n in range(segment.field_count + 1))
