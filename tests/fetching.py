"""A source with its real parts: client, server on a socket, SQLite store; work is done when the test says so."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from source_server import SourceServerUnderTest, serving_reports

from adapter.app.fhir_parts import build_fhir_client
from adapter.app.source_server import SourceServer
from adapter.arrival import Origin, Sender
from adapter.inbound.fhir_fetch import Fetcher
from adapter.inbound.fhir_intake import FhirIntake
from adapter.inbound.fhir_server import Bases
from adapter.inbound.fhir_source import FhirSource, SourceParts
from adapter.inbound.fhir_sweep import SweepTerms
from adapter.inbound.subscription_door import SubscriptionDoor
from adapter.inbound.subscription_keeper import SubscriptionKeeper
from adapter.inbound.subscription_secret import SubscriptionSecret
from adapter.outbound.fhir_settings import Destination
from adapter.store.store import Store
from adapter.telemetry import Telemetry

SECRET = "not-a-real-secret-1"


@dataclass
class Fetching:
    """What a test of a source looks at; ``told`` are the events, ``now`` its clock."""

    server: SourceServerUnderTest
    store: Store
    source: FhirSource = None
    door: SubscriptionDoor = None
    keeper: SubscriptionKeeper = None
    told: list = field(default_factory=list)
    now: datetime = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def take_note(self, name, **facts):
        self.told.append(name)

    async def kept(self):
        """What is on disk: the control id of each message, in order of arrival."""
        return [one.control_id.removeprefix(f"{self.server.base}/") for one in reversed(await self.store.messages())]

    async def state(self):
        return await self.store.sources.state("pacs")

    def asked(self, begin=""):
        """The paths that were asked for."""
        return [path for _, path in self.server.log if path.startswith(begin)]


@asynccontextmanager
async def fetching(folder: Path, *, known_as=(), subscription="", poll=None, heartbeat=None, **terms):
    """A source named pacs."""
    secret = folder / "secret"
    secret.write_text(SECRET)
    store = await Store.open(f"sqlite:///{folder}/netpet.db")
    async with serving_reports() as server:
        found = Fetching(server, store)
        client = build_fhir_client(Destination(fhir_base_url=server.base))
        intake = FhirIntake(store, Telemetry(quiet=True), lambda: found.now, lambda: None)
        parts = SourceParts(
            Origin("pacs", "127.0.0.1", Sender("pacs")),
            Fetcher(SourceServer(client), Bases(server.base, known_as)),
            store.sources,
            intake,
            found.take_note,
            lambda: found.now,
            SweepTerms(**({"overlap": timedelta(minutes=5)} | terms)),
            poll,
        )
        found.source = FhirSource(parts)
        found.door = SubscriptionDoor(found.source, SubscriptionSecret(secret), subscription)
        found.keeper = SubscriptionKeeper(found.source, subscription, 0.0, heartbeat)
        try:
            yield found
        finally:
            await client.close()
            await store.close()
