"""How the web says what it did: an event and facts that are safe to log, never a path, a query or a value."""

from contextlib import suppress
from typing import Protocol


class Tell(Protocol):
    """Takes an event's name and its facts: route, method, status, seconds, error, faults."""

    def __call__(self, event: str, **facts: str | float) -> None:
        """Take note of one event."""
        ...


def tell_nobody(event: str, **facts: str | float) -> None:
    """Take note of nothing."""


def tell_safely(tell: Tell, event: str, **facts: str | float) -> None:
    """Take note of one event; a failure to do so never costs a client its answer."""
    with suppress(Exception):
        tell(event, **facts)
