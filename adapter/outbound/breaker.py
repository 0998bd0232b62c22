"""The circuit breaker: a destination that is down is left in peace, and asked now and then by one request alone."""

import time
from collections.abc import Callable
from datetime import timedelta

THRESHOLD = 5
"""Failures in a row until the circuit opens."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)
"""How long an open circuit lets nobody through; doubled by each failure up to the longest."""


class CircuitBreaker:
    """Counts failures in a row over all patients; ``waits`` says how long nobody is let through."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Does it keep requests away now?"""
        return self._clock() < self._open_until

    def waits(self) -> timedelta | None:
        """Give None and let the caller through, or how long to wait; after a pause one caller is let through alone."""
        left = self._open_until - self._clock()
        if left > 0:
            return timedelta(seconds=left)
        if self._failures >= THRESHOLD:
            self._open(self._pause())
        return None

    def succeeded(self) -> None:
        """The destination answered: everybody is let through."""
        self._failures = 0
        self._open_until = 0.0

    def failed(self, retry_after: timedelta | None = None) -> None:
        """The destination did not answer, or asked to be left alone for a while."""
        self._failures += 1
        if retry_after:
            self._open(retry_after)
        elif self._failures >= THRESHOLD:
            self._open(self._pause())

    def _pause(self) -> timedelta:
        return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(self._failures - THRESHOLD, 10)))

    def _open(self, pause: timedelta) -> None:
        self._open_until = max(self._open_until, self._clock() + pause.total_seconds())
