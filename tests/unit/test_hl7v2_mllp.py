"""Blocks are read from any stream, however it is cut and whatever its sender forgets; nothing is swallowed."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.hl7v2.mllp import HEAD_LIMIT, Block, Fault, MllpDecoder, encode_block
from adapter.outcome import Problem

VT, FS, CR, LF = b"\x0b", b"\x1c", b"\r", b"\n"
ONE, TWO = b"MSH|^~\\&|RIS|1\r", b"MSH|^~\\&|RIS|2\r"
FRAMING = Path(__file__).parents[2] / "fixtures/framing"


def decode(stream: bytes, *cuts: int, limit: int = 100, junk: int = 20) -> list[Block | Fault]:
    decoder = MllpDecoder(max_block=limit, max_junk=junk)
    edges = [0, *sorted(cuts), len(stream)]
    return [event for i, end in enumerate(edges[1:]) for event in decoder.feed(stream[edges[i] : end])]


def block(payload: bytes, *deviations: str) -> Block:
    return Block(payload, deviations)


STREAMS = {
    "one block": (encode_block(ONE), [block(ONE)]),
    "two in one write": (encode_block(ONE) + encode_block(TWO), [block(ONE), block(TWO)]),
    "CR LF, NUL and text between blocks": (
        encode_block(ONE) + b"\r\n\x00noise" + encode_block(TWO),
        [block(ONE), block(TWO, "junk-skipped: 8")],
    ),
    "no VT": (ONE + FS + CR + encode_block(TWO), [block(ONE, "start-of-block-missing: 1"), block(TWO)]),
    "no VT after a good block": (
        encode_block(TWO) + b"\n" + ONE + FS + CR,
        [block(TWO), block(ONE, "junk-skipped: 1", "start-of-block-missing: 1")],
    ),
    "no VT before a batch": (b"BHS|1" + FS + CR, [block(b"BHS|1", "start-of-block-missing: 1")]),
    "MSH inside a line is no start": (b"xMSH|" + encode_block(ONE), [block(ONE, "junk-skipped: 5")]),
    "no CR after FS, VT follows": (
        VT + ONE + FS + encode_block(TWO),
        [block(ONE, "end-of-block-without-cr: 1"), block(TWO)],
    ),
    "LF after FS": (VT + ONE + FS + LF + encode_block(TWO), [block(ONE, "end-of-block-without-cr: 1"), block(TWO)]),
    "FS in the payload": (encode_block(b"MSH|a\x1cb\x1c\x1cc\r"), [block(b"MSH|a\x1cb\x1c\x1cc\r")]),
    "FS twice at the end": (encode_block(ONE + FS), [block(ONE + FS)]),
    "empty blocks": (encode_block(b"") * 2 + encode_block(ONE), [block(ONE, "empty-block: 2")]),
    "an empty block with FS LF": (
        VT + FS + LF + encode_block(ONE),
        [block(ONE, "end-of-block-without-cr: 1", "empty-block: 1")],
    ),
    "VT twice": (VT + encode_block(ONE), [block(ONE, "empty-block: 1")]),
    "VT inside a block": (
        VT + ONE + encode_block(TWO),
        [Fault(Problem.BLOCK_UNTERMINATED, ONE, "a block began before the earlier one ended"), block(TWO)],
    ),
    "a block of the limit": (encode_block(b"x" * 100), [block(b"x" * 100)]),
    "a block over the limit": (
        encode_block(b"x" * 101) + encode_block(ONE),
        [Fault(Problem.BLOCK_TOO_LARGE, b"x" * 100, "the block is larger than the limit"), block(ONE)],
    ),
    "a block far over the limit with FS in it": (
        encode_block(b"x" * 90 + b"\x1cy" * 300 + FS) + encode_block(ONE),
        [Fault(Problem.BLOCK_TOO_LARGE, b"x" * 90 + b"\x1cy" * 5, "the block is larger than the limit"), block(ONE)],
    ),
    "a block over the limit that never ends": (
        VT + b"x" * 300 + encode_block(ONE),
        [Fault(Problem.BLOCK_TOO_LARGE, b"x" * 100, "the block is larger than the limit"), block(ONE)],
    ),
    "an oversize block that ends in FS LF": (
        VT + b"x" * 300 + FS + LF + encode_block(ONE),
        [Fault(Problem.BLOCK_TOO_LARGE, b"x" * 100, "the block is larger than the limit"), block(ONE)],
    ),
    "an empty block inside an oversize one's end": (
        VT + b"x" * 101 + FS + VT + VT + ONE + FS + CR,
        [
            Fault(Problem.BLOCK_TOO_LARGE, b"x" * 100, "the block is larger than the limit"),
            block(ONE, "empty-block: 1"),
        ],
    ),
    "junk of the limit": (b"j" * 20 + encode_block(ONE), [block(ONE, "junk-skipped: 20")]),
    "junk over the limit closes": (
        b"j" * 21 + encode_block(ONE) + encode_block(TWO),
        [Fault(Problem.JUNK_BETWEEN_BLOCKS, b"j" * 20, "too many bytes outside of a block", close=True)],
    ),
    "endless junk closes once": (
        b"j" * 500,
        [Fault(Problem.JUNK_BETWEEN_BLOCKS, b"j" * 20, "too many bytes outside of a block", close=True)],
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_each_dirty_stream_is_read_as_agreed(name):
    stream, events = STREAMS[name]
    assert decode(stream) == events


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_at_any_place_is_the_same_stream(name):
    stream, events = STREAMS[name]
    assert all(decode(stream, cut) == events for cut in range(len(stream)))


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_dribbles_byte_by_byte_is_the_same_stream(name):
    stream, events = STREAMS[name]
    assert decode(stream, *range(len(stream))) == events


PIECES = st.sampled_from([VT, FS, CR, LF, b"\x00", b"MSH|", b"BHS|", b"M", b"SH", b"abc", b"x" * 30, ONE, b"j" * 15])


@settings(max_examples=400)
@given(pieces=st.lists(PIECES, max_size=30), data=st.data())
def test_any_stream_cut_anyhow_gives_the_same_blocks_and_faults(pieces, data):
    stream = b"".join(pieces)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    assert decode(stream, *cuts, limit=40) == decode(stream, limit=40)


@settings(max_examples=150)
@given(
    payloads=st.lists(st.binary(min_size=1, max_size=40).filter(lambda raw: VT not in raw and FS not in raw)),
    gaps=st.lists(st.sampled_from([b"", CR, CR + LF, b"\x00\x00"])),
)
def test_every_block_of_a_stream_with_gaps_comes_out_once_and_in_order(payloads, gaps):
    gaps = [*gaps, *[b""] * len(payloads)]
    stream = b"".join(gap + encode_block(payload) for gap, payload in zip(gaps, payloads, strict=False))
    assert [event.payload for event in decode(stream)] == payloads


def test_a_block_that_ends_in_fs_waits_for_what_follows():
    decoder = MllpDecoder()
    assert decoder.feed(VT + ONE + FS) == []
    assert decoder.settles_by_silence


def test_silence_releases_a_block_that_ended_in_fs_without_cr():
    decoder = MllpDecoder()
    decoder.feed(VT + ONE + FS)
    assert decoder.quiet() == [block(ONE, "end-of-block-without-cr: 1")]


def test_a_cr_that_comes_after_the_silence_is_junk_before_the_next_block():
    decoder = MllpDecoder()
    decoder.feed(VT + ONE + FS)
    decoder.quiet()
    assert decoder.feed(CR + encode_block(TWO)) == [block(TWO, "junk-skipped: 1")]


def test_after_the_silence_a_header_without_vt_is_a_block():
    decoder = MllpDecoder()
    decoder.feed(VT + ONE + FS)
    decoder.quiet()
    assert decoder.feed(TWO + FS + CR) == [block(TWO, "start-of-block-missing: 1")]


def test_silence_inside_a_block_releases_nothing():
    decoder = MllpDecoder()
    decoder.feed(VT + ONE)
    assert decoder.quiet() == []
    assert not decoder.settles_by_silence
    assert decoder.feed(FS + CR) == [block(ONE)]


def test_a_decoder_knows_when_it_is_inside_a_block():
    decoder = MllpDecoder()
    assert not decoder.inside_block
    decoder.feed(CR + LF)
    assert not decoder.inside_block
    decoder.feed(VT)
    assert decoder.inside_block
    decoder.feed(ONE + FS + CR)
    assert not decoder.inside_block


def test_a_skipped_oversize_block_holds_no_more_than_a_pending_mark():
    decoder = MllpDecoder(max_block=10)
    decoder.feed(VT + b"x" * 11)
    assert decoder.feed(b"x" * 1_000_000 + FS) == []
    assert decoder.inside_block
    assert decoder.held == 1


def test_the_head_of_an_oversize_block_is_bounded():
    (fault,) = MllpDecoder(max_block=10 * HEAD_LIMIT).feed(VT + b"x" * (10 * HEAD_LIMIT + 1))
    assert len(fault.head) == HEAD_LIMIT


def test_the_end_of_a_stream_inside_a_block_is_a_fault_that_closes():
    decoder = MllpDecoder()
    decoder.feed(VT + ONE)
    assert decoder.end() == [Fault(Problem.BLOCK_UNTERMINATED, ONE, "the block never ended", close=True)]
    assert decoder.feed(encode_block(TWO)) == []


def test_the_end_of_a_stream_after_fs_is_the_end_of_the_block():
    decoder = MllpDecoder()
    decoder.feed(VT + ONE + FS)
    assert decoder.end() == [block(ONE, "end-of-block-without-cr: 1")]


@pytest.mark.parametrize("held", [b"", CR + LF, encode_block(ONE), VT + b"x" * 101])
def test_the_end_of_a_stream_between_blocks_or_after_a_refusal_is_no_fault(held):
    decoder = MllpDecoder(max_block=100)
    decoder.feed(held)
    assert decoder.end() == []


@pytest.mark.parametrize("stream", [VT * 200_000, encode_block(b"") * 70_000, b"MSH\x1c\r" * 40_000, VT + FS * 200_000])
def test_a_hostile_stream_is_read_in_linear_time(stream):
    """Quadratic reading of these would take minutes; the suite's own patience is the limit."""
    events = MllpDecoder().feed(stream)
    assert len(events) in (0, 40_000)


CASES = json.loads((FRAMING / "expected.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_each_stream_of_the_fixtures_gives_one_event_an_answer(case):
    decoder = MllpDecoder()
    events = decoder.feed((FRAMING.parent / case["file"]).read_bytes())
    assert len(events) == len(case["answers"])
    faults = [answer.get("problem") == "block-unterminated" for answer in case["answers"]]
    assert [isinstance(event, Fault) for event in events] == faults


@pytest.mark.parametrize(
    ("chunks", "held"),
    [
        ((VT + b"MSH|1",), 5),
        ((VT + b"MSH|1", b"2345"), 9),
        ((VT + b"MSH|1", FS), 6),
        ((VT + b"MSH|1", FS, CR), 0),
        ((encode_block(ONE) + VT + b"MSH",), 3),
        ((b"junk",), 4),
        ((VT + b"x" * 101,), 0),
        ((VT + b"x" * 101, b"y" * 50 + FS), 1),
        ((VT + b"x" * 101, b"y" * 50 + FS + CR + VT + b"MSH"), 3),
        ((b"x" * 30,), 0),
    ],
)
def test_a_decoder_says_how_many_bytes_it_holds(chunks, held):
    decoder = MllpDecoder(max_block=100, max_junk=20)
    for chunk in chunks:
        decoder.feed(chunk)

    assert decoder.held == held


@given(pieces=st.lists(st.sampled_from([VT, FS, CR, LF, ONE, b"x" * 90, b"MSH|", b"\x00"]), max_size=20))
def test_a_decoder_never_holds_more_than_came_nor_than_its_limits(pieces):
    decoder = MllpDecoder(max_block=100, max_junk=20)
    for number, piece in enumerate(pieces, start=1):
        decoder.feed(piece)
        assert decoder.held <= min(sum(map(len, pieces[:number])), 102)
