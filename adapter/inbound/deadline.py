"""A point in time after which something is called, cheap to push ahead for each chunk of bytes."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls ``expired`` once ``seconds`` have passed since the last start or push, unless stopped.

    Pushing only notes the new time; the one timer re-arms itself when it fires early. A timer a chunk would fill
    the loop's heap with cancelled handles.
    """

    def __init__(self, seconds: float, expired: Callable[[], None]) -> None:
        self._seconds = seconds
        self._expired = expired
        self._loop = asyncio.get_running_loop()
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Set the deadline anew, from now."""
        self._due = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._fire)

    def stop(self) -> None:
        """Take the deadline away."""
        self._due = None

    def dispose(self) -> None:
        """Take the deadline away for good, with its timer."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._fire)
            return
        self._due = None
        self._expired()
