"""Events that never came, and a subscription that ended: found, closed, switched on again; or said."""

import json
from datetime import timedelta

import pytest
from fetching import fetching
from hypothesis import given
from hypothesis import strategies as st
from notified_source import begun, fill, notified, settled

from adapter.inbound.event_numbers import EventNumbers
from adapter.inbound.source_watch import SourceWatch


async def test_events_out_of_order_leave_no_gap(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        fill(one.server, 1, 2, 3)
        for number in (3, 1, 2, 2):
            await one.door.bundle(notified("event-notification", (number, f"r{number}")))
        await one.source.work()
        state = await one.state()

        assert (state.last_event, state.ahead) == (3, ())
        assert len(await one.kept()) == 3


async def test_a_gap_is_closed_by_the_servers_own_record(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        fill(one.server, 1, 2, 3)
        one.server.events = json.loads(
            notified("query-event", *((number, f"r{number}") for number in (1, 2, 3)), count=3)
        )
        await one.door.bundle(notified("event-notification", (3, "r3"), count=3))
        gap = (await one.state()).ahead
        await settled(one)
        state = await one.state()

        assert (gap, state.last_event, state.ahead) == ((3,), 3, ())
        assert len(await one.kept()) == 3
        assert one.asked("DiagnosticReport?") == []
        assert {"events-missed", "events-recovered"} <= set(one.told)


async def test_a_gap_is_closed_by_a_sweep_where_the_server_keeps_no_record(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        fill(one.server, 1, 2, 3)
        await one.door.bundle(notified("event-notification", (3, "r3")))
        await settled(one)

        assert len(await one.kept()) == 3
        assert (await one.state()).ahead == ()


async def test_a_record_that_leaves_events_out_is_no_recovery(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        fill(one.server, 1, 2, 3)
        one.server.events = json.loads(notified("query-event", (2, "r2"), count=3))
        await one.door.bundle(notified("event-notification", (3, "r3")))
        await settled(one)

        assert len(await one.kept()) == 3
        assert one.asked("DiagnosticReport?")


async def test_a_gap_that_cannot_be_closed_stays_open_and_is_said(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        await one.door.bundle(notified("event-notification", (3, "r3")))
        one.keeper._gap_since = -1000.0
        watch = SourceWatch(one.source, one.keeper)
        one.server.failing = [404, 503, 503, 503, 503]
        await watch.step()

        assert (await one.state()).ahead == (3,)
        assert watch.notice.startswith("pacs: ")


async def test_a_heartbeat_tells_of_events_that_never_came(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        fill(one.server, 1, 2)
        await one.door.bundle(notified("heartbeat", count=2))
        await settled(one)

        assert len(await one.kept()) == 2
        assert (await one.state()).last_event == 2


async def test_a_subscription_that_counts_anew_has_what_changed_fetched(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await one.door.bundle(notified("handshake", count=7))
        fill(one.server, 1)
        await one.door.bundle(notified("handshake", count=0))
        await one.source.work()
        state = await one.state()

        assert (state.last_event, await one.kept()) == (0, ["DiagnosticReport/r1/_history/1"])


@pytest.mark.parametrize("status", ["off", "error"])
async def test_a_subscription_that_ended_is_switched_on_again_after_a_sweep(tmp_path, status):
    async with fetching(tmp_path, subscription="s1") as one:
        fill(one.server, 1)
        one.server.put({"resourceType": "Subscription", "id": "s1", "status": status, "error": "x", "criteria": "y"})
        await one.keeper.work()
        names = [f"{method} {path.partition('?')[0]}" for method, path in one.server.log]
        subscription = one.server.held["Subscription/s1"]

        assert (subscription["status"], subscription["criteria"], "error" in subscription) == ("requested", "y", False)
        assert names.index("GET DiagnosticReport") < names.index("PUT Subscription/s1")
        assert "subscription-reactivated" in one.told
        assert (await one.state()).sweep_asked is not None


async def test_a_subscription_that_is_active_is_left_alone(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        one.server.put({"resourceType": "Subscription", "id": "s1", "status": "active"})
        await one.keeper.work()

        assert one.server.log == [("GET", "Subscription/s1")]


async def test_a_subscription_that_is_silent_for_two_heartbeats_is_asked_about(tmp_path):
    async with fetching(tmp_path, subscription="s1", heartbeat=60) as one:
        await one.door.bundle(notified("heartbeat", count=0))
        one.now += timedelta(seconds=121)
        fill(one.server, 1)
        one.server.put({"resourceType": "Subscription", "id": "s1", "status": "active"})
        one.keeper._looked = -1000.0
        await one.keeper.work()

        assert "subscription-silent" in one.told
        assert len(await one.kept()) == 1


async def test_a_subscription_that_is_gone_is_said(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        watch = SourceWatch(one.source, one.keeper)
        await watch.step()

        assert watch.notice == "pacs: the Subscription is not there: nothing notifies us"


@given(st.permutations(range(1, 8)), st.integers(0, 6))
def test_in_whatever_order_events_are_heard_of_none_is_missing_at_the_end(numbers, lost):
    heard = EventNumbers(0)
    for number in numbers[:lost]:
        heard = heard.heard([number])
    whole = heard
    for number in numbers[lost:]:
        whole = whole.heard([number])

    known = set(numbers[:lost])
    assert whole == EventNumbers(7)
    assert (heard.missing is not None) is (known != set(range(1, len(known) + 1)))
    assert heard.closed() == EventNumbers(max(known, default=0))


async def test_what_overtook_is_waited_for_before_anything_is_asked(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        await begun(one)
        await one.door.bundle(notified("event-notification", (3, "r3")))
        wait = await one.keeper._recover()

        assert 1.0 < wait <= 2.0
        assert one.server.log == []


async def test_a_gap_of_a_subscription_without_a_name_is_closed_by_a_sweep(tmp_path):
    async with fetching(tmp_path) as one:
        await begun(one)
        fill(one.server, 1, 3)
        await one.door.bundle(notified("event-notification", (3, "r3")))
        await settled(one)

        assert len(await one.kept()) == 2
        assert await one.keeper.work() == 0.0
