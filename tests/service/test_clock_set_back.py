"""The machine's clock was ahead while the service ran, and was set back: results come now, not when it comes round."""

import asyncio
from datetime import timedelta

from store_places import url
from under_test import TODAY, AdapterUnderTest, fixture

NOBODY = {"plan": "sequential", "fhir_base_url": "http://127.0.0.1:9/fhir", "connect_timeout": 1}
STUDIES = [fixture("demo/03_p2b_1_sstr.hl7"), fixture("demo/03_p2b_2_fdg.hl7")]


async def test_a_result_that_waited_for_its_destination_does_not_wait_for_the_clock_as_well(place, tmp_path):
    store = {"store": {"url": url(place)}}
    async with AdapterUnderTest(tmp_path, destination=NOBODY, **store) as ahead:
        ahead.now = TODAY + timedelta(hours=11)
        await ahead.send(*STUDIES)
        async with asyncio.timeout(20):
            while not any(lane.attempts for lane in await ahead.service.store.waiting()):  # noqa: ASYNC110 - as under_test
                await asyncio.sleep(0.02)
    async with AdapterUnderTest(tmp_path, **store) as after:
        await after.settled()
        scores = await after.observations("700103")

    assert [score["valueCodeableConcept"]["text"] for score in scores] == ["P2b"]


async def test_messages_that_came_before_a_clock_was_set_back_and_after_it_make_one_score(place, tmp_path):
    async with AdapterUnderTest(tmp_path, store={"url": url(place)}) as adapter:
        adapter.now = TODAY + timedelta(hours=11)
        first = await adapter.send(STUDIES[0])
        adapter.now = TODAY
        second = await adapter.send(STUDIES[1])
        await adapter.settled()
        scores = await adapter.observations("700103")

    assert (first, second) == (["AA"], ["AA"])
    assert [score["valueCodeableConcept"]["text"] for score in scores] == ["P2b"]
