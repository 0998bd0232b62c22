"""What a server's subscription sends: reports are kept or noted, numbers remembered, all on disk before the answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from adapter.fhir.incoming import Incoming, parse_incoming
from adapter.fhir.json_text import from_json
from adapter.fhir.notification import EVENTS, Notification, notification
from adapter.fhir.operation_outcome import information
from adapter.fhir.receipts import FhirAnswer, refusal, report_ids
from adapter.fhir.resource import JsonUnreadableError
from adapter.fhir.shapes import IncomingError
from adapter.fhir.unit import Unit
from adapter.inbound.event_numbers import EventNumbers
from adapter.inbound.fhir_intake import KeepingError
from adapter.inbound.fhir_source import FhirSource
from adapter.inbound.subscription_secret import SubscriptionSecret
from adapter.outcome import NOWHERE, Problem, StoreUnavailableError
from adapter.sources import SourceState


@dataclass(slots=True)
class SubscriptionDoor:
    """Takes the requests of one subscription; ``id_`` is its id at the server, empty where the site names none."""

    source: FhirSource
    secret: SubscriptionSecret
    id_: str = ""
    max_bytes: int = 8 * 1024 * 1024
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def admits(self, shown: str | None) -> bool:
        """Is it the subscription's own secret? How long that takes says nothing of it."""
        return self.secret.is_shown(shown)

    async def ping(self) -> FhirAnswer:
        """Take an empty request: something changed. A sweep is noted, and the source woken."""

        async def take() -> str:
            await self._note((), sweep=True)
            return "noted: what changed is fetched"

        return await self._answered(take)

    async def deleted(self) -> FhirAnswer:
        """Take the deletion of a report: nothing is withdrawn by it, a person is told."""
        self.source.parts.tell("report-deleted")
        words = "noted: a deletion withdraws nothing, send the report as entered-in-error"
        return FhirAnswer(200, information(words))

    async def report(self, body: bytes, id_: str) -> FhirAnswer:
        """Take a report in full: kept when all that it needs is there, else noted and fetched."""

        async def take() -> str:
            incoming = await asyncio.to_thread(parse_incoming, body, max_bytes=self.max_bytes)
            if incoming.kind != "resource" or incoming.units[0].report.id != id_:
                raise IncomingError(Problem.RESOURCE_INVALID, "DiagnosticReport.id", "the id is not that of the path")
            return await self._take(incoming.units, ())

        return await self._answered(take)

    async def bundle(self, body: bytes) -> FhirAnswer:
        """Take a notification, or a Bundle of reports."""

        async def take() -> str:
            told, incoming = await asyncio.to_thread(_parse, body, self.max_bytes)
            if told is None:
                return await self._take(incoming.units, report_ids(incoming.named))
            return await self._notified(told, incoming)

        return await self._answered(take)

    async def _answered(self, take: Callable[[], Awaitable[str]]) -> FhirAnswer:
        try:
            async with self._one_at_a_time:
                words = await take()
        except IncomingError as error:
            return refusal(error.problem, error.place, error.rule)
        except KeepingError as error:
            return refusal(error.refused.problem, error.refused.place, error.refused.rule)
        except StoreUnavailableError:
            return refusal(Problem.STORE_UNAVAILABLE, NOWHERE, "not noted: send again")
        self.source.wake.set()
        return FhirAnswer(200, information(words))

    async def _take(self, units: Sequence[Unit], named: Sequence[str]) -> str:
        """Keep the reports that are whole, note the others and those that were only named."""
        fetched_later = [unit.report.id for unit in units if unit.missing and unit.report.id]
        whole = [unit for unit in units if unit.report.id not in fetched_later]
        for unit in await self._new(whole):
            await self.source.keep(unit)
        pending = tuple(dict.fromkeys((*fetched_later, *named)))
        if pending:
            await self._note(pending)
        return f"{len(whole)} kept, {len(pending)} noted, to be fetched"

    async def _new(self, units: Sequence[Unit]) -> list[Unit]:
        versions = [(unit.report.id, unit.report.version) for unit in units]
        unseen = await self.source.parts.records.unseen(self.source.parts.name, versions)
        return [unit for unit, version in zip(units, versions, strict=True) if version in unseen]

    async def _notified(self, told: Notification, incoming: Incoming) -> str:
        """Take a notification: numbers are remembered with what they are about, and only then answered."""
        if self.id_ and told.subscription and told.subscription != self.id_:
            raise IncomingError(Problem.NOT_FOUND, "", "this subscription is not the one that the site named")
        if told.kind not in EVENTS:
            await self._heard(told, ())
            return f"{told.kind} heard"
        carried = {unit.report.id: unit for unit in incoming.units}
        named = tuple(dict.fromkeys(id_ for event in told.events for id_ in event.reports))
        words = await self._take(list(carried.values()), [id_ for id_ in named if id_ not in carried])
        await self._heard(told, [event.number for event in told.events if event.number is not None])
        return words

    async def _heard(self, told: Notification, numbers: Sequence[int]) -> None:
        state = await self._state()
        known = EventNumbers(state.last_event, state.ahead)
        begins_anew = told.kind == "handshake" and told.count is not None and told.count < (known.last or 0)
        counted = EventNumbers() if begins_anew else known.heard(numbers)
        counted = counted if told.count is None else counted.counted(told.count)
        names_none = told.kind in EVENTS and not all(event.reports for event in told.events)
        is_lost = begins_anew or names_none or (told.kind in EVENTS and not told.events)
        if counted.missing and not known.missing:
            self.source.parts.tell("events-missed")
        await self._note((), sweep=is_lost, changed=replace(state, last_event=counted.last, ahead=counted.ahead))
        if told.status in ("error", "off"):
            self.source.parts.tell("subscription-off")

    async def _state(self) -> SourceState:
        return await self.source.parts.records.state(self.source.parts.name)

    async def _note(self, reports: Sequence[str], *, sweep: bool = False, changed: SourceState | None = None) -> None:
        """Keep all of it in one commit; that the subscription lives is a part of it."""
        parts = self.source.parts
        now = parts.clock()
        state = replace(changed or await self._state(), heard=now, sweep_asked=now if sweep else None)
        await parts.records.note(parts.name, reports, now, state)


def _parse(body: bytes, max_bytes: int) -> tuple[Notification | None, Incoming]:
    incoming = parse_incoming(body, max_bytes=max_bytes)
    try:
        return notification(from_json(body)), incoming
    except JsonUnreadableError as error:
        raise IncomingError(error.problem, "", error.rule) from None
