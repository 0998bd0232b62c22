"""What the running service says in FHIR, as its readers and its FHIR server get it, passes the three gates."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fakes import serving
from fhir_gates import faults
from under_test import FIXTURES, AdapterUnderTest

DEMO = sorted((FIXTURES / "demo").glob("*.hl7"))
PATHS = (
    "/fhir/metadata",
    "/fhir/Observation?_count=200",
    "/fhir/Observation?_count=2&code=netpet-score&_include=Observation:device",
    "/fhir/Observation?_summary=count",
    "/fhir/Device",
    "/fhir/Provenance?_count=200",
    "/fhir/CodeSystem",
    "/fhir/StructureDefinition",
    "/fhir/ValueSet",
)
WRONG = (
    ("GET", "/fhir/Observation/none"),
    ("GET", "/fhir/Observation?colour=red"),
    ("GET", "/fhir/Observation?_count=none"),
    ("GET", "/fhir/Medication"),
    ("GET", "/fhir/metadata?_format=xml"),
    ("DELETE", "/fhir/Observation/none"),
)


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[AdapterUnderTest]:
    async with AdapterUnderTest(tmp_path) as running:
        await running.send(*(file.read_bytes() for file in DEMO))
        await running.settled()
        yield running


async def answer(adapter: AdapterUnderTest, method: str, path: str) -> tuple[int, Any]:
    async with adapter.http.request(method, path) as response:
        return response.status, as_json(await response.read())


def as_json(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal)


@pytest.mark.slow
async def test_every_page_that_the_endpoint_serves_of_the_demonstration_passes(adapter: AdapterUnderTest) -> None:
    for path in PATHS:
        status, page = await answer(adapter, "GET", path)

        assert (path, status, faults(page)) == (path, 200, [])


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), WRONG)
async def test_every_refusal_passes(method: str, path: str, adapter: AdapterUnderTest) -> None:
    status, outcome = await answer(adapter, method, path)

    assert (status >= 400, outcome["resourceType"], faults(outcome)) == (True, "OperationOutcome", [])


@pytest.mark.slow
@pytest.mark.parametrize("plan", ["transaction", "sequential"])
async def test_every_body_that_is_sent_to_a_fhir_server_passes(plan: str, tmp_path: Path) -> None:
    async with serving() as server:
        destination = {"plan": plan, "fhir_base_url": server.base, "report_link": "summary"}
        async with AdapterUnderTest(tmp_path, destination=destination) as adapter:
            await adapter.send(*(file.read_bytes() for file in DEMO))
            await adapter.settled()
        bodies = [as_json(body) for _method, _path, body, _headers in server.writes()]
        assert server.store.of_type("DiagnosticReport")

    assert len(bodies) > 5
    assert {fault for body in bodies for fault in faults(body)} == set()
