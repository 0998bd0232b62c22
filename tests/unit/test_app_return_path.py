"""An answer to a peer is sent until it is taken, refused for good or too old; one sender's trouble is its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from answer_peer import AnswerListener
from test_inbound_fakes import acknowledgement, eventually

from adapter.app.return_path import AT_ONCE, Lane, ReturnPath
from adapter.arrival import DueAnswer
from adapter.outbound.result_channel import ResultChannel, ResultListener
from adapter.outcome import StoreUnavailableError
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
THREE_DAYS = timedelta(days=3)


def answer(name: str, made: datetime = NOW) -> DueAnswer:
    return DueAnswer(name, acknowledgement("AA", name), made)


@dataclass
class Queue:
    """What waits for one sender; remembers what was delivered and what was given up."""

    waiting: list[DueAnswer] = field(default_factory=list)
    delivered_ones: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False

    async def due(self, listener: str, sender: str, limit: int) -> list[DueAnswer]:
        self.asked.append((listener, sender))
        if self.down:
            raise StoreUnavailableError("the disk is full")
        return self.waiting[:limit]

    async def delivered(self, message_id: str, at: datetime) -> None:
        assert at == NOW
        self._end(message_id)
        self.delivered_ones.append(message_id)

    async def give_up(self, message_id: str, problem: str, at: datetime) -> None:
        assert at == NOW
        self._end(message_id)
        self.problems[message_id] = problem

    def _end(self, message_id: str) -> None:
        self.waiting = [one for one in self.waiting if one.message_id != message_id]


class Way:
    """A way back over a real socket, looked at step by step."""

    def __init__(self, port: int, *names: str, awaited: frozenset[str] = frozenset()) -> None:
        self.queue = Queue([answer(name) for name in names])
        self.telemetry = Telemetry(quiet=True)
        listener = ResultListener("127.0.0.1", port, answer_timeout=0.3, rests=0)
        self.channel = ResultChannel(listener)
        lane = Lane("mllp", "ris", THREE_DAYS, lambda: awaited)
        self.path = ReturnPath(lane, self.queue, self.channel, self.telemetry, lambda: NOW)

    def counted(self, outcome: str) -> float | None:
        labels = {"listener": "mllp", "sender": "ris", "outcome": outcome}
        return self.telemetry.registry.get_sample_value("netpet_answers_returned_total", labels)


@asynccontextmanager
async def way(*names: str, faults: tuple[str, ...] = (), **options: frozenset[str]) -> AsyncIterator[tuple]:
    async with AnswerListener(*faults) as peer:
        back = Way(peer.port, *names, **options)
        try:
            yield back, peer
        finally:
            await back.channel.close()


async def test_what_waits_goes_out_in_order_on_one_connection():
    async with way("M1", "M2", "M3") as (back, peer):
        assert await back.path.send_due() is None

    assert peer.answered() == [("AA", "M1"), ("AA", "M2"), ("AA", "M3")]
    assert (back.queue.delivered_ones, peer.connections) == (["M1", "M2", "M3"], 1)
    assert back.queue.asked == [("mllp", "ris")]
    assert back.counted("delivered") == 3


async def test_the_peer_is_asked_for_an_accept():
    async with way("M1") as (back, peer):
        await back.path.send_due()

    (header,) = peer.headers()
    assert (header.accept_ack, header.application_ack) == ("AL", "NE")


# The peer's answer and what becomes of ours: docs/acknowledgement.md has this table.
TAKEN, AGAIN, REFUSED = "delivered", "sent again", "given up"
BY_ANSWER = {
    "AA": TAKEN,
    "CA": TAKEN,
    "AE": REFUSED,
    "CE": REFUSED,
    "AR": AGAIN,
    "CR": AGAIN,
    "AE 207": AGAIN,
    "CR 101": REFUSED,
    "AR 200": REFUSED,
    "XX": AGAIN,
    "deaf": AGAIN,
    "close": AGAIN,
}


@pytest.mark.parametrize(("fault", "then"), BY_ANSWER.items())
async def test_what_the_peer_answers_decides(fault, then):
    async with way("M1", faults=(fault,)) as (back, peer):
        pause = await back.path.send_due()

    assert len(peer.received) == 1
    assert (pause is not None) is (then == AGAIN)
    assert {
        TAKEN: back.queue.delivered_ones == ["M1"],
        REFUSED: list(back.queue.problems) == ["M1"] and back.counted("refused") == 1,
        AGAIN: [one.message_id for one in back.queue.waiting] == ["M1"] and back.counted("failed") == 1,
    }[then]


async def test_what_is_refused_says_by_which_code_and_holds_up_nothing():
    async with way("M1", "M2", faults=("AE 101",)) as (back, _):
        assert await back.path.send_due() is None

    assert back.queue.problems == {"M1": "refused: AE, 101"}
    assert back.queue.delivered_ones == ["M2"]


async def test_what_failed_is_sent_again_first_and_in_the_same_bytes():
    async with way("M1", "M2", faults=("close", "deaf", "AR")) as (back, peer):
        while await back.path.send_due() is not None:
            pass

    assert back.queue.delivered_ones == ["M1", "M2"]
    assert peer.answered() == [("AA", "M1")] * 4 + [("AA", "M2")]
    assert len(set(peer.received[:4])) == 1


async def test_the_pauses_grow_and_begin_anew_after_an_accept():
    async with way("M1", faults=("AR",) * 9) as (back, _):
        pauses = [await back.path.send_due() for _ in range(9)]
        assert await back.path.send_due() is None

    assert all(pause <= timedelta(seconds=2**number) for number, pause in enumerate(pauses))
    assert max(pauses) > timedelta(seconds=1)
    assert back.path._failures == 0


async def test_an_answer_that_is_too_old_and_was_tried_often_is_given_up():
    async with way(faults=("AR 207",) * 72) as (back, _):
        back.queue.waiting = [answer("M1", NOW - THREE_DAYS), answer("M2")]
        pauses = [await back.path.send_due() for _ in range(72)]

    assert (None in pauses[:-1], pauses[-1]) == (False, None)

    assert back.queue.problems == {"M1": "given-up: AR, 207"}
    assert back.queue.delivered_ones == ["M2"]
    assert back.counted("given-up") == 1


async def test_the_tries_of_a_sender_s_answers_count_together():
    async with way(faults=("AR 207",) * 74) as (back, _):
        back.queue.waiting = [answer(f"M{number}", NOW - THREE_DAYS) for number in range(3)]
        for _ in range(72):
            await back.path.send_due()

    assert len(back.queue.problems) == 3


async def test_a_clock_that_jumps_gives_up_no_answer_that_was_tried_seldom():
    async with way(faults=("AR 207",) * 3) as (back, _):
        back.queue.waiting = [answer("M1", NOW - 9 * THREE_DAYS), answer("M2", NOW - 9 * THREE_DAYS)]
        for _ in range(3):
            await back.path.send_due()
        assert back.queue.problems == {}
        await back.path.send_due()

    assert back.queue.delivered_ones == ["M1", "M2"]


async def test_an_old_answer_that_can_be_delivered_is():
    async with way() as (back, _):
        back.queue.waiting = [answer("M1", NOW - 2 * THREE_DAYS)]
        await back.path.send_due()

    assert back.queue.delivered_ones == ["M1"]


async def test_what_a_connection_may_still_deliver_is_left_to_it():
    async with way("M1", "M2", awaited=frozenset({"M1"})) as (back, peer):
        assert await back.path.send_due() is None

    assert peer.answered() == [("AA", "M2")]
    assert [one.message_id for one in back.queue.waiting] == ["M1"]


async def test_a_connection_that_has_not_delivered_for_a_minute_is_waited_for_no_longer():
    async with way(awaited=frozenset({"M1", "M2"})) as (back, peer):
        back.queue.waiting = [answer("M1", NOW - timedelta(seconds=61)), answer("M2", NOW - timedelta(seconds=59))]
        await back.path.send_due()

    assert peer.answered() == [("AA", "M1")]


async def test_after_as_many_as_are_taken_at_once_the_next_are_looked_for_at_once():
    async with way(*(f"M{number}" for number in range(AT_ONCE + 1))) as (back, _):
        assert await back.path.send_due() == timedelta(0)
        assert await back.path.send_due() is None


async def test_what_cannot_be_made_a_message_is_told_and_tried_until_it_is_too_old():
    async with way() as (back, peer):
        back.queue.waiting = [DueAnswer("M1", b"no message", NOW)]
        assert await back.path.send_due() is not None
        back.queue.waiting = [DueAnswer("M1", b"no message", NOW - THREE_DAYS)]
        assert None not in [await back.path.send_due() for _ in range(70)]
        assert await back.path.send_due() is None

    assert (back.queue.problems, peer.received) == ({"M1": "given-up: HeaderError"}, [])


@asynccontextmanager
async def running(back: Way) -> AsyncIterator[None]:
    task = asyncio.create_task(back.path.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_is_woken_looks_at_once():
    async with way() as (back, peer), running(back):
        await eventually(lambda: back.queue.asked)
        back.queue.waiting.append(answer("M1"))
        back.path.wake()
        await peer.has(1, within=0.9)


async def test_nobody_need_wake_it():
    async with way() as (back, peer), running(back):
        await eventually(lambda: back.queue.asked)
        back.queue.waiting.append(answer("M1"))
        await peer.has(1)


async def test_a_store_that_is_down_is_waited_for():
    async with way("M1") as (back, peer):
        back.queue.down = True
        async with running(back):
            await eventually(lambda: back.queue.asked)
            back.queue.down = False
            await peer.has(1)

    assert back.telemetry.registry.get_sample_value("netpet_failures_total", {"stage": "return-answers"}) >= 1


async def test_a_peer_that_is_down_delays_no_other():
    async with way("M1") as (back, peer):
        dead = Way(1, "M9")
        async with running(dead), running(back):
            await eventually(lambda: dead.counted("failed"))
            await peer.has(1)
        await dead.channel.close()

    assert [one.message_id for one in dead.queue.waiting] == ["M9"]
