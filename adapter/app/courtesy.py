"""How hard the worker may work: as hard as it can while senders do not wait for it.

Receiving and working share the machine. A sender waits for its answer, a score waits for nobody for some seconds: so
senders who come in a burst have the machine to themselves, and the scores follow right after. When a patient has waited
for long, senders and patients share (docs/architecture.md).
"""

import math
import time
from typing import Protocol

from adapter.arrival import Arrival, Kept

MOST = 16
"""Patients at one time; their writes share commits."""
SHARED = 2
"""Patients begun at one time when patients have waited for long though senders come without pause: a fair share."""
BURST = 0.45
"""The part of the time in which somebody waits for an answer, from which senders come without pause."""
SMOOTHING = 0.1
"""Seconds over which that part is taken."""
PRESENT = 0.25
"""Seconds after an answer for which senders are taken to be there."""
PATIENCE = 5.0
"""Seconds that a patient may wait for the senders of a burst."""


class Courtesy:
    """Turns when messages come and are answered, and since when patients are due, into how many to begin with.

    All times are seconds of one clock that never goes back.
    """

    def __init__(self, now: float) -> None:
        self._waiting = 0
        self._occupied = 0.0
        self._at = now
        self._answered = -math.inf
        self._oldest = now

    def arrived(self, now: float) -> None:
        """Take note that a message is to be kept."""
        self._follow(now)
        self._waiting += 1

    def answered(self, now: float) -> None:
        """Take note that a message is kept, or that it could not be."""
        self._follow(now)
        self._waiting -= 1
        self._answered = now

    def oldest_due(self, since: float) -> None:
        """Take note that no patient has been due for longer than since then."""
        self._oldest = since

    def at_once(self, now: float) -> int:
        """Give how many patients may be begun now; none while senders come without pause and nobody waited for long."""
        if not self._waiting and now - self._answered > PRESENT:
            return MOST
        late = now - self._oldest > PATIENCE
        self._follow(now)
        if self._occupied > BURST:
            return SHARED if late else 0
        return SHARED if late else 1

    def _follow(self, now: float) -> None:
        """An average that forgets: what was a moment ago counts most."""
        kept = math.exp((self._at - now) / SMOOTHING)
        self._occupied = kept * self._occupied + (1 - kept) * (self._waiting > 0)
        self._at = now


class KeepingStore(Protocol):
    """What keeps messages."""

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message."""
        ...


class TimedKeeping:
    """Keeps messages, and tells the worker's courtesy when a sender waits for it."""

    def __init__(self, store: KeepingStore, courtesy: Courtesy) -> None:
        self._store = store
        self._courtesy = courtesy

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message, durable when this returns."""
        self._courtesy.arrived(time.monotonic())
        try:
            return await self._store.keep(arrival)
        finally:
            self._courtesy.answered(time.monotonic())
