"""What becomes of a stream that is not as the standard says: one right answer each, and the next message served."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_inbound_fakes import (
    QUICK,
    FakeReceiver,
    HeldReceiver,
    block,
    connected,
    eventually,
    message,
    serving,
)

from adapter.hl7v2.mllp import Fault
from adapter.inbound.receiver import Connection
from adapter.outcome import Problem

BRISK = replace(QUICK, quiet=0.05, block_timeout=0.2, handler_timeout=0.2)
VT, FS = b"\x0b", b"\x1c"


class RaisingReceiver(FakeReceiver):
    """Has a fault of its own for some messages."""

    async def work(self, control_id: str) -> bytes | None:
        if control_id.startswith("BAD"):
            raise LookupError(control_id)
        return await super().work(control_id)


class StubbornReceiver(FakeReceiver):
    """Accepts when it is told that its time is over."""

    async def work(self, control_id: str) -> bytes | None:
        if control_id == "LATE":
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return await super().work(control_id)
        return await super().work(control_id)


class RaisingLateReceiver(FakeReceiver):
    """Raises when it is told that its time is over."""

    async def work(self, control_id: str) -> bytes | None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ConnectionError


class SpeechlessReceiver(RaisingReceiver):
    """Cannot even say no."""

    async def refuse(self, fault: Fault, connection: Connection) -> bytes | None:
        raise LookupError


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (b"\r\n\x00" + block("M1"), ["AA:M1"]),
        (block("M1") + b"\r\n" + block("M2"), ["AA:M1", "AA:M2"]),
        (VT + message("CUT") + block("M2"), ["AR:CUT:block-unterminated", "AA:M2"]),
        (VT + message("M1") + FS + block("M2"), ["AA:M1", "AA:M2"]),
        (VT + message("M1") + FS + b"\n" + block("M2"), ["AA:M1", "AA:M2"]),
        (message("M1") + FS + b"\r" + block("M2"), ["AA:M1", "AA:M2"]),
        (VT + FS + b"\r" + block("M2"), ["AA:M2"]),
        (VT + b"GET / HTTP/1.1" + FS + b"\r" + block("M2"), ["AA", "AA:M2"]),
    ],
    ids=["junk", "line-ends", "no-end", "no-cr", "lf-for-cr", "no-start", "empty", "not-hl7"],
)
async def test_a_departure_from_the_block_is_answered_and_the_next_message_is_served(sent, answers):
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        peer.write(sent)

        assert await peer.answers(len(answers)) == answers
        peer.write(block("NEXT"))
        assert await peer.answer() == "AA:NEXT"


STREAM = (
    b"\r\n" + block("M1") + VT + message("CUT") + block("M2") + VT + FS + b"\r" + VT + message("M3") + FS + block("M4")
)
ANSWERS = ["AA:M1", "AR:CUT:block-unterminated", "AA:M2", "AA:M3", "AA:M4"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=8).map(sorted))
def test_a_stream_cut_anywhere_gets_the_same_answers(cuts):
    async def answers() -> list[str]:
        async with serving(FakeReceiver()) as served, connected(served.address) as peer:
            for start, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
                peer.write(STREAM[start:end])
                await asyncio.sleep(0.001)
            return await peer.answers(len(ANSWERS))

    assert asyncio.run(answers()) == ANSWERS


async def test_an_end_without_its_carriage_return_is_settled_by_silence():
    async with serving(FakeReceiver(), BRISK) as served, connected(served.address) as peer:
        peer.write(VT + message("M1") + FS)

        assert await peer.answer() == "AA:M1"
        peer.write(block("M2"))
        assert await peer.answer() == "AA:M2"


async def test_an_end_without_its_carriage_return_is_settled_by_the_end_of_the_stream():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        peer.write(VT + message("M1") + FS)
        peer.writer.write_eof()

        assert await peer.answer() == "AA:M1"


async def test_a_pause_inside_a_block_loses_nothing():
    receiver = FakeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        whole = block("M1")
        peer.write(whole[:50])
        await asyncio.sleep(0.6)
        peer.write(whole[50:])

        assert await peer.answer() == "AA:M1"
    assert receiver.payloads == [message("M1")]


@pytest.mark.slow
async def test_a_pause_of_five_seconds_inside_a_block_loses_nothing():
    receiver = FakeReceiver()
    async with serving(receiver, replace(QUICK, block_timeout=30)) as served, connected(served.address) as peer:
        whole = block("M1")
        peer.write(whole[:50])
        await asyncio.sleep(5)
        peer.write(whole[50:])

        assert await peer.answer() == "AA:M1"


async def test_a_block_that_never_ends_is_refused_and_its_connection_closed():
    async with serving(FakeReceiver(), BRISK) as served, connected(served.address) as peer:
        peer.write(block("M1"), VT + message("STUCK"))

        assert await peer.answers(2) == ["AA:M1", "AR:STUCK:block-unterminated"]
        assert await peer.rest() == b""


async def test_a_block_time_out_counts_from_the_last_byte():
    async with serving(FakeReceiver(), BRISK) as served, connected(served.address) as peer:
        whole = block("M1")
        for start in range(0, len(whole), 20):
            peer.write(whole[start : start + 20])
            await asyncio.sleep(0.08)

        assert await peer.answer() == "AA:M1"


async def test_a_sender_that_leaves_inside_a_block_is_answered_and_noted():
    receiver = FakeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(VT + message("CUT"))
        peer.writer.write_eof()

        assert await peer.answer() == "AR:CUT:block-unterminated"
        assert await peer.rest() == b""
        assert served.told.facts("fault")["problem"] == "block-unterminated"


async def test_too_much_junk_is_refused_and_its_connection_closed():
    async with serving(FakeReceiver()) as served, connected(served.address) as peer:
        peer.write(block("M1"), b"x" * 200_000)

        assert await peer.answers(2) == ["AA:M1", "AR::junk-between-blocks"]
        assert await peer.rest() == b""


async def test_an_oversize_block_is_refused_and_the_next_one_is_served():
    async with serving(FakeReceiver(), replace(QUICK, max_block=1000)) as served, connected(served.address) as peer:
        peer.write(block("BIG", 300_000), block("M2"))

        assert await peer.answers(2) == ["AR:BIG:block-too-large", "AA:M2"]


async def test_a_large_message_within_the_limit_is_served():
    receiver = FakeReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(block("BIG", 5_000_000))

        assert await peer.answer() == "AA:BIG"
    assert receiver.payloads == [message("BIG", 5_000_000)]


async def test_a_receiver_that_raises_refuses_that_message_alone():
    async with serving(RaisingReceiver()) as served, connected(served.address) as peer:
        peer.write(block("M1"), block("BAD2"), block("M3"))

        assert await peer.answers(3) == ["AA:M1", "AR:BAD2:internal", "AA:M3"]
        assert served.told.facts("receiver-failed")["error"] == "LookupError"
        assert served.told.count("receiver-failed") == 1


@pytest.mark.parametrize("receiver", [HeldReceiver, StubbornReceiver, RaisingLateReceiver])
async def test_a_receiver_over_its_time_never_accepts(receiver):
    async with serving(receiver(), BRISK) as served, connected(served.address) as peer:
        peer.write(block("LATE"))

        assert await peer.answer() == "AR:LATE:store-unavailable"
        assert served.told.count("receiver-timed-out") == 1


async def test_a_receiver_that_cannot_say_no_ends_the_connection_rather_than_mixing_up_answers():
    async with serving(SpeechlessReceiver()) as served, connected(served.address) as peer:
        peer.write(block("M1"), block("BAD2"), block("M3"))

        assert await peer.answer() == "AA:M1"
        assert await peer.rest() == b""
        await eventually(lambda: served.told.count("answer-undelivered") == 1)


async def test_a_fault_keeps_its_place_in_the_order_of_answers():
    receiver = HeldReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(block("M1"), VT + message("CUT"), block("M3"))
        await eventually(lambda: receiver.at_work == 2)
        receiver.gate.set()

        assert await peer.answers(3) == ["AA:M1", "AR:CUT:block-unterminated", "AA:M3"]


async def test_the_departures_of_a_block_reach_its_refusal():
    receiver = RaisingReceiver()
    async with serving(receiver) as served, connected(served.address) as peer:
        peer.write(b"\r\n" + block("BAD1"))
        await peer.answer()

    assert receiver.faults[0].problem is Problem.INTERNAL
    assert receiver.faults[0].deviations == ("junk-skipped: 2",)
