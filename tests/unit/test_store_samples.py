"""Arrivals, reports and publications for the tests of the store, and the store itself on a real file."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from postgres_server import PostgresPlace
from store_places import url

from adapter.arrival import Arrival
from adapter.publication import Claim, Publication
from adapter.reading import KeptMessage, Read
from adapter.scoring.lesion import Finding, Interval, Suv, Uptake
from adapter.scoring.report import PatientIdentity, PetReport, ReportRow, ReportStatus, Study, TracerKind
from adapter.store import Store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = timedelta(minutes=1)
JANE = PatientIdentity("123456", "HOSP")
JOHN = PatientIdentity("654321", "HOSP")


def later(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def arrival(
    control_id: str = "MSG00001",
    text: str = "one lesion",
    patient: str = JANE.key,
    received: datetime = NOON,
    **other: str,
) -> Arrival:
    values = {
        "channel": "mllp",
        "peer": "127.0.0.1",
        "format": "hl7v2",
        "sending_application": "RIS",
        "sending_facility": "NUCMED",
        "processing_id": "P",
    }
    answer = f"MSA|AA|{control_id}|{text}".encode()
    raw = f"MSH|{control_id}|{text}".encode()
    return Arrival(
        raw=raw, received=received, control_id=control_id, patient=patient, answer=answer, **(values | other)
    )


def report(accession: str = "ACC-FDG-1", patient: PatientIdentity = JANE, suv: str = "3.0") -> PetReport:
    row = ReportRow("1", Finding(Uptake.POSITIVE, suv=Suv(Interval.exactly(Decimal(suv)))), tracking_id="L1")
    study = Study(tracer="18F-FDG", acquired=NOON, status=ReportStatus.FINAL)
    return PetReport(patient, accession, study, TracerKind.FDG, (row,), issued=NOON)


def read(*reports: PetReport, notes: tuple[str, ...] = ()) -> Read:
    return Read(reports, "canonical", "1", hashlib.sha256(b"mapping").hexdigest(), notes)


def publication(
    digest: str = "d1", state: str = "published", score_id: str = "score-1", resources: tuple = (), **summary: object
) -> Publication:
    return Publication(score_id, JANE.key, state, resources, digest, {"grade": "P2a"} | summary)


@asynccontextmanager
async def opened(place: Path | PostgresPlace | str) -> AsyncIterator[Store]:
    store = await Store.open(url(place))
    try:
        yield store
    finally:
        await store.close()


async def claimed(store: Store, now: datetime = NOON) -> Claim:
    """The one patient that is due."""
    (claim,) = await store.claim(now, 10, LEASE)
    return claim


async def claimed_message(store: Store, sent: Arrival | None = None) -> tuple[Claim, KeptMessage]:
    """A message kept and claimed, ready to be read."""
    sent = sent or arrival()
    await store.keep(sent)
    claim = await claimed(store, sent.received)
    *_, message = await store.unread(claim.patient)
    return claim, message


async def dues(store: Store) -> dict[str, datetime]:
    return {lane.patient: lane.due for lane in await store.waiting()}


@asynccontextmanager
async def child(script: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own; it is killed, not asked, at the end."""
    here = f"import sys; sys.path[:0] = {[str(Path(__file__).parents[level]) for level in (0, 1)]!r}\n"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", here + script, *arguments, stdin=pipe, stdout=pipe
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
