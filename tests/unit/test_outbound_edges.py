"""Servers that answer oddly: what they say is never taken for more than it is."""

import pytest
from fake_fhir_store import RefusedError
from fakes import serving
from fhir_deliveries import KNOWS_ALL, KNOWS_NOTHING, client_of, deliver, deliver_until_done, delivering, published
from raw_http import http, raw_server

from adapter.delivery import DeliveryError
from adapter.fhir.json_text import to_json
from adapter.outbound.capabilities import read_capabilities
from adapter.outbound.plans.comparing import says
from adapter.outbound.plans.server import FhirServer


def bundle(**facts):
    return http(200, to_json({"resourceType": "Bundle", "type": "searchset"} | facts))


async def found(*answers, ask):
    async with raw_server(*answers) as server:
        client = client_of(server.base)
        try:
            return await ask(FhirServer(client))
        finally:
            await client.close()


def find(server):
    return server.find([published().resources[-2]])


async def test_a_search_that_goes_on_over_the_page_is_not_taken_for_all_that_is_there():
    with pytest.raises(DeliveryError, match="more than fits a page"):
        await found(bundle(link=[{"relation": "next", "url": "http://elsewhere.example"}]), ask=find)


@pytest.mark.parametrize("answer", [http(200), http(200, b'{"resourceType":"OperationOutcome"}'), http(404)])
async def test_a_search_that_is_not_answered_with_a_bundle_found_not_nothing(answer):
    with pytest.raises(DeliveryError):
        await found(answer, ask=find)


async def test_what_a_server_finds_without_our_identifier_is_not_ours():
    """It may not know the parameter, and give all that it has."""
    odd = [None, {}, {"resource": 5}, {"resource": {"resourceType": "Patient", "id": "1"}}]
    others = [{"resource": {"resourceType": "Observation", "id": number}} for number in ("1", "../2", 3)]
    answered = await found(bundle(entry=odd + others), ask=find)

    assert list(answered.values()) == [[]]


@pytest.mark.parametrize("answer", [http(200), http(200, b'{"resourceType":"Patient"}'), http(403, b"{}")])
async def test_what_cannot_be_read_back_is_not_known(answer):
    with pytest.raises(DeliveryError):
        await found(answer, ask=lambda server: server.read("Observation", "1"))


async def test_a_server_without_a_statement_is_not_guessed():
    async with raw_server(http(404)) as server:
        client = client_of(server.base)
        with pytest.raises(DeliveryError, match="no CapabilityStatement"):
            await read_capabilities(client)
        await client.close()


@pytest.mark.parametrize(
    "response",
    [
        {"resourceType": "Bundle", "type": "transaction-response"},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": []},
        {"resourceType": "OperationOutcome", "issue": []},
    ],
)
async def test_a_transaction_that_is_not_answered_entry_by_entry_is_in_doubt(response):
    device = http(201, b"", Location="Device/1", ETag='W/"1"')
    search = bundle(entry=[{"resource": published().resources[0] | {"id": "1"}}])
    answers = (device, search, http(200, to_json(response)))
    async with raw_server(*answers) as server, delivering(server, **KNOWS_ALL) as destination:
        with pytest.raises(DeliveryError, match="entry by entry") as caught:
            await deliver(destination, published())

    assert not caught.value.permanent


@pytest.mark.parametrize("plan", ["transaction", "sequential"])
async def test_our_ids_that_a_server_does_not_take_are_refused_for_good(plan):
    async with serving("medplum") as server, delivering(server, plan, client_ids=True) as destination:
        with pytest.raises(DeliveryError) as caught:
            await deliver(destination, published())

    assert caught.value.permanent


async def test_a_server_that_says_nothing_of_versions_is_asked_what_it_holds():
    async with serving("epic") as server, delivering(server, "sequential") as destination:
        await deliver(destination, published())
        await deliver_until_done(destination, published(grade="P2b"))
        (score,) = server.store.standing()

    assert score["valueCodeableConcept"]["text"] == "P2b"


async def test_a_duplicate_that_cannot_be_withdrawn_stops_the_delivery():
    async with serving() as server, delivering(server, "sequential", **KNOWS_NOTHING) as destination:
        score = published().resources[-2]
        for _ in range(2):
            server.store.create("Observation", {key: value for key, value in score.items() if key != "id"})
        before = server.store.update

        def refusing(type_, id_, resource, match=None):

            raise RefusedError(422, "invalid")

        server.store.update = refusing
        with pytest.raises(DeliveryError, match="duplicate of ours"):
            await deliver(destination, published())
        server.store.update = before
        await deliver_until_done(destination, published())

        assert len(server.store.standing()) == 1


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        ({"code": {"text": "a", "more": 1}, "value": 1}, True),
        ({"code": {"text": "b"}, "value": 1}, False),
        ({"code": "a", "value": 1}, False),
        ({"code": {"text": "a"}, "value": True}, False),
        ({"code": {"text": "a"}}, False),
    ],
)
def test_a_resource_says_what_was_sent_if_all_of_it_is_there(theirs, same):
    assert says(theirs, {"id": "ours", "code": {"text": "a"}, "value": 1}) is same


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        ("Device/1", True),
        ("https://fhir.example/r4/Device/1", True),
        ("Device/1/_history/2", True),
        ("Device/2", False),
        (None, False),
    ],
)
def test_a_reference_may_be_written_with_the_servers_address_or_a_version(theirs, same):
    assert says({"device": {"reference": theirs}}, {"device": {"reference": "Device/1"}}) is same


def test_a_reference_within_a_bundle_was_replaced_by_the_server():
    assert says({"device": {"reference": "Device/9"}}, {"device": {"reference": "urn:uuid:1"}})
