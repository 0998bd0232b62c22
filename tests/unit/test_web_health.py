"""Signs of life: alive, ready or why not, and the numbers."""

import asyncio
import json

from web_fakes import FULL_DISK, FakeHealth, parts, serving

from adapter.web.health import StoreProbe
from adapter.web.parts import ReadinessCheck

LISTENER_BOUND = ReadinessCheck("listener", lambda: "")
NO_MAPPINGS = ReadinessCheck("mappings", lambda: "no mapping is loaded")


async def readiness(**facts):
    async with serving(**facts) as client:
        answer = await client.get("/readyz")
        return answer.status, json.loads(answer.body)


async def test_a_loop_that_turns_is_alive():
    async with serving() as client:
        assert (await client.get("/livez")).status == 200


async def test_a_service_is_alive_when_its_store_is_not():
    async with serving(health=FakeHealth(FULL_DISK)) as client:
        assert (await client.get("/livez")).status == 200


async def test_when_every_condition_holds_the_service_is_ready():
    status, body = await readiness(checks=(LISTENER_BOUND,))

    assert (status, body["ready"]) == (200, True)
    assert [check["name"] for check in body["checks"]] == ["store", "listener"]


async def test_a_store_that_cannot_write_makes_the_service_unready_and_says_why():
    status, body = await readiness(health=FakeHealth(FULL_DISK), checks=(LISTENER_BOUND,))

    assert (status, body["ready"]) == (503, False)
    assert body["checks"][0] == {"name": "store", "ready": False, "reason": "the disk is full: make room"}


async def test_a_condition_that_does_not_hold_makes_the_service_unready_and_says_why():
    status, body = await readiness(checks=(LISTENER_BOUND, NO_MAPPINGS))

    assert status == 503
    assert body["checks"][2] == {"name": "mappings", "ready": False, "reason": "no mapping is loaded"}


class SlowHealth:
    async def check(self):
        await asyncio.sleep(60)


async def test_a_store_that_does_not_answer_is_not_ready():
    assert await StoreProbe(SlowHealth(), patience=0.01).reason() == "no answer in time"


async def test_however_many_ask_the_store_writes_once():
    health = FakeHealth()
    async with serving(health=health) as client:
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))

    assert health.asked == 1


async def test_the_numbers_are_served_as_prometheus_reads_them():
    async with serving(web=parts(metrics=lambda: b"netpet_messages_total 3.0\n")) as client:
        answer = await client.get("/metrics")

    assert answer.body == b"netpet_messages_total 3.0\n"
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
