"""``POST /fhir``: who may not write is told before anything is read; what goes wrong has the status of its problem."""

import asyncio
from datetime import UTC, datetime

import pytest
from fhir_bodies import PATIENT, bundle, dumped, report
from web_fakes import parts, serving

from adapter.arrival import Kept, Origin, Sender
from adapter.fhir.notification import notification
from adapter.inbound.credentials import CredentialSenders
from adapter.inbound.fhir_intake import FhirIntake, FhirTerms
from adapter.inbound.fhir_receiver import FhirReceiver
from adapter.outcome import Held, Problem, StoreUnavailableError
from adapter.telemetry import Telemetry
from adapter.web.fhir_in import FhirInRoutes
from adapter.web.fhir_notifications import NotificationRoutes, NotifiedSource
from adapter.web.hl7v2_messages import BodyLimits

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TYPE = {"Content-Type": "application/fhir+json"}
EVERYBODY, PLAIN = Sender("default"), FhirTerms()
BODY = dumped(bundle(report(), PATIENT))


class FakeMessageStore:
    """Keeps what arrives, unless it is told to fail, or to wait."""

    def __init__(self, failure=None):
        self.failure = failure
        self.arrivals = []
        self.arrived = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def keep(self, arrival):
        self.arrived.set()
        await self.free.wait()
        if self.failure is not None and len(self.arrivals) >= self.failure:
            raise StoreUnavailableError("the disk is full")
        self.arrivals.append(arrival)
        return Kept(f"m{len(self.arrivals)}", b"")


def routes(store, storing=30.0, default=EVERYBODY, terms=PLAIN, **limits):
    intake = FhirIntake(store, Telemetry(quiet=True), lambda: NOW, lambda: None, terms)
    receiver = FhirReceiver(intake, CredentialSenders("fhir", (), default), 1024 * 1024, storing)
    return parts(fhir_in=FhirInRoutes(receiver, BodyLimits(**limits)))


async def post(store, body=BODY, headers=TYPE, path="/fhir", **facts):
    async with serving(web=routes(store, **facts)) as client:
        return await client.ask("POST", path, data=body, headers=headers)


async def test_a_full_store_is_told_with_a_time_to_come_again():
    answer = await post(FakeMessageStore(failure=0))

    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert answer.issue["details"]["text"] == "store-unavailable"


async def test_a_body_that_is_kept_in_part_is_not_called_stored():
    store = FakeMessageStore(failure=1)
    answer = await post(store, dumped(bundle(report(), report(id="r2"), PATIENT)))

    assert (answer.status, len(store.arrivals)) == (503, 1)


async def test_a_store_that_is_late_is_not_waited_for():
    store = FakeMessageStore()
    store.free.clear()
    answer = await post(store, storing=0.05)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")


async def test_one_body_too_many_at_a_time_is_told_to_come_again():
    store = FakeMessageStore()
    store.free.clear()
    async with serving(web=routes(store, outstanding=1)) as client:
        first = asyncio.create_task(client.ask("POST", "/fhir", data=BODY, headers=TYPE))
        await store.arrived.wait()
        second = await client.ask("POST", "/fhir", data=BODY, headers=TYPE)
        store.free.set()

        assert (second.status, second.headers["Retry-After"]) == (429, "1")
        assert (await first).status == 200


async def test_who_is_no_sender_may_not_write_and_nothing_is_read():
    answer = await post(FakeMessageStore(), b"{", default=None)

    assert answer.status == 403


async def test_a_bundle_is_no_report():
    answer = await post(FakeMessageStore(), path="/fhir/DiagnosticReport")

    assert (answer.status, answer.issue["details"]["text"]) == (422, "message-type")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=latin-1",
        "text/plain",
        "application/fhir+xml",
        "application/fhir+json; fhirVersion=3.0",
    ],
)
async def test_another_kind_of_body_is_not_taken(content_type):
    answer = await post(FakeMessageStore(), headers={"Content-Type": content_type})

    assert answer.status == 415


@pytest.mark.parametrize(
    "content_type", ["application/json", 'application/fhir+json; fhirVersion="4.0"; charset=UTF-8']
)
async def test_fhir_json_of_r4_is_taken_by_any_of_its_names(content_type):
    answer = await post(FakeMessageStore(), headers={"Content-Type": content_type})

    assert answer.status == 200


async def test_a_body_that_comes_in_pieces_is_cut_at_the_limit():
    async def pieces():
        for _ in range(20):
            yield b" " * 1000

    answer = await post(FakeMessageStore(), pieces(), size=8000)

    assert answer.status == 413


async def test_a_body_that_does_not_come_is_not_waited_for():
    never = asyncio.Event()

    async def pieces():
        yield b"{"
        await never.wait()

    answer = await post(FakeMessageStore(), pieces(), seconds=0.05)
    assert answer.status == 408


async def test_what_would_be_held_is_refused_where_the_site_wants_that():
    terms = FhirTerms(foresee=lambda arrival: Held(Problem.NO_MAPPING, rule="no mapping"))
    store = FakeMessageStore()
    answer = await post(store, terms=terms)

    assert (answer.status, store.arrivals) == (422, [])


async def test_work_is_ordered_by_the_sites_name_of_an_authority():
    store = FakeMessageStore()
    system = PATIENT["identifier"][0]["system"]
    await post(store)
    await post(store, terms=FhirTerms(lambda: {system: "HOSP"}))

    assert store.arrivals[0].patient != store.arrivals[1].patient


class FakeDoor:
    """Knows one secret."""

    def admits(self, shown, /):
        return shown == "s"


async def test_a_notification_that_is_too_large_is_refused():
    routes = NotificationRoutes({"pacs": NotifiedSource(FakeDoor(), "X-S")}, BodyLimits(size=10))
    async with serving(web=parts(notifications=routes)) as client:
        answer = await client.ask("POST", "/subscriptions/pacs", data=b" " * 20, headers=TYPE | {"X-S": "s"})

    assert answer.status == 413


async def test_one_notification_too_many_at_a_time_is_refused():
    routes = NotificationRoutes({"pacs": NotifiedSource(FakeDoor(), "X-S")}, BodyLimits(outstanding=0))
    async with serving(web=parts(notifications=routes)) as client:
        answer = await client.ask("POST", "/subscriptions/pacs", data=b"{}", headers=TYPE | {"X-S": "s"})

    assert answer.status == 429


def history(status):
    return {"resourceType": "Bundle", "type": "history", "entry": [{"resource": status}]}


@pytest.mark.parametrize(
    "bundle",
    [
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": "history"},
        {"resourceType": "Bundle", "type": "history", "entry": ["x"]},
        {"resourceType": "Bundle", "type": "history", "entry": [{"resource": 7}]},
        history({"resourceType": "DiagnosticReport"}),
        history({"resourceType": "Parameters"}),
        history({"resourceType": "Parameters", "parameter": [{"name": "type", "valueCode": "other"}]}),
        history({"resourceType": "SubscriptionStatus", "type": ["heartbeat"]}),
    ],
)
def test_what_is_no_notification_is_taken_for_none(bundle):
    assert notification(bundle) is None


@pytest.mark.parametrize("count", [True, -1, 2**70, "x", "9" * 30, {}, None])
def test_a_count_that_is_none_is_not_counted(count):
    told = notification(
        history({"resourceType": "SubscriptionStatus", "type": "heartbeat", "eventsSinceSubscriptionStart": count})
    )

    assert (told.kind, told.count) == ("heartbeat", None)


def test_the_origin_of_a_message_is_the_door_and_its_sender():
    assert CredentialSenders("fhir", (), Sender("x")).origin("::1", None, None) == Origin("fhir", "::1", Sender("x"))


@pytest.mark.parametrize("is_open", [True, False])
async def test_the_capability_statement_says_that_reports_are_taken_where_they_are(is_open):
    web = routes(FakeMessageStore()) if is_open else parts()
    async with serving(web=web) as client:
        rest = (await client.ask("GET", "/fhir/metadata")).resource["rest"][0]

    (report,) = (one for one in rest["resource"] if one["type"] == "DiagnosticReport")
    assert {"create", "update"} & {one["code"] for one in report["interaction"]} == (
        {"create", "update"} if is_open else set()
    )
    assert rest.get("interaction") == ([{"code": "transaction"}] if is_open else None)
