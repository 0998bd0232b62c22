"""Senders that never stop do not starve the patients whom they send."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from under_test import AdapterUnderTest, fixture

from adapter.app.courtesy import PATIENCE
from adapter.outbound.mllp_client import MllpClient

REPORTS = (fixture("demo/03_p2b_1_sstr.hl7"), fixture("demo/03_p2b_2_fdg.hl7"))
CONTROL_IDS, PATIENT = (b"RIS2600303", b"RIS2600304"), b"700103"


class Ticking(AdapterUnderTest):
    """Its clock is the clock on the wall: how long a patient has waited is what this is about."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @now.setter
    def now(self, moment: datetime) -> None:
        """No test moves it."""


async def send_endlessly(adapter: AdapterUnderTest, name: str) -> None:
    """Both reports of one new patient after the other, without pause, until cancelled."""
    async with await MllpClient.connect(*adapter.addresses.mllp) as client:
        number = 0
        while True:
            number += 1
            for report, control_id in zip(REPORTS, CONTROL_IDS, strict=True):
                new = f"{name}{number}".encode()
                await client.send(report.replace(control_id, control_id + new).replace(PATIENT, new))


async def published(adapter: AdapterUnderTest) -> int:
    return (await adapter.service.store.counts()).scores.get("published", 0)


@pytest.mark.slow
async def test_under_an_endless_load_scores_go_on_appearing(tmp_path: Any) -> None:
    async with Ticking(tmp_path) as adapter:
        senders = [asyncio.create_task(send_endlessly(adapter, f"S{number}N")) for number in range(4)]
        seen = []
        until = time.monotonic() + PATIENCE + 30
        while len(set(seen)) < 4 and time.monotonic() < until:
            await asyncio.sleep(0.5)
            seen.append(await published(adapter))
        still_sending = not any(sender.done() for sender in senders)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)

    assert still_sending
    assert len(set(seen)) >= 4
