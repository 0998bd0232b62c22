"""The FHIR doors: bodies by HTTP, servers that are asked, subscriptions that notify, and tokens that open them."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from yarl import URL

from adapter.app.bearer_tokens import build_tokens
from adapter.app.courtesy import TimedKeeping
from adapter.app.fhir_parts import build_fhir_client
from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.part_holder import Part, PartHolders
from adapter.app.reader import MessageReader
from adapter.app.source_server import SourceServer
from adapter.app.worker import Worker
from adapter.arrival import Origin, Sender
from adapter.fhir_in_settings import FhirSource as SourceSettings
from adapter.fhir_in_settings import FhirSubscription
from adapter.inbound.fhir_fetch import Fetcher
from adapter.inbound.fhir_intake import FhirIntake, FhirTerms
from adapter.inbound.fhir_receiver import FhirReceiver
from adapter.inbound.fhir_server import Bases
from adapter.inbound.fhir_source import FhirSource, SourceParts
from adapter.inbound.fhir_sweep import SweepTerms
from adapter.inbound.source_watch import SourceWatch
from adapter.inbound.subscription_door import SubscriptionDoor
from adapter.inbound.subscription_keeper import SubscriptionKeeper
from adapter.inbound.subscription_secret import SubscriptionSecret, SubscriptionSecretError
from adapter.outcome import AdapterError
from adapter.settings import Settings
from adapter.store.leases import Tenure
from adapter.store.store import Store
from adapter.telemetry import Telemetry
from adapter.web.bearer import BearerTokens
from adapter.web.fhir_in import FhirInRoutes
from adapter.web.fhir_notifications import NotificationRoutes, NotifiedSource
from adapter.web.hl7v2_messages import BodyLimits

Clock = Callable[[], datetime]

OTHERS = 2.0
"""Seconds until it is seen that another process was notified."""


class FhirDoorError(AdapterError):
    """A setting of FHIR in names a file that cannot be used."""


@dataclass(frozen=True, slots=True)
class FhirPage:
    """What page one for FHIR is made of: where it keeps, who reads what would be held, whom it wakes, whose words."""

    store: Store
    reader: MessageReader
    worker: Worker
    mappings: MappingsInUse


class FhirDoors:
    """Every way in for FHIR: ``routes`` for bodies, ``notifications`` of sources, ``tokens``; each None where not set.

    ``open`` makes them, and puts what is to be ended into its ``parts``; ``start`` begins to ask the sources.
    """

    def __init__(self, settings: Settings, telemetry: Telemetry, clock: Clock) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._watches: dict[str, SourceWatch] = {}
        self.routes: FhirInRoutes | None = None
        self.notifications: NotificationRoutes | None = None
        self.tokens: BearerTokens | None = None

    def open(self, page: FhirPage, parts: AsyncExitStack) -> None:
        """Build what takes reports; raises FhirDoorError and IssuerError, which name the setting."""
        ours = self._settings.fhir_in
        intake = self._intake(page)
        limits = BodyLimits(ours.max_body, ours.max_outstanding, ours.body_timeout)
        if ours.enabled:
            receiver = FhirReceiver(intake, ours.to_senders(), ours.max_body, ours.handler_timeout)
            self.routes = FhirInRoutes(receiver, limits)
        doors: dict[str, NotifiedSource] = {}
        for settings in ours.sources:
            source = self._source(settings, intake, page.store, parts)
            keeper = None
            if settings.subscription is not None:
                keeper = _keeper(source, settings.subscription)
                doors[settings.name] = _door(source, settings, ours.max_body)
            self._watches[settings.name] = SourceWatch(source, keeper)
        self.notifications = NotificationRoutes(doors, limits) if doors else None
        self.tokens = build_tokens(self._settings.security.jwt, parts)

    def _intake(self, page: FhirPage) -> FhirIntake:
        foresee = page.reader.foresee if self._settings.intake.refuse_unmappable else None
        terms = FhirTerms(lambda: page.mappings.current.authorities, foresee)
        keeping = TimedKeeping(page.store, page.worker.courtesy)
        return FhirIntake(keeping, self._telemetry, self._clock, page.worker.wake, terms)

    def start(self, parts: AsyncExitStack, holders: PartHolders) -> None:
        """Begin to fetch from the sources; of the processes that share the store one asks each."""
        for name, watch in self._watches.items():
            watch.longest = OTHERS if holders.shared else watch.longest
            task = asyncio.create_task(holders.holder(f"source/{name}").run(_watching(watch)), name=f"source {name}")
            parts.push_async_callback(_cancel, task)

    def notice(self) -> str:
        """What of the sources waits for a person; empty when nothing does."""
        return "; ".join(watch.notice for watch in self._watches.values() if watch.notice)

    def _source(self, settings: SourceSettings, intake: FhirIntake, store: Store, parts: AsyncExitStack) -> FhirSource:
        client = build_fhir_client(settings.to_client(), section=settings.section)
        parts.push_async_callback(client.close)
        bases = Bases(settings.fhir_base_url, tuple(settings.known_as or ()))
        terms = SweepTerms(
            timedelta(seconds=settings.overlap),
            timedelta(hours=settings.look_back),
            settings.category,
            settings.include,
            settings.page_size,
            settings.most_pages,
        )
        origin = Origin(settings.name, URL(settings.fhir_base_url).host or "", Sender(settings.name))
        return FhirSource(
            SourceParts(
                origin,
                Fetcher(SourceServer(client), bases),
                store.sources,
                intake,
                self._telemetry.listener_event,
                self._clock,
                terms,
                settings.poll,
            )
        )


def _watching(watch: SourceWatch) -> Part:
    async def run(_tenure: Tenure) -> None:
        await watch.run()

    return run


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _keeper(source: FhirSource, settings: FhirSubscription) -> SubscriptionKeeper:
    return SubscriptionKeeper(source, settings.id or "", settings.check, settings.heartbeat)


def _door(source: FhirSource, settings: SourceSettings, max_body: int) -> NotifiedSource:
    subscription = cast("FhirSubscription", settings.subscription)  # who has none has no door
    try:
        secret = SubscriptionSecret(subscription.secret)
    except SubscriptionSecretError as error:
        raise FhirDoorError(f"fhir_in.sources: {settings.name}: subscription.secret: {error}") from error
    door = SubscriptionDoor(source, secret, subscription.id or "", max_body)
    return NotifiedSource(door, subscription.header)
