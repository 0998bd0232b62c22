"""The way back of one sender: its application level answers, as messages of their own to the peer that takes them.

Each answer is on disk before it is sent, and is sent in the same bytes until the peer has taken it, refused it for
good, or it is too old. One after the other: what cannot be sent now holds up the later ones of its sender, no others.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapter.app.worker import back_off
from adapter.arrival import DueAnswer
from adapter.delivery import DeliveryError, is_given_up
from adapter.hl7v2.answer import Verdict, judge
from adapter.hl7v2.returned import as_message
from adapter.outcome import StoreUnavailableError
from adapter.telemetry import Telemetry

POLL = timedelta(seconds=1)
"""Between looks when nobody wakes it: a connection may have ended with its answers, a message may have come again."""
STANDS = timedelta(minutes=1)
"""For how long an answer is left to the connection that awaits it: one that takes none for so long is as good as gone,
and one that waits in another process may never hear of it."""
AT_ONCE = 100
"""Answers taken from the store at one time."""


class AnswerQueue(Protocol):
    """What it needs of the store; each call may raise StoreUnavailableError."""

    async def due(self, listener: str, sender: str, limit: int) -> list[DueAnswer]:
        """List a sender's answers that wait, in the order in which its messages came."""
        ...

    async def delivered(self, message_id: str, at: datetime) -> None:
        """Note that an answer got there."""
        ...

    async def give_up(self, message_id: str, problem: str, at: datetime) -> None:
        """Note that an answer is not sent any more, and why."""
        ...


class AnswerPeer(Protocol):
    """Where the answers go."""

    async def send(self, payload: bytes) -> bytes:
        """Turn a message into the peer's acknowledgement; raises DeliveryError when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Lane:
    """Whose answers: the listener and the name of the sender.

    ``awaited`` gives the messages whose answers another way may still deliver, and which are left alone therefore;
    ``elsewhere``: such a way may also be in another process, which nobody here knows. ``stands``: may we send now?
    """

    listener: str
    sender: str
    give_up_after: timedelta
    awaited: Callable[[], frozenset[str]] = frozenset
    elsewhere: bool = False
    stands: Callable[[], bool] = lambda: True


class ReturnPath:
    """Sends what waits in a lane, until cancelled."""

    def __init__(
        self, lane: Lane, queue: AnswerQueue, peer: AnswerPeer, telemetry: Telemetry, clock: Callable[[], datetime]
    ) -> None:
        self._lane = lane
        self._queue = queue
        self._peer = peer
        self._telemetry = telemetry
        self._clock = clock
        self._woken = asyncio.Event()
        self._failures = 0
        self._in_vain = 0

    def wake(self) -> None:
        """Say that an answer may wait."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; a store that is down is waited for."""
        while True:
            self._woken.clear()
            try:
                pause = await self.send_due()
            except StoreUnavailableError:
                self._telemetry.failed("return-answers")
                pause = self._back_off()
            await (self._rest() if pause is None else asyncio.sleep(pause.total_seconds()))

    async def send_due(self) -> timedelta | None:
        """Send what waits; gives how long until the next look, None when nothing is left."""
        # Asked before the store is: what is delivered meanwhile is then in one of the two.
        awaited = self._lane.awaited()
        found = await self._queue.due(self._lane.listener, self._lane.sender, AT_ONCE)
        ours = [answer for answer in found if self._is_left(answer.made) or not self._may_come(answer, awaited)]
        for answer in ours:
            if not self._lane.stands():
                return None
            if not await self._settle(answer):
                return self._back_off()
            self._failures = 0
        self._failures = 0
        self._in_vain = self._in_vain if found else 0
        return timedelta(0) if ours and len(found) == AT_ONCE else None

    def _may_come(self, answer: DueAnswer, awaited: frozenset[str]) -> bool:
        return self._lane.elsewhere or answer.message_id in awaited

    def _is_left(self, made: datetime) -> bool:
        """Has it waited for long? What was made later than now was made by a clock that was set since."""
        return abs(self._clock() - made) > STANDS

    async def _settle(self, answer: DueAnswer) -> bool:
        """Send one answer; False: the same has to be tried again."""
        try:
            verdict = judge(await self._peer.send(as_message(answer.payload)))
        except Exception as error:  # noqa: BLE001 - whatever befell one answer is tried again until it is too old
            problem = str(error) if isinstance(error, DeliveryError) else type(error).__name__
            return await self._failed(answer, problem)
        if verdict.accepted:
            await self._queue.delivered(answer.message_id, self._clock())
            self._in_vain = 0
            self._tell("answer-delivered", answer, "delivered")
            return True
        if not verdict.permanent:
            return await self._failed(answer, _words(verdict))
        self._in_vain = 0
        await self._give_up(answer, "refused", _words(verdict))
        return True

    async def _failed(self, answer: DueAnswer, problem: str) -> bool:
        """The tries of all answers of the sender count together: of many none waits for its own to be enough."""
        self._in_vain += 1
        if is_given_up(answer.made, self._clock(), self._in_vain, self._lane.give_up_after):
            await self._give_up(answer, "given-up", problem)
            return True
        self._tell("answer-failed", answer, "failed", error=problem, attempts=self._failures + 1)
        return False

    async def _give_up(self, answer: DueAnswer, outcome: str, problem: str) -> None:
        await self._queue.give_up(answer.message_id, f"{outcome}: {problem}", self._clock())
        self._tell(f"answer-{outcome}", answer, outcome, error=problem)

    def _tell(self, event: str, answer: DueAnswer, outcome: str, **facts: str | int) -> None:
        listener, sender = self._lane.listener, self._lane.sender
        self._telemetry.returned(listener, sender, outcome)
        tell = self._telemetry.say if outcome == "delivered" else self._telemetry.warn
        tell(event, listener=listener, sender=sender, message_id=answer.message_id, **facts)

    def _back_off(self) -> timedelta:
        pause = back_off(self._failures, random.random())  # noqa: S311 - spreads load, guards nothing
        self._failures += 1
        return pause

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL.total_seconds()):
                await self._woken.wait()
        except TimeoutError:
            return


def _words(verdict: Verdict) -> str:
    """What may be told of a peer's answer: its code, its conditions, the places that it names."""
    return ", ".join((verdict.code or "no acknowledgement code", *verdict.conditions, *verdict.places))
