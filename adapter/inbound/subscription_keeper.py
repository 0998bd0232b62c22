"""A subscription is looked after: gaps are recovered, a silent one is asked about, one that is off is switched on."""

import time
from dataclasses import dataclass, field, replace
from datetime import timedelta

from adapter.fhir.incoming import MAX_BYTES
from adapter.fhir.notification import Notification, notification
from adapter.fhir.resource import Resource
from adapter.fhir.shapes import IncomingError
from adapter.inbound.event_numbers import EventNumbers
from adapter.inbound.fhir_server import SourceError
from adapter.inbound.fhir_source import FhirSource

REORDERING = 2.0
"""Seconds for events that overtook each other to arrive, before what is missing is asked for."""
ENDED = frozenset({"error", "off"})
"""Subscription.status that only the client may end (R4, subscription; Backport: the server must not)."""


@dataclass(slots=True)
class SubscriptionKeeper:
    """Looks after the subscription of one source; times are seconds, ``heartbeat`` None: none was agreed."""

    source: FhirSource
    id_: str = ""
    check: float = 300.0
    heartbeat: float | None = None
    _gap_since: float | None = None
    _looked: float = field(default_factory=time.monotonic)

    async def work(self) -> float:
        """Do what is due; gives the seconds until more will be. Raises SourceError and StoreUnavailableError."""
        waits = [await self._recover(), await self._supervise()]
        return min(waits)

    async def _recover(self) -> float:
        """Close a gap: by the server's own record of events, else by a sweep; till then it stays open, durably."""
        parts = self.source.parts
        state = await parts.records.state(parts.name)
        missing = EventNumbers(state.last_event, state.ahead).missing
        if missing is None:
            self._gap_since = None
            return self.check
        self._gap_since = self._gap_since if self._gap_since is not None else time.monotonic()
        wait = self._gap_since + REORDERING - time.monotonic()
        if wait > 0:
            return wait
        how = "events" if await self._ask_for(missing) else "sweep"
        if how == "sweep":
            await self.source.sweep()
        await self._close(missing[1])
        parts.tell("events-recovered", reason=how)
        return 0.0

    async def _ask_for(self, missing: tuple[int, int]) -> bool:
        """Ask for the events of a gap; False: they were not all told, or not what they are about."""
        if not self.id_:
            return False
        first, last = missing
        query = f"eventsSinceNumber={first}&eventsUntilNumber={last}&content=id-only"
        try:
            reply = await self.source.parts.fetcher.server.get(f"Subscription/{self.id_}/$events?{query}")
        except (SourceError, IncomingError):
            return False
        told = notification(reply.resource) if reply.resource and len(reply.body) <= MAX_BYTES else None
        if told is None or not _tells_all(told, first, last):
            return False
        reports = tuple(dict.fromkeys(id_ for event in told.events for id_ in event.reports))
        await self.source.parts.records.note(self.source.parts.name, reports, self.source.parts.clock())
        return True

    async def _close(self, last: int) -> None:
        parts = self.source.parts
        state = await parts.records.state(parts.name)
        ahead = tuple(number for number in state.ahead if number > last)
        closed = EventNumbers(last, ()).heard(ahead)
        changed = replace(state, last_event=closed.last, ahead=closed.ahead, sweep_asked=None)
        await parts.records.note(parts.name, (), parts.clock(), changed)
        self._gap_since = None

    async def _supervise(self) -> float:
        if not self.id_:
            return self.check
        now = time.monotonic()
        due = self._looked + self.check if not await self._is_silent() else self._looked + min(self.check, 30.0)
        if now < due:
            return due - now
        self._looked = now
        await self._look()
        return self.check

    async def _is_silent(self) -> bool:
        if self.heartbeat is None:
            return False
        parts = self.source.parts
        heard = (await parts.records.state(parts.name)).heard
        return heard is None or abs(parts.clock() - heard) > timedelta(seconds=2 * self.heartbeat)

    async def _look(self) -> None:
        """Ask for the subscription; switch one that ended on again, after what it kept from us was fetched."""
        parts = self.source.parts
        reply = await parts.fetcher.server.get(f"Subscription/{self.id_}")
        if not reply.is_there or reply.resource is None:
            raise SourceError("the Subscription is not there: nothing notifies us", permanent=True)
        if await self._is_silent():
            parts.tell("subscription-silent")
            await self.source.sweep()
        if reply.resource.get("status") not in ENDED:
            return
        parts.tell("subscription-off")
        await self.source.sweep()
        await parts.fetcher.server.put(f"Subscription/{self.id_}", _requested(reply.resource), reply.version)
        await self.source.ask_for_sweep()
        parts.tell("subscription-reactivated")


def _requested(subscription: Resource) -> Resource:
    """The Subscription as it stood, asked for anew."""
    return {name: value for name, value in subscription.items() if name != "error"} | {"status": "requested"}


def _tells_all(told: Notification, first: int, last: int) -> bool:
    numbers = {event.number for event in told.events if event.reports}
    return last - first < 10_000 and numbers >= set(range(first, last + 1))
