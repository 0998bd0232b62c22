"""Messages that were stored while nobody worked: how steadily they are worked off, and in whose order."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from adapter.arrival import Origin
from adapter.intake import Intake
from adapter.store import Store
from adapter.telemetry import Telemetry
from bench.child_service import ChildService
from bench.report_message import report
from bench.results import Bar, Row, Section

MESSAGES, LONG_MESSAGES = 4_000, 100_000
EACH = 4
"""Messages of one patient: both studies, each once more."""
LESIONS = 2
AT_ONCE = 200
STEADY = 0.75
"""The slowest of the three tenths against the fastest: what a machine that does other things too varies by."""
IDLE = 60.0
LOOK_EACH = 3.0
"""Seconds between two looks into a log that grows to 100 MB: to read it costs what is measured."""


def measure(folder: Path, *, long: bool) -> Section:
    """Store the messages, start a service on them, and read from its log and its store what it did when."""
    place, count = folder / "backlog", LONG_MESSAGES if long else MESSAGES
    place.mkdir(parents=True)
    asyncio.run(_store(place / "netpet.db", count))
    with ChildService(place) as service:
        _await(service, count)
        read = [(line["message_id"], line["timestamp"]) for line in service.log_lines() if line.get("event") == "read"]
    rates = _rates([datetime.fromisoformat(at).timestamp() for _, at in read])
    wrong = _out_of_order(place / "netpet.db", [message_id for message_id, _ in read])
    rows = (
        *(Row(f"{name} tenth", "messages/s", (rates[name],)) for name in rates),
        Row("slowest of them / fastest", "x", (min(rates.values()) / max(rates.values()),), Bar(STEADY)),
        Row("messages read before an earlier one of their patient", "", (float(wrong),), Bar(0, at_least=False)),
    )
    method = f"""
        {count:,} messages of {len(report("C", "P", lesions=LESIONS)):,} bytes, {EACH} of each patient, kept in SQLite
        while nobody worked; then a service is started on them.
        {"" if long else "`make bench LONG=1` takes 100,000."}
    """
    return Section("Catching up", method, rows)


async def _store(file: Path, count: int) -> None:
    store = await Store.open(f"sqlite:///{file}")
    intake = Intake(store, Telemetry(quiet=True), lambda: datetime.now(UTC), lambda: None)
    origin = Origin(listener="mllp", peer="127.0.0.1")
    for first in range(0, count, AT_ONCE):
        some = range(first, min(count, first + AT_ONCE))
        await asyncio.gather(*(intake.receive(_payload(number, count // EACH), origin) for number in some))
    await store.close()


def _payload(number: int, patients: int) -> bytes:
    """All patients' first messages come before anybody's second one."""
    time_, patient = divmod(number, patients)
    return report(f"C{number}", f"B{patient}", "SF"[time_ % 2], LESIONS)


def _await(service: ChildService, count: int) -> None:
    done, since = 0, time.monotonic()
    while done < count:
        time.sleep(LOOK_EACH)
        now = service.told("read")
        if now == done and time.monotonic() - since > IDLE:
            raise TimeoutError("the messages are not worked off")
        done, since = now, (time.monotonic() if now != done else since)


def _rates(times: Sequence[float]) -> dict[str, float]:
    tenth = len(times) // 10
    starts = {"first": 0, "middle": (len(times) - tenth) // 2, "last": len(times) - tenth}
    return {name: (tenth - 1) / (times[start + tenth - 1] - times[start]) for name, start in starts.items()}


def _out_of_order(file: Path, read: Sequence[str]) -> int:
    """Count the readings that came before one of an earlier message of the same patient."""
    with closing(sqlite3.connect(file)) as connection:
        facts = {id_: (patient, sequence) for id_, patient, sequence in connection.execute(_FACTS)}
    lanes: dict[str, list[int]] = {}
    for message_id in read:
        patient, sequence = facts[message_id]
        lanes.setdefault(patient, []).append(sequence)
    return sum(earlier > later for lane in lanes.values() for earlier, later in pairwise(lane))


_FACTS = "SELECT id, patient, sequence FROM message"
