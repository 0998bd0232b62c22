"""The machine's clock jumps by days while results wait for their destination: none is given up for it."""

import asyncio
from datetime import timedelta

from store_places import url
from test_clock_set_back import NOBODY, STUDIES
from under_test import AdapterUnderTest

from adapter.store.views import Lane


async def test_a_result_that_waits_for_its_destination_is_not_given_up_by_a_jump_of_the_clock(place, tmp_path):
    store = {"store": {"url": url(place)}}
    async with AdapterUnderTest(tmp_path, destination=NOBODY, **store) as ahead:
        await ahead.send(*STUDIES)
        lane = await tried(ahead, 1)
        for jump in (timedelta(hours=100), timedelta(minutes=20)):  # a try may have been under way at the first
            ahead.now += jump
            lane = await tried(ahead, lane.attempts + 1)
        given_up = await ahead.service.store.destinations.dead_letters()
        jumped = ahead.now
    after = AdapterUnderTest(tmp_path, **store)
    after.now = jumped + timedelta(hours=1)
    async with after:
        await after.settled()
        scores = await after.observations("700103")

    assert (given_up, lane.attempts < 20) == ([], True)
    assert [score["valueCodeableConcept"]["text"] for score in scores] == ["P2b"]


async def tried(adapter: AdapterUnderTest, attempts: int) -> Lane:
    """Wait until a patient was tried in vain so many times."""
    async with asyncio.timeout(30):
        while True:
            for lane in await adapter.service.store.waiting():
                if lane.attempts >= attempts:
                    return lane
            await asyncio.sleep(0.02)
