"""What a source needs of the store: to remember how far it was read, and which reports are to be fetched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from adapter.sources import PendingReport, SourceState


class SourceRecords(Protocol):
    """Keeps what is known of sources, by their names; every call may raise StoreUnavailableError."""

    async def state(self, source: str) -> SourceState:
        """Give how far a source was read."""
        ...

    async def note(self, source: str, reports: Sequence[str], at: datetime, changed: SourceState | None = None) -> None:
        """Keep that reports are to be fetched, and what was heard of the subscription, both or neither."""
        ...

    async def ask_for_sweep(self, source: str, at: datetime) -> None:
        """Make a sweep due."""
        ...

    async def due(self, source: str, now: datetime, limit: int = 50) -> list[PendingReport]:
        """List the reports to be fetched now."""
        ...

    async def next_due(self, source: str) -> datetime | None:
        """Give when the next report is to be fetched."""
        ...

    async def fetched(self, source: str, pending: PendingReport, version: str, at: datetime) -> None:
        """Keep that a report is on disk."""
        ...

    async def postpone(self, source: str, pending: PendingReport, due: datetime | None, problem: str) -> None:
        """Keep that a report could not be fetched."""
        ...

    async def given_up(self, source: str) -> int:
        """Count the reports that wait for a person."""
        ...

    async def unseen(self, source: str, versions: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Turn (id, version) of reports into those that are not kept yet."""
        ...

    async def see(self, source: str, versions: Sequence[tuple[str, str]], at: datetime) -> None:
        """Keep that these versions of reports are on disk."""
        ...

    async def swept(self, source: str, high_water: str, asked: datetime | None) -> None:
        """Keep how far a sweep came, and that what was asked for before it is done; one asked for since stays due."""
        ...
