"""A subscription's requests: what they speak of is on disk before the answer."""

import json

import pytest
from fetching import SECRET, fetching
from fhir_bodies import PATIENT, report
from notified_source import as_r4b, fill, notified, versioned

from adapter.inbound.source_watch import SourceWatch
from adapter.inbound.subscription_secret import SubscriptionSecret, SubscriptionSecretError


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
