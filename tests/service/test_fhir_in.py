"""FHIR reports by HTTP, through the running service: kept, answered, read and scored as what comes by MLLP."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from under_test import FIXTURES, AdapterUnderTest

TYPE = {"Content-Type": "application/fhir+json"}
KEYS = "ris:0123456789abcdef\ndashboard:fedcba9876543210\n"
RIS, DASHBOARD = ({"Authorization": f"Bearer {key}"} for key in ("0123456789abcdef", "fedcba9876543210"))
BOTH = json.loads((FIXTURES / "fhir/both_studies_in_one_message.json").read_text("utf-8"))


def reports(body: dict[str, Any] = BOTH) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in body["entry"] if entry["resource"]["resourceType"] == "DiagnosticReport"]


def single(report: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A report by itself, with all that it references in it."""
    others = [entry["resource"] for entry in BOTH["entry"] if entry["resource"]["resourceType"] != "DiagnosticReport"]
    text = json.dumps(report | {"contained": others} | more)
    for one in others:
        text = text.replace(f'"{one["resourceType"]}/{one["id"]}"', f'"#{one["id"]}"')
    return json.loads(text)


@asynccontextmanager
async def taking(folder: Path, **sections: Any) -> AsyncIterator[AdapterUnderTest]:
    keys = folder / "api-keys"
    keys.write_text(KEYS)
    ours = {"enabled": True, "senders": [{"name": "ris", "api_clients": ["ris"]}]}
    async with AdapterUnderTest(folder, fhir_in=ours, security={"api_keys": keys}, **sections) as running:
        yield running


async def send(adapter: AdapterUnderTest, body: Any, path: str = "/fhir", method: str = "POST", **headers: str) -> Any:
    data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
    async with adapter.http.request(method, path, data=data, headers=TYPE | RIS | headers) as answer:
        return answer.status, await answer.json(content_type=None), dict(answer.headers)


async def kept(adapter: AdapterUnderTest) -> list[str]:
    return [one.state for one in await adapter.service.store.messages()]


async def values(adapter: AdapterUnderTest) -> list[str]:
    path = "/fhir/Observation?code=netpet-score"
    async with adapter.http.get(path, headers=DASHBOARD) as answer:
        bundle = await answer.json(content_type=None)
    return [entry["resource"].get("valueCodeableConcept", {}).get("text") for entry in bundle.get("entry", ())]


async def test_two_reports_in_a_bundle_are_kept_as_two_and_scored(tmp_path: Path) -> None:
    async with taking(tmp_path) as adapter:
        status, outcome, _ = await send(adapter, BOTH)
        await adapter.settled()
        grades = await values(adapter)
        states = await kept(adapter)

    assert (status, states) == (200, ["read", "read"])
    assert [issue["severity"] for issue in outcome["issue"]] == ["information"] * 2
    assert len(grades) == 1
    assert grades[0]


async def test_the_same_bundle_again_is_answered_the_same_and_kept_once(tmp_path: Path) -> None:
    async with taking(tmp_path) as adapter:
        first, second = await send(adapter, BOTH), await send(adapter, BOTH)

        assert first[:2] == second[:2]
        assert len(await kept(adapter)) == 2


async def test_a_single_report_gets_the_place_it_is_kept_under(tmp_path: Path) -> None:
    async with taking(tmp_path) as adapter:
        status, _, headers = await send(adapter, single(reports()[0]), "/fhir/DiagnosticReport")
        (message,) = await adapter.service.store.messages()

    assert (status, headers["Location"]) == (201, f"/fhir/DiagnosticReport/{message.id}/_history/1")


async def test_a_put_names_its_report_by_the_path(tmp_path: Path) -> None:
    report = single(reports()[0], id="r1")
    async with taking(tmp_path) as adapter:
        right = await send(adapter, report, "/fhir/DiagnosticReport/r1", "PUT")
        wrong = await send(adapter, report, "/fhir/DiagnosticReport/r2", "PUT")
        states = await kept(adapter)

    assert (right[0], wrong[0], len(states)) == (200, 400, 1)


async def test_a_transaction_is_answered_entry_by_entry(tmp_path: Path) -> None:
    entries = [
        entry | {"request": {"method": "POST", "url": entry["resource"]["resourceType"]}} for entry in BOTH["entry"]
    ]
    stranger = {
        "resource": {"resourceType": "Organization", "name": "x"},
        "request": {"method": "POST", "url": "Organization"},
    }
    body = {"resourceType": "Bundle", "type": "transaction", "entry": [*entries, stranger]}
    async with taking(tmp_path) as adapter:
        status, response, _ = await send(adapter, body)
        ids = {one.id for one in await adapter.service.store.messages()}

    told = [entry["response"] for entry in response["entry"]]
    assert (status, response["type"], len(told)) == (200, "transaction-response", len(body["entry"]))
    assert {one["location"].split("/")[1] for one in told if "location" in one} == ids
    assert told[-1]["status"] == "204 No Content"


async def test_a_transaction_that_deletes_is_refused_as_a_whole(tmp_path: Path) -> None:
    gone = {"request": {"method": "DELETE", "url": "DiagnosticReport/1"}}
    body = BOTH | {"type": "transaction", "entry": [*BOTH["entry"], gone]}
    async with taking(tmp_path) as adapter:
        status, outcome, _ = await send(adapter, body)

        assert (status, outcome["issue"][0]["details"]["text"]) == (422, "message-type")
        assert await kept(adapter) == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":NaN}]}', {}, 400),
        (b'{"resourceType":"Patient"}', {}, 422),
        (b'{"resourceType":"Bundle","type":"collection"}', {}, 422),
        (b"<Bundle/>", {"Content-Type": "application/fhir+xml"}, 415),
        (b"{}", {"Content-Type": "application/fhir+json; fhirVersion=5.0"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b" " * (9 * 1024 * 1024), {}, 413),
        (b"{}", DASHBOARD, 403),
        (b"{}", {"Authorization": ""}, 401),
    ],
)
async def test_what_cannot_be_taken_has_the_status_of_its_problem(tmp_path: Path, body, headers, status) -> None:
    async with taking(tmp_path) as adapter:
        answer = await send(adapter, body, **headers)

        assert (answer[0], answer[1]["resourceType"]) == (status, "OperationOutcome")
        assert await kept(adapter) == []


async def test_a_report_that_no_mapping_reads_is_kept_and_held(tmp_path: Path) -> None:
    report = single(reports()[0], status="unknown")
    async with taking(tmp_path) as adapter:
        status, _, _ = await send(adapter, report, "/fhir/DiagnosticReport")
        await adapter.settled()

        assert (status, await kept(adapter)) == (201, ["held"])


async def test_a_site_may_have_what_would_be_held_refused(tmp_path: Path) -> None:
    report = single(reports()[0], status="unknown")
    async with taking(tmp_path, intake={"refuse_unmappable": True}) as adapter:
        status, _, _ = await send(adapter, report, "/fhir/DiagnosticReport")

        assert status == 422
        assert await kept(adapter) == []
