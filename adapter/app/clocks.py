"""Time that nobody sets: to notice that the wall clock was, and to agree on one time with other processes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from adapter.outcome import StoreUnavailableError
from adapter.telemetry import Telemetry

NOTICED = 2.0
"""Seconds by which a clock is set before it is noticed: no wait in the store is so short that less would matter."""
AGREE = 20.0
"""Seconds after which the database is asked for the time again."""

Clock = Callable[[], datetime]


def boot_clock() -> float:
    """Seconds that nobody sets, and that pass while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def wall_clock() -> datetime:
    """The time of now, with its zone."""
    return datetime.now(UTC)


class ClockWatch:
    """Tells whether a clock was set between two looks at it."""

    def __init__(self, steady: Callable[[], float] = boot_clock) -> None:
        self._steady = steady
        self._ahead: float | None = None

    def was_set(self, now: datetime) -> bool:
        """Was the clock that says ``now`` set, forward or back, since it was last asked about?"""
        before, self._ahead = self._ahead, now.timestamp() - self._steady()
        return before is not None and abs(self._ahead - before) > NOTICED


class SharedClock:
    """The time of the database all processes share, so that none is ahead of the others; until it was asked, our own.

    In between it goes on by the steady clock: that of the machine may be wrong, and may be set.
    """

    def __init__(self, telemetry: Telemetry, steady: Callable[[], float] = boot_clock, *, every: float = AGREE) -> None:
        self._telemetry = telemetry
        self._every = every
        self._steady = steady
        self._at: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Give the time of now."""
        if self._at is None:
            return wall_clock()
        told, then = self._at
        return told + timedelta(seconds=self._steady() - then)

    async def ask(self, tell: Callable[[], Awaitable[datetime]]) -> None:
        """Take over the database's time, in the middle between question and answer; raises StoreUnavailableError."""
        asked, before = self._steady(), self()
        told = await tell()
        middle = (asked + self._steady()) / 2
        self._at = told, middle
        if abs((told - before).total_seconds() - (middle - asked)) > NOTICED:
            self._telemetry.warn(
                "clock-differs", reason="the time is that of PostgreSQL: set the clock of this machine"
            )

    async def run(self, tell: Callable[[], Awaitable[datetime]]) -> None:
        """Ask again and again, until cancelled; a database that is away is asked the next time."""
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.ask(tell)
            except StoreUnavailableError:
                continue
