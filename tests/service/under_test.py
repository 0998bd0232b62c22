"""The whole service in this process, on free loopback ports, as its senders and readers see it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from adapter.app.service import Addresses, Service
from adapter.cli.send import acknowledgement_code
from adapter.hl7v2.header import read_header, scan_patient
from adapter.outbound.mllp_client import MllpClient
from adapter.scoring.report import patient_key
from adapter.settings import Settings
from adapter.store.views import MessageFilter
from adapter.telemetry import Telemetry

FIXTURES = Path(__file__).parents[2] / "fixtures"
TODAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def fixture(name: str) -> bytes:
    """The bytes of a synthetic message."""
    return (FIXTURES / name).read_bytes()


def patient_of(payload: bytes) -> str:
    """The opaque key of the patient that a message is about."""
    return patient_key(*scan_patient(payload, read_header(payload)))


class AdapterUnderTest:
    """Starts on entry, stops on exit; ``now`` is its clock, moved by the test. Its log is off while ``quiet``."""

    def __init__(self, folder: Path, *, quiet: bool = True, **sections: Any) -> None:
        self._quiet = quiet
        self.now = TODAY
        self.addresses = Addresses(("", 0), ("", 0))
        self._settings = {
            "mllp": {"port": 0},
            "http": {"port": 0},
            "store": {"url": f"sqlite:///{folder}/netpet.db"},
        } | sections

    async def __aenter__(self) -> "AdapterUnderTest":
        settings = Settings.model_validate(self._settings)
        self.service = Service(settings, Telemetry(quiet=self._quiet), lambda: self.now)
        self.addresses = await self.service.start()
        self.http = aiohttp.ClientSession("http://{}:{}".format(*self.addresses.http))
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.close()
        await self.service.stop()

    async def send(self, *payloads: bytes) -> list[str]:
        """Send messages on one connection, in order; gives the acknowledgement codes."""
        async with await MllpClient.connect(*self.addresses.mllp) as client:
            return [acknowledgement_code(await client.send(payload)) for payload in payloads]

    async def settled(self, within: float = 30.0) -> None:
        """Wait until everything that came in is read and nobody is due."""
        async with asyncio.timeout(within):
            while not await self._is_settled():  # noqa: ASYNC110 - the store tells nobody when it is quiet
                await asyncio.sleep(0.02)

    async def _is_settled(self) -> bool:
        counts = await self.service.store.counts()
        lanes = await self.service.store.waiting(1000)
        soon = self.now + timedelta(minutes=20)
        return counts.oldest_unread is None and not any(lane.claimed or lane.due <= soon for lane in lanes)

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        """Read from the HTTP side; gives status and JSON body."""
        async with self.http.get(path, params=query) as answer:
            return answer.status, await answer.json(content_type=None)

    async def observations(self, identifier: str) -> list[dict[str, Any]]:
        """The scores of a patient as an EHR finds them."""
        query = {"patient.identifier": identifier, "code": "netpet-score"}
        _status, bundle = await self.get("/fhir/Observation", **query)
        return [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]

    async def message_states(self, patient: str) -> list[str]:
        """The states of a patient's messages, in order of arrival."""
        messages = await self.service.store.messages(MessageFilter(patient=patient), limit=500)
        return [message.state for message in reversed(messages)]

    async def scores(self, patient: str) -> dict[str, list[Any]]:
        """What is known of a patient's scores, by state."""
        found: dict[str, list[Any]] = {}
        for score in await self.service.store.scores(patient=patient):
            found.setdefault(score.state, []).append(score.summary)
        return found


def reasons_of(observation: dict[str, Any]) -> set[str]:
    """The reason codes among an Observation's components."""
    return {
        coding["code"]
        for component in observation["component"]
        if component["code"]["coding"][0]["code"] == "reason"
        for coding in component["valueCodeableConcept"]["coding"]
    }


def payloads_of(case: dict[str, Any]) -> Sequence[bytes]:
    """The messages of a case of ``expected.json``, in sending order."""
    return [fixture(name) for name in case["files"]]
