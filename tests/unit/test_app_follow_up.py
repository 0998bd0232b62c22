"""The bodies of ignored messages go when their time is over, also after the store was down."""

import asyncio
from datetime import UTC, datetime, timedelta

from adapter.app import follow_up
from adapter.app.follow_up import forget_ignored
from adapter.outcome import StoreUnavailableError
from adapter.telemetry import Telemetry

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


class Bodies:
    """Some bodies that are old enough; ``asked`` are the times before which they had to be received."""

    def __init__(self, count: int, *, down: bool = False) -> None:
        self.count = count
        self.down = down
        self.asked: list[datetime] = []

    async def forget(self, before: datetime, limit: int) -> int:
        self.asked.append(before)
        if self.down:
            raise StoreUnavailableError("the disk is full")
        dropped = min(self.count, limit)
        self.count -= dropped
        return dropped


async def looked_after(bodies: Bodies) -> Telemetry:
    """Let it look once, and end it while it waits for the next look."""
    telemetry = Telemetry(quiet=True)
    running = asyncio.create_task(forget_ignored(bodies.forget, lambda: NOW, timedelta(days=3), telemetry))
    await asyncio.sleep(0.02)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return telemetry


async def test_all_that_is_old_enough_goes_at_one_look_in_several_commits():
    bodies = Bodies(2 * follow_up.AT_A_TIME + 1)
    await looked_after(bodies)

    assert bodies.count == 0
    assert bodies.asked == [NOW - timedelta(days=3)] * 3


async def test_a_store_that_is_down_is_counted_and_asked_again_later():
    telemetry = await looked_after(Bodies(1, down=True))

    assert telemetry.registry.get_sample_value("netpet_failures_total", {"stage": "forget-ignored"}) == 1.0
