"""What stands around the worker in its tests: lanes in memory, a destination that fails or is slow on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from adapter.app.worker import Worker
from adapter.fhir.rendering import Rendering
from adapter.outcome import Ignored, StoreUnavailableError
from adapter.publication import Claim, Delivered, Publication, Site
from adapter.reading import KeptMessage, Read, Reading
from adapter.scoring.result import Policy
from adapter.store.at_hand import AtHand
from adapter.store.recording import Recorded
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITE = Site(Policy(), Rendering(software_version="1.0.0"))


def message(patient: str, number: int = 1) -> KeptMessage:
    return KeptMessage(f"{patient}-{number}", number, "mllp", "hl7v2", b"", NOW, "1", "P", patient, "")


class FakeWorkStore:
    """Lanes in memory: who is due is claimed once; ``standing`` makes a score that is to be withdrawn at its place."""

    def __init__(self) -> None:
        self.due: dict[str, datetime] = {}
        self.messages: dict[str, list[KeptMessage]] = {}
        self.standing: dict[str, list[Delivered]] = {}
        self.claims: dict[str, int] = {}
        self.failures: dict[str, Exception] = {}
        self.readings: list[tuple[str, Reading]] = []
        self.recorded: list[Publication] = []
        self.settled: list[str] = []
        self.postponed: list[tuple[str, timedelta, str]] = []
        self.hastened = 0
        self.down = 0

    def mark(self, patient: str, *messages: KeptMessage, scores: int = 0) -> None:
        self.due[patient] = NOW
        self.messages[patient] = list(messages)
        old = {"resourceType": "Observation", "id": patient, "status": "preliminary"}
        self.standing[patient] = [Delivered(f"{patient}-{n}", "old", "published", (old,)) for n in range(scores)]

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        if self.down:
            self.down -= 1
            raise StoreUnavailableError("the disk is full")
        taken = [patient for patient, due in self.due.items() if due <= now][:limit]
        for patient in taken:
            del self.due[patient]
            self.claims[patient] = self.claims.get(patient, 0) + 1
        return [Claim(patient, self.claims[patient], self.claims[patient] - 1) for patient in taken]

    async def unread(self, patient: str, limit: int = 100) -> list[KeptMessage]:
        if f"unread {patient}" in self.failures:
            raise self.failures[f"unread {patient}"]
        return self.messages[patient][:limit]

    async def at_hand(self, patients: Sequence[str], limit: int = 100) -> dict[str, AtHand]:
        """Everybody is looked up alone."""
        return {}

    async def record_readings(self, claim: Claim, several: Sequence[tuple[KeptMessage, Reading]]) -> list[Recorded]:
        if "record" in self.failures and any(isinstance(reading, Read) for _, reading in several):
            raise self.failures["record"]
        for message, reading in several:
            self.readings.append((message.id, reading))
            self.messages[message.patient].remove(message)
        return [Recorded(reading) for _, reading in several]

    async def reports(self, patient: str) -> list:
        return []

    async def delivered(self, patient: str) -> list[Delivered]:
        return self.standing[patient]

    async def record_delivery(self, claim: Claim, publication: Publication, at: datetime) -> None:
        self.recorded.append(publication)

    async def settle(self, claim: Claim, due: datetime | None) -> None:
        if f"settle {claim.patient}" in self.failures:
            raise self.failures.pop(f"settle {claim.patient}")
        self.settled.append(claim.patient)

    async def postpone(self, claim: Claim, due: datetime, problem: str) -> None:
        if f"postpone {claim.patient}" in self.failures:
            raise self.failures[f"postpone {claim.patient}"]
        self.postponed.append((claim.patient, due - NOW, problem))

    async def set_right(self, now: datetime, longest: timedelta, lease: timedelta) -> int:
        return 0

    async def hasten(self, now: datetime) -> int:
        if "hasten" in self.failures:
            raise self.failures.pop("hasten")
        self.hastened += 1
        return 0


class FakeDestination:
    """Takes what is delivered, except of the patients that it fails for; holds those in ``slow`` until let go."""

    keeps_record = False

    def __init__(self, *failing: str, slow: tuple[str, ...] = ()) -> None:
        self.failing = failing
        self.slow = slow
        self.let_go = asyncio.Event()
        self.reached: list[str] = []
        self.taken: list[str] = []

    async def deliver(self, claim: Claim, publication: Publication, at: datetime) -> None:
        self.reached.append(publication.patient)
        if publication.patient in self.failing:
            raise ConnectionError("DOE^JANE")
        if publication.patient in self.slow:
            await self.let_go.wait()
        self.taken.append(publication.patient)


def ignore(_message: KeptMessage) -> Reading:
    return Ignored()


class Working:
    """A worker at work, with what stands around it."""

    def __init__(
        self, store: FakeWorkStore, destination: FakeDestination, read: Callable[[KeptMessage], Reading]
    ) -> None:
        self.store = store
        self.telemetry = Telemetry()
        self.worker = Worker(store, destination, read, SITE, self.telemetry)

    def failures(self, stage: str) -> float:
        return self.telemetry.registry.get_sample_value("netpet_failures_total", {"stage": stage}) or 0


@asynccontextmanager
async def working(
    store: FakeWorkStore,
    destination: FakeDestination | None = None,
    read: Callable[[KeptMessage], Reading] = ignore,
) -> AsyncIterator[Working]:
    started = Working(store, destination or FakeDestination(), read)
    task = asyncio.create_task(started.worker.run(lambda: NOW))
    try:
        yield started
    finally:
        started.worker.stop()
        async with asyncio.timeout(10):
            await task


async def eventually(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - a fake tells nobody
            await asyncio.sleep(0.005)
