"""A destination that was out of reach: once it takes a score again, everybody who waited for it is due."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from adapter.delivery import DeliveryError
from adapter.outcome import StoreUnavailableError
from adapter.publication import Publication


class HastenedStore(Protocol):
    """What is needed of the store."""

    async def hasten(self, now: datetime) -> int:
        """Make every patient due whose work failed and who waits to be tried again; gives how many."""
        ...


class Outage:
    """Ends the back-offs that an outage left behind: they grow to a quarter of an hour, and nobody waits for that.

    A start counts as the end of one: what failed before it may have waited for us.
    """

    def __init__(self, store: HastenedStore) -> None:
        self._store = store
        self._lasts = True

    def failed(self, error: DeliveryError) -> None:
        """Take note of a failure; one without an answer, or of a server that is not asked now, says it is away."""
        self._lasts = self._lasts or not (error.answer.status or error.permanent)

    async def delivered(self, publications: Iterable[Publication], now: datetime) -> None:
        """Take note of what was brought to the destination; the first after an outage calls all others."""
        if self._lasts and any(one.resources and one.state != "undeliverable" for one in publications):
            try:
                await self._store.hasten(now)
            except StoreUnavailableError:
                return
            self._lasts = False
