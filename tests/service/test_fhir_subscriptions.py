"""A server's reports, polled or notified of, through the running service: fetched, read and scored."""

import json
from pathlib import Path
from typing import Any

import aiohttp
from source_server import serving_reports
from under_test import FIXTURES, AdapterUnderTest

SECRET = {"X-Subscription-Secret": "not-a-real-secret-1"}
BOTH = json.loads((FIXTURES / "fhir/both_studies_in_one_message.json").read_text("utf-8"))
FHIR = {"Content-Type": "application/fhir+json"}


def stand(server: Any) -> list[str]:
    """Put both studies there; gives the ids of their reports."""
    resources = [entry["resource"] for entry in BOTH["entry"]]
    for resource in resources:
        server.put(resource)
    return [one["id"] for one in resources if one["resourceType"] == "DiagnosticReport"]


def sections(folder: Path, base: str, **more: Any) -> dict[str, Any]:
    secret, keys = folder / "secret", folder / "api-keys"
    secret.write_text("not-a-real-secret-1")
    keys.write_text("dashboard:fedcba9876543210\n")
    source = {"name": "pacs", "fhir_base_url": base, "look_back": 24 * 30} | more
    if "poll" not in more:
        source["subscription"] = {"secret": secret}
    return {"fhir_in": {"sources": [source]}, "security": {"api_keys": keys}}


async def scored(adapter: AdapterUnderTest, count: int) -> list[str]:
    """Wait until so many messages are there and read; gives the grades."""
    while len(await adapter.service.store.messages()) < count:
        await adapter.service.store.check()
    await adapter.settled()
    key = {"Authorization": "Bearer fedcba9876543210"}
    async with adapter.http.get("/fhir/Observation?code=netpet-score", headers=key) as answer:
        bundle = await answer.json(content_type=None)
    return [entry["resource"].get("valueCodeableConcept", {}).get("text") for entry in bundle.get("entry", ())]


async def test_a_polled_server_s_reports_are_scored(tmp_path: Path) -> None:
    async with serving_reports() as server:
        stand(server)
        async with AdapterUnderTest(tmp_path, **sections(tmp_path, server.base, poll=60)) as adapter:
            grades = await scored(adapter, 2)

    assert len(grades) == 1
    assert grades[0]


async def test_a_rest_hook_s_reports_are_fetched_and_scored(tmp_path: Path) -> None:
    async with serving_reports() as server:
        ids = stand(server)
        async with AdapterUnderTest(tmp_path, **sections(tmp_path, server.base)) as adapter:
            statuses = []
            for id_ in ids:
                body = json.dumps(server.held[f"DiagnosticReport/{id_}"])
                path = f"/subscriptions/pacs/DiagnosticReport/{id_}"
                async with adapter.http.put(path, data=body, headers=FHIR | SECRET) as answer:
                    statuses.append(answer.status)
            grades = await scored(adapter, 2)

    assert statuses == [200, 200]
    assert len(grades) == 1
    assert grades[0]


async def test_an_empty_ping_is_enough(tmp_path: Path) -> None:
    async with serving_reports() as server:
        stand(server)
        async with AdapterUnderTest(tmp_path, **sections(tmp_path, server.base)) as adapter:
            async with adapter.http.post("/subscriptions/pacs", headers=SECRET) as answer:
                status = answer.status
            grades = await scored(adapter, 2)

    assert (status, len(grades)) == (200, 1)


async def status_of(session: aiohttp.ClientSession, method: str, path: str, **facts: Any) -> int:
    async with session.request(method, path, **facts) as answer:
        return answer.status


async def test_who_does_not_show_the_secret_learns_nothing(tmp_path: Path) -> None:
    key = {"Authorization": "Bearer fedcba9876543210"}
    wrong = {"X-Subscription-Secret": "not-a-real-secret-2"}
    async with serving_reports() as server:
        async with AdapterUnderTest(tmp_path, **sections(tmp_path, server.base)) as adapter:
            http = adapter.http
            statuses = [
                await status_of(http, "POST", "/subscriptions/pacs"),
                await status_of(http, "POST", "/subscriptions/pacs", headers=wrong),
                await status_of(http, "POST", "/subscriptions/pacs", headers=key),
                await status_of(http, "POST", "/subscriptions/other", headers=SECRET),
                await status_of(http, "PUT", "/subscriptions/pacs/DiagnosticReport/r1", data="{}", headers=FHIR),
                await status_of(http, "DELETE", "/subscriptions/pacs/DiagnosticReport/r1"),
            ]
        asked = server.log

    assert (statuses, asked) == ([401] * 6, [])


async def test_what_a_subscription_may_send_besides_has_its_status(tmp_path: Path) -> None:
    xml = {"Content-Type": "application/fhir+xml"} | SECRET
    async with AdapterUnderTest(tmp_path, **sections(tmp_path, "http://127.0.0.1:1/fhir")) as adapter:
        http = adapter.http
        statuses = [
            await status_of(http, "DELETE", "/subscriptions/pacs/DiagnosticReport/r1", headers=SECRET),
            await status_of(http, "POST", "/subscriptions/pacs", data=b"<x/>", headers=xml),
            await status_of(http, "POST", "/subscriptions/pacs", data=b"{", headers=FHIR | SECRET),
            await status_of(http, "POST", "/subscriptions/pacs/", data=b" ", headers=FHIR | SECRET),
            await status_of(http, "PUT", "/subscriptions/pacs/DiagnosticReport/a", data=b"[]", headers=FHIR | SECRET),
        ]

    assert statuses == [200, 415, 400, 200, 400]


async def test_what_waits_for_a_person_is_told_by_readyz(tmp_path: Path) -> None:
    async with AdapterUnderTest(tmp_path, **sections(tmp_path, "http://127.0.0.1:1/fhir", poll=60)) as adapter:
        told = ""
        while "pacs" not in told:
            async with adapter.http.get("/readyz") as answer:
                told, status = await answer.text(), answer.status

    assert status == 200
    assert "no whole answer" in told
