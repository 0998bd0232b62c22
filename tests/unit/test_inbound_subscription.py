"""A subscription's requests: what they speak of is on disk before the answer, and a gap is found and closed."""

import json
from datetime import timedelta

import pytest
from fetching import SECRET, fetching
from fhir_bodies import PATIENT, lesion, report, tracer
from hypothesis import given
from hypothesis import strategies as st

from adapter.inbound.event_numbers import EventNumbers
from adapter.inbound.source_watch import SourceWatch
from adapter.inbound.subscription_secret import SubscriptionSecret, SubscriptionSecretError

LESION = lesion("l1")


def fill(server, *numbers):
    for one in (PATIENT, tracer(), LESION):
        server.put(one)
    for number in numbers:
        server.put(report(tracer(), LESION, id=f"r{number}"), minutes=number)


def versioned(number, **more):
    return report(id=f"r{number}", meta={"versionId": "1"}, **more)


def notified(kind, *events, count=None, subscription="s1", status="active", carried=()):
    """A notification as R4 has it; an event is (number, id), or (number, None) where content is empty."""
    parameters = [
        {"name": "subscription", "valueReference": {"reference": f"Subscription/{subscription}"}},
        {"name": "status", "valueCode": status},
        {"name": "type", "valueCode": kind},
    ]
    if count is not None:
        parameters.append({"name": "events-since-subscription-start", "valueString": str(count)})
    for number, id_ in events:
        part = [{"name": "event-number", "valueString": str(number)}]
        if id_:
            part.append({"name": "focus", "valueReference": {"reference": f"DiagnosticReport/{id_}"}})
        parameters.append({"name": "notification-event", "part": part})
    status_entry = {"resource": {"resourceType": "Parameters", "parameter": parameters}}
    entries = [status_entry, *({"resource": one} for one in carried)]
    return json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries}).encode()


def as_r4b(kind, number, id_):
    """The same as R4B and R5 have it."""
    status = {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": kind,
        "subscription": {"reference": "Subscription/s1"},
        "eventsSinceSubscriptionStart": number,
        "notificationEvent": [{"eventNumber": number, "focus": {"reference": f"DiagnosticReport/{id_}"}}],
    }
    bundle = {"resourceType": "Bundle", "type": "subscription-notification", "entry": [{"resource": status}]}
    return json.dumps(bundle).encode()


async def settled(one):
    """All that is due, done."""
    one.keeper._gap_since = -1000.0
    for _ in range(3):
        await one.source.work()
        await one.keeper._recover()
        if one.keeper._gap_since is not None:
            one.keeper._gap_since = -1000.0


async def test_a_report_in_full_is_fetched_with_what_it_lacks(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, 1)
        answer = await one.door.report(
            json.dumps(versioned(1, result=[{"reference": "Observation/l1"}])).encode(), "r1"
        )
        before = await one.kept()
        await one.source.work()

        assert (answer.status, before) == (200, [])
        assert await one.kept() == ["DiagnosticReport/r1/_history/1"]


async def test_a_report_that_is_whole_is_kept_before_the_answer(tmp_path):
    whole = report(id="r1", meta={"versionId": "1"}, subject={"identifier": PATIENT["identifier"][0]})
    async with fetching(tmp_path) as one:
        answers = [await one.door.report(json.dumps(whole).encode(), "r1") for _ in range(2)]

        assert [answer.status for answer in answers] == [200, 200]
        assert await one.kept() == ["DiagnosticReport/r1/_history/1"]
        assert one.server.log == []


async def test_a_report_under_another_id_is_refused(tmp_path):
    async with fetching(tmp_path) as one:
        answer = await one.door.report(json.dumps(versioned(1)).encode(), "r2")

        assert (answer.status, await one.kept()) == (400, [])


async def test_an_empty_ping_has_what_changed_fetched(tmp_path):
    async with fetching(tmp_path) as one:
        fill(one.server, 1, 2)
        answer = await one.door.ping()
        await one.source.work()
        await one.source.work()

        assert (answer.status, len(await one.kept())) == (200, 2)
        assert len(one.asked("DiagnosticReport?")) == 1


async def test_a_ping_outlives_a_restart(tmp_path):
    async with fetching(tmp_path) as one:
        await one.door.ping()
    async with fetching(tmp_path) as again:
        fill(again.server, 1)
        await again.source.work()

        assert len(await again.kept()) == 1


async def test_a_deletion_withdraws_nothing_and_a_person_is_told(tmp_path):
    async with fetching(tmp_path) as one:
        answer = await one.door.deleted()

        assert (answer.status, one.told) == (200, ["report-deleted"])


@pytest.mark.parametrize(
    "body", [notified("event-notification", (1, "r1"), count=1), as_r4b("event-notification", 1, "r1")]
)
async def test_an_event_names_a_report_and_we_fetch_it(tmp_path, body):
    async with fetching(tmp_path, subscription="s1") as one:
        fill(one.server, 1)
        answer = await one.door.bundle(body)
        await one.source.work()

        assert (answer.status, (await one.state()).last_event) == (200, 1)
        assert await one.kept() == ["DiagnosticReport/r1/_history/1"]


async def test_an_event_of_empty_content_has_what_changed_fetched(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        fill(one.server, 1)
        await one.door.bundle(notified("event-notification", (1, None), count=1))
        await one.source.work()

        assert await one.kept() == ["DiagnosticReport/r1/_history/1"]


async def test_a_handshake_and_heartbeats_are_heard(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        statuses = [(await one.door.bundle(notified(kind, count=0))).status for kind in ("handshake", "heartbeat")]
        state = await one.state()

        assert (statuses, state.last_event, state.heard) == ([200, 200], 0, one.now)


async def test_another_subscription_than_ours_is_not_heard(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        answer = await one.door.bundle(notified("handshake", count=0, subscription="s2"))

        assert (answer.status, (await one.state()).heard) == (404, None)


async def begun(one):
    await one.door.bundle(notified("handshake", count=0))


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


def test_the_secret_is_read_again_when_its_file_changes(tmp_path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    secret = SubscriptionSecret(file)
    first = [secret.is_shown(shown) for shown in (SECRET, "", None, SECRET[:-1])]
    file.write_text("another-secret-of-ours")
    second = [secret.is_shown(shown) for shown in ("another-secret-of-ours", SECRET)]
    file.write_text("short")

    assert (first, second) == ([True, False, False, False], [True, False])
    assert secret.is_shown("another-secret-of-ours")


@pytest.mark.parametrize("text", [None, "short"])
def test_a_secret_that_is_none_is_refused_at_the_start(tmp_path, text):
    file = tmp_path / "secret"
    if text:
        file.write_text(text)
    with pytest.raises(SubscriptionSecretError):
        SubscriptionSecret(file)


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


async def test_a_bundle_of_reports_is_taken_as_its_reports(tmp_path):
    whole = report(id="r1", meta={"versionId": "1"}, subject={"identifier": PATIENT["identifier"][0]})
    body = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": one} for one in (whole, versioned(2))],
    }
    async with fetching(tmp_path) as one:
        fill(one.server, 2)
        answer = await one.door.bundle(json.dumps(body).encode())
        await one.source.work()

        assert answer.status == 200
        assert await one.kept() == [f"DiagnosticReport/r{number}/_history/1" for number in (1, 2)]


async def test_while_the_store_is_down_nothing_is_said_to_be_noted(tmp_path):
    async with fetching(tmp_path) as one:
        await one.store.close()
        answers = [await one.door.ping(), await one.door.bundle(notified("handshake", count=0))]
        watch = SourceWatch(one.source)
        await watch.step()

        assert [answer.status for answer in answers] == [503, 503]
        assert watch.notice == "pacs: what is fetched cannot be kept now"


async def test_a_server_that_says_that_it_ended_the_subscription_is_heard(tmp_path):
    async with fetching(tmp_path, subscription="s1") as one:
        answer = await one.door.bundle(notified("heartbeat", count=0, status="error"))

        assert (answer.status, one.told) == (200, ["subscription-off"])


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


class FaultySource:
    """A source with a fault of ours in it."""

    given_up = 0

    def __init__(self, source):
        self.parts, self.wake = source.parts, source.wake

    async def work(self):
        raise TypeError


async def test_a_fault_of_ours_in_one_source_does_not_end_the_watch(tmp_path):
    async with fetching(tmp_path) as one:
        watch = SourceWatch(FaultySource(one.source))
        await watch.step()

        assert watch.notice == "pacs: the program failed on it (TypeError)"
