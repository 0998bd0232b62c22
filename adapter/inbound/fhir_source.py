"""One server that reports come from: what is pending is fetched, and sweeps find the rest."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapter.arrival import Origin
from adapter.delivery import is_given_up
from adapter.fhir.patient_unit import stated_patient
from adapter.fhir.shapes import IncomingError
from adapter.fhir.unit import Unit
from adapter.inbound.events import OnEvent
from adapter.inbound.fhir_fetch import Fetcher, parse_page
from adapter.inbound.fhir_intake import FhirIntake, KeepingError
from adapter.inbound.fhir_records import SourceRecords
from adapter.inbound.fhir_server import ServerReply, SourceError
from adapter.inbound.fhir_sweep import Sweep, SweepTerms, reports_of
from adapter.sources import PendingReport

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=15)
GIVE_UP = timedelta(hours=72)
"""As long as for deliveries: a weekend's outage must give up nothing."""


@dataclass(frozen=True, slots=True)
class SourceParts:
    """What a source is made of; ``origin`` is what its reports are kept under, ``poll`` the seconds between sweeps."""

    origin: Origin
    fetcher: Fetcher
    records: SourceRecords
    intake: FhirIntake
    on_event: OnEvent
    clock: Callable[[], datetime]
    terms: SweepTerms = field(default_factory=SweepTerms)
    poll: float | None = None

    @property
    def name(self) -> str:
        """The site's name of the server."""
        return self.origin.listener

    def tell(self, event: str, **facts: str | int | None) -> None:
        """Tell of an event of this source."""
        self.on_event(event, listener=self.name, **facts)


@dataclass(slots=True)
class FhirSource:
    """Fetches from one server; ``notice`` says in words what a person should see to, empty when nothing."""

    parts: SourceParts
    notice: str = ""
    given_up: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _swept: float | None = None

    async def work(self) -> float:
        """Do what is due; gives the seconds until more will be. Raises SourceError and StoreUnavailableError."""
        state = await self.parts.records.state(self.parts.name)
        if state.sweep_asked is not None or self._poll_in() <= 0:
            await self.sweep()
        await self.fetch_due()
        self.given_up = await self.parts.records.given_up(self.parts.name)
        due = await self.parts.records.next_due(self.parts.name)
        pending = LONGEST_WAIT.total_seconds() if due is None else (due - self.parts.clock()).total_seconds()
        return max(0.0, min(pending, self._poll_in()))

    def _poll_in(self) -> float:
        if self.parts.poll is None:
            return LONGEST_WAIT.total_seconds()
        return 0.0 if self._swept is None else self._swept + self.parts.poll - time.monotonic()

    async def sweep(self) -> None:
        """Take every report that changed since the last sweep, and keep how far it came."""
        parts = self.parts
        state = await parts.records.state(parts.name)
        sweep = Sweep(parts.fetcher.server, parts.fetcher.bases, parts.terms)
        count = 0
        async for page in sweep.pages(state.high_water):
            count += await self._take_page(page)
        if not sweep.whole and not sweep.sorted:
            rule = "there are more pages than most_pages, and the server does not sort them"
            raise SourceError(rule, permanent=True)
        await parts.records.swept(parts.name, sweep.high_water, state.sweep_asked)
        if not sweep.whole:
            await self.ask_for_sweep()
        self._swept = time.monotonic()
        if count:
            parts.tell("sweep-found", count=count)

    async def ask_for_sweep(self) -> None:
        """Make a sweep due, durably."""
        await self.parts.records.ask_for_sweep(self.parts.name, self.parts.clock())
        self.wake.set()

    async def _take_page(self, page: ServerReply) -> int:
        """Keep the reports of a page that are new; what cannot be kept at once becomes pending."""
        parts = self.parts
        versions = [(id_, version) for id_, version, _ in reports_of(page.resource or {}) if id_]
        unseen = await parts.records.unseen(parts.name, versions)
        if not unseen:
            return 0
        try:
            units = (await parse_page(page.body)).units
        except IncomingError:
            units = ()  # One report that is no R4 must not hide the others: each is fetched by itself.
        by_id = {unit.report.id: unit for unit in units}
        for id_, version in versions:
            if (id_, version) in unseen and not await self._take_unit(by_id.get(id_)):
                await parts.records.note(parts.name, [id_], parts.clock())
        return len(unseen)

    async def _take_unit(self, unit: Unit | None) -> bool:
        if unit is None:
            return False
        try:
            whole = await self.parts.fetcher.complete(unit)
            await self.keep(whole)
        except (SourceError, IncomingError):
            return False
        return True

    async def keep(self, unit: Unit) -> None:
        """Keep a report and its version; what is kept is not asked for again."""
        await self._keep(unit)
        seen = [(unit.report.id, unit.report.version)]
        await self.parts.records.see(self.parts.name, seen, self.parts.clock())

    async def fetch_due(self) -> None:
        """Fetch the reports that are pending and due; one that fails is tried again, and holds up no other."""
        parts = self.parts
        for pending in await parts.records.due(parts.name, parts.clock()):
            try:
                version = await self._fetch(pending)
            except (SourceError, IncomingError, KeepingError) as error:
                await self._postpone(pending, error)
            else:
                await parts.records.fetched(parts.name, pending, version, parts.clock())

    async def _fetch(self, pending: PendingReport) -> str:
        unit = await self.parts.fetcher.report(pending.report)
        if unit is None:
            raise SourceError("the report is not there (any more)", permanent=True)
        seen = (pending.report, unit.report.version)
        if await self.parts.records.unseen(self.parts.name, [seen]):
            await self._keep(unit)
        return unit.report.version

    async def _keep(self, unit: Unit) -> None:
        """A Patient that says of which person it is a record is kept too, once a version, after the report."""
        await self.parts.intake.keep([unit], self.parts.origin)
        await self.parts.intake.keep(stated_patient(unit), self.parts.origin)

    async def _postpone(self, pending: PendingReport, error: SourceError | IncomingError | KeepingError) -> None:
        now = self.parts.clock()
        is_permanent = error.permanent if isinstance(error, SourceError) else isinstance(error, IncomingError)
        is_over = is_permanent or is_given_up(pending.asked, now, pending.attempts + 1, GIVE_UP)
        wait = getattr(error, "retry_after", None) or min(FIRST_WAIT * 2 ** min(pending.attempts, 12), LONGEST_WAIT)
        await self.parts.records.postpone(self.parts.name, pending, None if is_over else now + wait, str(error))
        self.parts.tell("report-given-up" if is_over else "report-not-fetched", rule=str(error))
