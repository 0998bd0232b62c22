"""What a listener tells about itself: named events, each counted, from closed lists, without a byte of any message."""

from contextlib import suppress
from typing import Protocol

EVENTS = frozenset(
    {
        "listening",
        "connection-opened",
        "connection-closed",
        "connection-refused",
        "handshake-failed",
        "accept-failed",
        "fault",
        "answer-undelivered",
        "receiver-failed",
        "receiver-timed-out",
        "write-timed-out",
        "tls-reloaded",
        "tls-reload-failed",
        "draining",
        "drained",
        "file-archived",
        "file-to-errors",
        "file-left",
        "drop-waits",
        "sweep-found",
        "source-failed",
        "report-not-fetched",
        "report-given-up",
        "report-deleted",
        "events-missed",
        "events-recovered",
        "subscription-silent",
        "subscription-off",
        "subscription-reactivated",
    }
)
FACTS = frozenset(
    {"listener", "peer", "connection", "certificate", "problem", "rule", "reason", "error", "count", "port"}
)


class OnEvent(Protocol):
    """Takes an event's name from EVENTS and its facts, whose keys are from FACTS."""

    def __call__(self, name: str, **facts: str | int | None) -> None:
        """Take note of one event."""
        ...


class Events:
    """Names what happened at one listener to whoever asked; an ``on_event`` that raises is never felt."""

    def __init__(self, listener: str, on_event: OnEvent | None) -> None:
        self._listener = listener
        self._on_event = on_event

    def tell(self, name: str, **facts: str | int | None) -> None:
        """Give one event and its facts on, the listener's name added."""
        if self._on_event is None:
            return
        with suppress(Exception):  # Whatever the callback raises, a message must not be lost by telling of it.
            self._on_event(name, listener=self._listener, **facts)
