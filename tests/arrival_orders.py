"""Many patients at once, each with the messages of two studies in an order of its own, through the real store.

What is real: both doors' intake, SQLite, the reading by the shipped mappings, the worker. The destination is a fake
that holds what it was told.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fhir_scores import RENDERING
from fhir_twins import bundle
from published_patients import FakeDestination

from adapter.app.worker import Worker
from adapter.arrival import Origin
from adapter.fhir.incoming import parse_incoming
from adapter.fhir.json_text import to_json
from adapter.hl7v2.message import Message
from adapter.inbound.fhir_intake import FhirIntake
from adapter.intake import Intake
from adapter.mapping.catalogue import MappingSet
from adapter.publication import Site
from adapter.reading import read
from adapter.scoring.result import Policy
from adapter.settings import shipped_folder
from adapter.store import Store
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NUMBER = 7000000
"""The first patient; her number is a part of the accessions too, and as long as that of every other."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRACER = {"S": "724025002^Gallium Ga-68 dotatate^SCT", "F": "35321007^Fluorodeoxyglucose F-18^SCT"}
DAY = {"S": "20261112", "F": "20261119"}
HOUR = {"P": 5, "F": 6, "C": 7, "X": 8}


@dataclass(frozen=True)
class Told:
    """One message: a version of a study (S or F), with its SUV; ``again`` sends it under another control ID."""

    half: str
    status: str
    suv: int = 20
    hour: int = 0
    again: int = 0
    fhir: bool = False

    @property
    def payload(self) -> bytes:
        return _fhir(self) if self.fhir else _v2(self)


def _v2(told: Told) -> bytes:
    status = told.status
    at = f"20261120{told.hour or HOUR[status]:02}0000+0000"
    scanned = f"{DAY[told.half]}100500+0000"
    control = f"{told.half}{status}{told.suv}.{told.hour}.{told.again}"
    segments = [
        f"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|{at}||ORU^R01^ORU_R01|{control}.{NUMBER}|P|2.5.1",
        f"PID|1||{NUMBER}^^^OF-HOSPITAL^MR||ORDER^OLGA||19600101|F",
        f"OBR|1|PL-{told.half}^OF-RIS|{told.half}{NUMBER}^OF-RIS|81555-5^PET^LN|||{scanned}{'|' * 15}{at}|||{status}",
        f"OBX|1|CWE|123001^Radiopharmaceutical^DCM||{TRACER[told.half]}||||||{status}",
        f"OBX|2|ST|lesions-complete^All lesions listed^99NETPET||yes||||||{status}",
    ]
    for row in "12" if status != "C" else "1":  # the correction takes L2 back
        segments += [
            f"OBX|{row}3|ST|112039^Tracking Identifier^DCM|{row}|L{row}||||||{status}",
            f"OBX|{row}4|CWE|363698007^Finding site^SCT|{row}|10200004^Liver^SCT||||||{status}",
            f"OBX|{row}5|CWE|uptake^Uptake^99NETPET|{row}|10828004^Positive^SCT||||||{status}",
            f"OBX|{row}6|NM|126401^SUVbw^DCM|{row}|{told.suv}|g/mL{{SUVbw}}^^UCUM|||||{status}",
        ]
    return "\r".join([*segments, ""]).encode()


@cache
def _fhir(told: Told) -> bytes:
    kinds = ("collection", "transaction", "message", "contained")
    return to_json(bundle(Message.parse(_v2(told).decode()), kinds[(told.suv + told.again) % len(kinds)]))


class Orders:
    """One store, one worker, one destination; ``arrive`` lets each patient's bursts come, round by round."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.destination = FakeDestination()
        self.telemetry = Telemetry(quiet=True)
        mappings = MappingSet.load(shipped_folder("mappings"))
        site = Site(Policy(), RENDERING)
        self.worker = Worker(store, self.destination, lambda kept: read(kept, mappings), site, self.telemetry)
        self._by_v2 = Intake(store, self.telemetry, lambda: NOW, self.worker.wake)
        self._by_fhir = FhirIntake(store, self.telemetry, lambda: NOW, self.worker.wake)

    async def arrive(self, patients: Sequence[Sequence[Iterable[Told]]]) -> None:
        """Patient by patient the bursts of messages; each round of bursts is worked off before the next one comes."""
        for round_ in range(max(map(len, patients))):
            coming = []
            for number, bursts in enumerate(patients):
                burst = bursts[round_] if round_ < len(bursts) else ()
                coming.append(self._burst(burst, number))
            await asyncio.gather(*coming)
            await self._settled()

    async def _burst(self, burst: Iterable[Told], number: int) -> None:
        for told in burst:
            await self._take(told, number)

    async def _take(self, told: Told, number: int) -> None:
        payload = told.payload.replace(str(NUMBER).encode(), str(NUMBER + number).encode())
        if told.fhir:
            await self._by_fhir.keep(parse_incoming(payload).units, Origin("fhir", "127.0.0.1"))
        else:
            await self._by_v2.receive(payload, Origin("mllp", "127.0.0.1"))

    async def _settled(self) -> None:
        async with asyncio.timeout(120):
            while any(lane.claimed or lane.due <= NOW for lane in await self.store.waiting(1)):
                self.worker.wake()
                await asyncio.sleep(0.01)

    def held(self, count: int) -> "list[Held]":
        """What the destination holds of each of so many patients."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.destination.observations().values():
            mine = one["subject"]["identifier"]["value"]
            text = json.dumps(one, sort_keys=True, default=str).replace(mine, str(NUMBER))
            found.setdefault(mine, []).append(json.loads(text))
        return [Held.of(found[str(NUMBER + number)]) for number in range(count)]


@dataclass(frozen=True)
class Held:
    """A patient's Observations with ids that do not tell patients apart: the score, what stands, what does not."""

    score: dict[str, Any]
    standing: tuple[str, ...]
    withdrawn: int

    @classmethod
    def of(cls, observations: list[dict[str, Any]]) -> "Held":
        names: dict[str, str] = {}
        for one in sorted(observations, key=lambda one: UUID.sub("", json.dumps(one["identifier"]))):
            names[one["id"]] = f"{one['code']['coding'][0]['code']} {len(names)}"
        plain = [UUID.sub(lambda id_: names.get(id_[0], "other"), json.dumps(one)) for one in observations]
        every = [json.loads(one) for one in plain]
        (score,) = (one for one in every if one["code"]["coding"][0]["code"] == "netpet-score" and _is_pair(one))
        standing = [one for one in every if one["status"] != "entered-in-error"]
        return cls(score, tuple(sorted(map(json.dumps, standing))), len(every) - len(standing))

    @property
    def reasons(self) -> set[str]:
        return {
            one["valueCodeableConcept"]["coding"][0]["code"]
            for one in self.score["component"]
            if one["code"]["coding"][0]["code"] == "reason"
        }

    @property
    def grade(self) -> str | None:
        return self.score.get("valueCodeableConcept", {}).get("text")


def _is_pair(score: dict[str, Any]) -> bool:
    return len(score["partOf"]) == 2


@asynccontextmanager
async def orders(folder: Path):
    """Orders on a new SQLite file."""
    store = await Store.open(f"sqlite:///{folder}/netpet.db")
    running = Orders(store)
    task = asyncio.create_task(running.worker.run(lambda: NOW))
    try:
        yield running
    finally:
        running.worker.stop()
        await task
        await store.close()


def versions(half: str, statuses: str, suv: int = 20) -> list[Told]:
    """The versions of a study; what is corrected has another SUV."""
    return [Told(half, status, 3 if status in "CX" and half == "F" else suv) for status in statuses]


__all__ = ["Held", "Orders", "Told", "orders", "versions"]
