"""How hard the worker may work: as hard as it can while senders do not wait for it.

Receiving and working share the machine. A sender waits for its answer, a score does not wait for anybody: so the worker
takes more patients at a time while answers come as fast as they can, and fewer as soon as they slow down.
"""

import time
from typing import Protocol

from adapter.arrival import Arrival, Kept

MOST = 32
"""Patients at one time; their writes share commits."""
SLOWED = 1.6
"""An answer that takes so many times the best one was held up by the work."""
FORGETTING = 1.01
"""The best answer is forgotten at this rate an answer, so that a disk that became slower is not taken for our doing."""
REST = 2.0
"""While senders wait, the worker rests so many times as long as it worked."""
PRESENT = 0.25
"""Seconds after an answer for which senders are taken to be there."""


class Courtesy:
    """Turns the time that answers take into how many patients may be worked on at once, and how long to rest."""

    def __init__(self) -> None:
        self._best = float("inf")
        self._usual = 0.0
        self._last = float("-inf")
        self._allowed = MOST

    def answered(self, seconds: float, now: float) -> None:
        """Take note of an answer: how long it took, and when it went out (both in seconds of one clock)."""
        self._best = min(self._best * FORGETTING, seconds)
        self._usual = seconds if now - self._last > PRESENT else 0.8 * self._usual + 0.2 * seconds
        self._last = now
        self._allowed = max(1, self._allowed // 2) if self._slowed() else min(MOST, self._allowed + 1)

    def allowed(self, now: float) -> int:
        """How many patients may be worked on at one time."""
        return self._allowed if self._senders_are_there(now) else MOST

    def rest(self, worked: float, now: float) -> float:
        """How many seconds to leave to the senders after so many of work."""
        held_up = self._senders_are_there(now) and self._allowed == 1 and self._slowed()
        return REST * worked if held_up else 0.0

    def _senders_are_there(self, now: float) -> bool:
        return now - self._last <= PRESENT

    def _slowed(self) -> bool:
        return self._usual > SLOWED * self._best


class KeepingStore(Protocol):
    """What keeps messages."""

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message."""
        ...


class TimedKeeping:
    """Keeps messages, and tells the worker's courtesy how long each sender waited for it."""

    def __init__(self, store: KeepingStore, courtesy: Courtesy) -> None:
        self._store = store
        self._courtesy = courtesy

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message, durable when this returns."""
        started = time.monotonic()
        kept = await self._store.keep(arrival)
        now = time.monotonic()
        self._courtesy.answered(now - started, now)
        return kept
