"""Retention at work: rules from the settings, one pass after another, always less than a sixth of the writer's time."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapter.app.part_holder import PartHolder
from adapter.outcome import StoreUnavailableError
from adapter.settings import Settings
from adapter.store.leases import Tenure
from adapter.store.messages import STATES
from adapter.store.retention import Batch, RetentionRecords, Stored
from adapter.store.retention_rows import Kind, Piece, Rule, pages
from adapter.telemetry import Telemetry

PART = "retention"
"""What one process does at a time."""
REST = 5
"""Times as long as a commit took at most, the next one waits: senders are not slowed."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went of a kind, or would: pieces, their bytes, and how many stayed that a person has yet to see to."""

    kind: Kind
    count: int = 0
    size: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long one commit may take, and how long the next one waits then."""

    batch: timedelta
    rest: timedelta

    @classmethod
    def of(cls, batch: timedelta) -> "Pace":
        """Turn the time of a commit into the pace beside a working service."""
        return cls(batch, REST * batch)


def rules(settings: Settings, now: datetime) -> tuple[Rule, ...]:
    """Turn the settings into what may go now."""
    kept, ignored = settings.retention, settings.intake.keep_ignored

    def before(days: float) -> datetime:
        return now - timedelta(days=days)

    return (
        Rule(Kind.IGNORED, before(ignored), kept.ignored_bytes),
        Rule(Kind.READ, before(kept.read_days), kept.read_bytes),
        Rule(Kind.CLOSED, before(kept.closed_days), kept.closed_bytes),
        Rule(Kind.SENT, before(kept.sent_days)),
        Rule(Kind.MESSAGES, before(kept.message_days)),
    )


def would_go(connection: Connection, rule: Rule) -> Pruned:
    """Turn a rule into what would go, without removing it."""
    found = list(pages(connection, rule))
    pieces = [piece for page in found for piece in page.pieces]
    kept = sum(page.kept for page in found)
    return Pruned(rule.kind, len(pieces), sum(piece.size for piece in pieces), kept)


class Pass:
    """One pass over the store. ``tell`` is told after each commit what went of its kind so far."""

    def __init__(self, records: RetentionRecords, pace: Pace, tell: Callable[[Pruned], None] = lambda _: None) -> None:
        self._records = records
        self._pace = pace
        self._tell = tell

    async def run(self, rules: Iterable[Rule], tenure: Tenure) -> list[Pruned]:
        """Remove what the rules let go, then give the space back; raises StoreUnavailableError and LeaseLostError."""
        pruned = [await self._follow(rule, tenure) for rule in rules]
        while await self._records.give_back(tenure, self._pace.batch):
            await self._rest()
        return pruned

    async def _follow(self, rule: Rule, tenure: Tenure) -> Pruned:
        pruned = Pruned(rule.kind)
        over = await self._records.beyond(rule)
        found = await self._records.find(rule, over, None)
        while True:
            pruned = replace(pruned, kept=pruned.kept + found.kept)
            pruned = await self._remove(pruned, found.pieces, tenure)
            if found.last is None:
                return pruned
            found = await self._records.find(rule, over, found.last)

    async def _remove(self, pruned: Pruned, pieces: tuple[Piece, ...], tenure: Tenure) -> Pruned:
        while pieces:
            removed = await self._records.remove(tenure, Batch(pruned.kind, pieces, self._pace.batch))
            pruned = replace(pruned, count=pruned.count + removed.count, size=pruned.size + removed.size)
            pieces = pieces[removed.tried :]
            self._tell(pruned)
            await self._rest()
        return pruned

    async def _rest(self) -> None:
        await asyncio.sleep(self._pace.rest.total_seconds())


class Retention:
    """Looks for what may go, one process at a time, until cancelled; a store that is down is asked the next time."""

    def __init__(self, settings: Settings, records: RetentionRecords, holder: PartHolder, telemetry: Telemetry) -> None:
        self._settings = settings
        self._records = records
        self._holder = holder
        self._telemetry = telemetry

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Make a pass now and then."""
        while True:
            try:
                await self._holder.run(lambda tenure: self._pass(tenure, clock()))
                self._show(await self._records.stored())
            except StoreUnavailableError:
                self._telemetry.failed("retention")
            await asyncio.sleep(self._settings.retention.every)

    def _show(self, stored: Stored) -> None:
        empty = dict.fromkeys(STATES, (0, 0))
        self._telemetry.stored(stored.size, empty | {one.state: (one.messages, one.size) for one in stored.states})

    async def _pass(self, tenure: Tenure, now: datetime) -> None:
        pace = Pace.of(timedelta(seconds=self._settings.retention.batch))
        for pruned in await Pass(self._records, pace).run(rules(self._settings, now), tenure):
            self._telemetry.pruned(pruned.kind.value, pruned.count)
            if pruned.count:
                self._telemetry.say("pruned", state=pruned.kind.value, count=pruned.count)
