"""What a listener tells about itself: numbers and named events, from closed lists, without a byte of any message."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from adapter.outcome import Problem

EVENTS = frozenset(
    {
        "listening",
        "connection-opened",
        "connection-closed",
        "connection-refused",
        "handshake-failed",
        "accept-failed",
        "fault",
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


@dataclass(slots=True)
class Counters:
    """What one listener has seen since its start; ``open`` and ``outstanding`` are the state of now."""

    connections: int = 0
    open: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Connections not served, by reason: peer-not-listed, certificate-not-listed, over-capacity, no-room-to-refuse."""
    handshakes_failed: int = 0
    blocks: int = 0
    faults: Counter[Problem] = field(default_factory=Counter)
    outstanding: int = 0
    answers: int = 0
    answers_undelivered: int = 0
    """Answers whose connection was gone; their senders will send again."""
    receiver_failures: int = 0
    receiver_timeouts: int = 0
    write_timeouts: int = 0
    reading_pauses: int = 0
    events_lost: int = 0
    """Events whose callback raised: telling must not stop the work."""


class Events:
    """Names what happened at one listener to whoever asked; an ``on_event`` that raises is counted, never felt."""

    def __init__(self, listener: str, counters: Counters, on_event: OnEvent | None) -> None:
        self._listener = listener
        self._counters = counters
        self._on_event = on_event

    def tell(self, name: str, **facts: str | int | None) -> None:
        """Give one event and its facts on, the listener's name added."""
        if self._on_event is None:
            return
        try:
            self._on_event(name, listener=self._listener, **facts)
        except Exception:  # noqa: BLE001 - whatever the callback raises, a message must not be lost by telling of it
            self._counters.events_lost += 1
