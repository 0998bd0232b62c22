"""The service as a whole: what is made of what, what starts before what, and how it ends without losing anything."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from adapter.app.clocks import Clock, SharedClock, wall_clock
from adapter.app.dead_letters import DeadLetters
from adapter.app.destination import build_destination
from adapter.app.fhir_doors import FhirDoors, FhirPage
from adapter.app.fhir_parts import published_keys
from adapter.app.hl7v2_doors import DropDoor, door_senders, message_route
from adapter.app.kept_messages import KeptMessages
from adapter.app.live_mappings import LiveMappings
from adapter.app.mllp_door import MllpDoor
from adapter.app.part_holder import PartHolders
from adapter.app.reader import MessageReader
from adapter.app.replay_preview import Preview
from adapter.app.replays import Replays
from adapter.app.retention import PART, Retention
from adapter.app.scores import Scores
from adapter.app.worker import Worker
from adapter.fhir.rendering import Rendering
from adapter.hl7v2.tables import warm
from adapter.inbound.mllp_server import ListenError
from adapter.inbound.tls import ClientList, Refresh, ServerTls, TlsError, TlsFiles
from adapter.intake import Intake
from adapter.outcome import AdapterError
from adapter.publication import Site
from adapter.sections import Tls
from adapter.settings import Http, Settings, shipped_folder
from adapter.store.opening import Premises
from adapter.store.settings import Role
from adapter.store.store import Store
from adapter.telemetry import Telemetry
from adapter.version import VERSION
from adapter.web.api_keys import ApiKeys, ApiKeysError
from adapter.web.application import build_app
from adapter.web.parts import ReadinessCheck, WebParts
from adapter.web.server import WebServer

GRACE = 30.0
"""Seconds that blocks in hand have to be answered when the service stops."""

CLOSED = ("", 0)
"""The address of a door that is not opened here."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running service listens: (host, port) of each door."""

    mllp: tuple[str, int]
    http: tuple[str, int]


class StartError(AdapterError):
    """A setting names a file that the service cannot use."""


class Service:
    """Everything wired once. ``start`` opens the doors last, ``stop`` closes them first.

    Without a ``clock`` it goes by the database's where that is shared, else by the machine's.
    """

    def __init__(self, settings: Settings, telemetry: Telemetry, clock: Clock | None = None) -> None:
        self.settings = settings
        self.telemetry = telemetry
        self._agreed = SharedClock(telemetry) if clock is None and settings.store.is_shared else None
        self.clock = clock or self._agreed or wall_clock
        self._parts = AsyncExitStack()

    async def start(self) -> Addresses:
        """Open store, mappings, worker and doors in this order; raises AdapterError, and then nothing stays open."""
        async with AsyncExitStack() as parts:
            addresses = await self._start(parts)
            self._parts = parts.pop_all()
        return addresses

    async def stop(self) -> None:
        """Close the doors, answer what is in hand, finish the patients in hand, close the store."""
        await self._parts.aclose()

    async def _start(self, parts: AsyncExitStack) -> Addresses:
        self.telemetry.running(VERSION)
        await asyncio.to_thread(warm)
        folder = self.settings.mappings.directory or shipped_folder("mappings")
        self.mappings = await LiveMappings.load(folder, self.telemetry, self.clock)
        door = MllpDoor(self.settings, self.telemetry, self.clock)
        reader = MessageReader(self.mappings.in_use, door_senders(self.settings))
        kept = self.settings.store
        self.store = await Store.open(kept.url, after=door.follow_up, premises=Premises(kept.password_file))
        parts.push_async_callback(self.store.close)
        parts.push_async_callback(door.answers.close)
        await self._agree(parts)
        holders = PartHolders(self.store.leases, timedelta(seconds=kept.lease), self.telemetry, kept.is_shared)
        self._return_answers(door, parts, holders)
        for warning in self.store.warnings:
            self.telemetry.warn("store", warning=warning)
        worker = self._worker(reader, parts)
        self._scores = Scores(self.store, self.clock, worker.wake)
        self._dead_letters = DeadLetters(self.store, self.clock, worker.wake)
        self._replays = self._replay(reader, worker)
        self._watch_mappings(reader, worker, parts)
        running = self._begin(worker, parts, holders)
        intake = door.intake(self.store, reader, worker)
        drop = DropDoor(self.settings, self.telemetry)
        fhir = FhirDoors(self.settings, self.telemetry, self.clock)
        fhir.open(FhirPage(self.store, reader, worker, self.mappings.in_use), parts)
        web = self._web(running, intake, drop, fhir)
        http = await _listen(web, self.settings.http)
        parts.push_async_callback(web.stop)
        server = door.build(self.store, intake, server_tls(self.settings.mllp.tls, "mllp.tls"))
        mllp = CLOSED
        if self._has("receive"):
            mllp = await server.start()
            parts.push_async_callback(server.drain, GRACE)
            fhir.start(parts, holders)
            await drop.start(intake, self.clock, holders)
            parts.push_async_callback(drop.stop)
        self._tell_doors(Addresses(mllp, http))
        return Addresses(mllp, http)

    def _watch_mappings(self, reader: MessageReader, worker: Worker, parts: AsyncExitStack) -> None:
        """Bring changed mapping files into use, and look for held messages that they can read."""
        self.mappings.join(self.store, reader.read, worker.wake)
        watching = asyncio.create_task(self.mappings.run(self.settings.mappings.reload), name="mappings")
        parts.push_async_callback(_cancel, watching)

    def _return_answers(self, door: MllpDoor, parts: AsyncExitStack, holders: PartHolders) -> None:
        """Have answers go to the peers that wait for them, where that is this process's part."""
        if self._has("work"):
            door.return_paths.start(self.store.answers, door.answers.awaited, holders)
            parts.push_async_callback(door.return_paths.stop)

    async def _agree(self, parts: AsyncExitStack) -> None:
        """Go by the time of the database that others use as well, before anything is done by it."""
        if self._agreed is None:
            return
        await self._agreed.ask(self.store.leases.time)
        asking = asyncio.create_task(self._agreed.run(self.store.leases.time), name="clock")
        parts.push_async_callback(_cancel, asking)

    def _has(self, role: Role) -> bool:
        return role in self.settings.service.roles

    def _begin(self, worker: Worker, parts: AsyncExitStack, holders: PartHolders) -> asyncio.Task[None] | None:
        """Have the worker work, where that is this process's part."""
        worker.leases.last(timedelta(seconds=self.settings.store.lease))
        if not self._has("work"):
            return None
        parts.push_async_callback(_cancel, asyncio.create_task(self._prune(holders), name="retention"))
        running = asyncio.create_task(worker.run(self.clock), name="worker")
        parts.push_async_callback(_end, worker, running)
        return running

    def _tell_doors(self, addresses: Addresses) -> None:
        for name, (host, port) in (("mllp", addresses.mllp), ("http", addresses.http)):
            if (host, port) == CLOSED:
                continue
            self.telemetry.say("listening", listener=name, address=host, port=port)
        security = self.settings.security
        is_open = security.api_keys is None and not security.jwt.issuers
        if is_open and not _asks_for_certificates(self.settings.http.tls):
            rule = "no security.api_keys: everyone on this machine may read"
            self.telemetry.warn("reads-are-open", listener="http", rule=rule)

    def _web(self, worker: asyncio.Task[None] | None, intake: Intake, drop: DropDoor, fhir: FhirDoors) -> WebServer:
        tls = server_tls(self.settings.http.tls, "http.tls")
        parts = WebParts(
            reader=self.store,
            health=self.store,
            version=VERSION,
            metrics=self.telemetry.metrics,
            checks=(
                ReadinessCheck("worker", lambda: "the worker has ended" if worker and worker.done() else ""),
                ReadinessCheck("mappings", lambda: self.mappings.hot.brief_notice, only_told=True),
                ReadinessCheck("drop", drop.notice, only_told=True),
                ReadinessCheck("sources", fhir.notice, only_told=True),
            ),
            mappings=self.mappings.control,
            messages=message_route(self.settings, intake, self.clock) if self._has("receive") else None,
            serves_fhir=self._has("web"),
            fhir_in=fhir.routes if self._has("receive") else None,
            notifications=fhir.notifications if self._has("receive") else None,
            tokens=fhir.tokens,
            api_keys=self._api_keys(),
            admits=None if tls is None else tls.admits,
            dead_letters=self._dead_letters,
            scores=self._scores,
            replays=self._replays,
            kept_messages=KeptMessages(self.store, self.clock),
            jwks=published_keys(self.settings.destination, self.settings.fhir_in.sources),
            tell=self.telemetry.web_event,
        )
        address = (self.settings.http.host, self.settings.http.port)
        context = None if tls is None else tls.renewing_context(self._tell_renewed)
        return WebServer(build_app(parts), address, context, self.telemetry.web_event)

    def _tell_renewed(self, refresh: Refresh) -> None:
        name = "tls-reloaded" if refresh is Refresh.RELOADED else "tls-reload-failed"
        self.telemetry.listener_event(name, listener="http")

    def _api_keys(self) -> ApiKeys | None:
        file = self.settings.security.api_keys
        if file is None:
            return None
        with _named(f"security.api_keys: {file}"):
            return ApiKeys(file, self.telemetry.web_event)

    def _worker(self, reader: MessageReader, parts: AsyncExitStack) -> Worker:
        destination = build_destination(self.settings, self.store, parts)
        return Worker(self.store, destination, reader.read, self._site(), self.telemetry)

    def _replay(self, reader: MessageReader, worker: Worker) -> Replays:
        preview = Preview(self.store, reader.read, self._site(), self.clock)
        return Replays(self.store, reader.known, preview, self.clock, worker.wake)

    def _site(self) -> Site:
        policy = self.settings.policy
        rendering = Rendering(software_version=VERSION, publish_final=policy.publish_final)
        return Site(policy.to_policy(), rendering, timedelta(hours=self.settings.destination.give_up_after))

    async def _prune(self, holders: PartHolders) -> None:
        await Retention(self.settings, self.store.retention, holders.holder(PART), self.telemetry).run(self.clock)


async def _listen(web: WebServer, http: Http) -> tuple[str, int]:
    try:
        return await web.start()
    except OSError as error:
        raise ListenError(f"cannot listen on {http.host} port {http.port}: {error.strerror}") from error


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _end(worker: Worker, running: asyncio.Task[None]) -> None:
    worker.stop()
    await running


def server_tls(tls: Tls | None, setting: str) -> ServerTls | None:
    """Turn the TLS settings of a door into what makes its handshakes; raises StartError, which names the setting."""
    if tls is None:
        return None
    clients = None if tls.client_subjects is None else ClientList(tls.client_subjects)
    with _named(setting):
        return ServerTls(TlsFiles(tls.certificate, tls.key, tls.key_password, tls.client_authorities), clients)


def _asks_for_certificates(tls: Tls | None) -> bool:
    return tls is not None and tls.client_authorities is not None


@contextmanager
def _named(setting: str) -> Iterator[None]:
    """Say whose fault it is: the part knows the file, not the setting that named it."""
    try:
        yield
    except (TlsError, ApiKeysError) as error:
        raise StartError(f"{setting}: {error}") from error
