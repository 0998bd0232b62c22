"""Tokens beside API keys, through the running service: what writes, what reads, and keys that the issuer changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from under_test import FIXTURES, AdapterUnderTest

from adapter.app.bearer_tokens import IssuerError
from adapter.app.fhir_doors import FhirDoorError

ISS, AUD = "https://id.hospital.example", "https://netpet.hospital.example/fhir"
KEY = rsa.generate_private_key(65537, 2048)
BODY = (FIXTURES / "fhir/both_studies_in_one_message.json").read_bytes()


def jwks(name: str = "k1") -> dict[str, Any]:
    return {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": name}]}


def bearer(scope: str, client: str = "engine") -> dict[str, str]:
    claims = {"iss": ISS, "aud": AUD, "client_id": client, "scope": scope}
    claims |= {"exp": datetime.now(UTC) + timedelta(minutes=5)}
    return {"Authorization": f"Bearer {jwt.encode(claims, KEY, 'RS384', {'kid': 'k1'})}"}


def sections(**keys: Any) -> dict[str, Any]:
    issuer = {"name": "idp", "issuer": ISS, "audience": AUD} | keys
    ours = {"enabled": True, "senders": [{"name": "engine", "api_clients": ["idp:engine"]}]}
    return {"fhir_in": ours, "security": {"jwt": {"issuers": [issuer]}}}


@asynccontextmanager
async def serving_keys(*statuses: int) -> AsyncIterator[tuple[str, list[str]]]:
    """An issuer that answers with these statuses, then with its keys; gives its address, and what was asked of it."""
    asked: list[str] = []
    waiting = list(statuses)

    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response(jwks(), status=waiting.pop(0) if waiting else 200)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks.json", asked
    finally:
        await runner.cleanup()


async def statuses(adapter: AdapterUnderTest) -> list[int]:
    """What a writer, a reader, a writer with another's name and nobody get for a body; then what the reader reads."""
    everybody = [
        bearer("system/DiagnosticReport.cu"),
        bearer("system/DiagnosticReport.rs system/Observation.rs"),
        bearer("system/DiagnosticReport.cu", "stranger"),
        {},
    ]
    found = []
    for headers in everybody:
        kind = {"Content-Type": "application/fhir+json"}
        async with adapter.http.post("/fhir", data=BODY, headers=headers | kind) as answer:
            found.append(answer.status)
    async with adapter.http.get("/fhir/Observation", headers=everybody[1]) as answer:
        return [*found, answer.status]


async def test_a_token_writes_and_reads_as_its_scopes_and_the_site_say(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks()))
    async with AdapterUnderTest(tmp_path, **sections(jwks_file=file)) as adapter:
        found = await statuses(adapter)
        senders = {
            (await adapter.service.store.message(one.id)).sender for one in await adapter.service.store.messages()
        }

    assert found == [200, 403, 403, 401, 200]
    assert senders == {"engine"}


async def test_keys_are_fetched_from_the_configured_address_once(tmp_path: Path) -> None:
    async with serving_keys() as (url, asked), AdapterUnderTest(tmp_path, **sections(jwks_url=url)) as adapter:
        found = await statuses(adapter)

    assert (found, asked) == ([200, 403, 403, 401, 200], ["/jwks.json"])


async def refused(folder: Path, url: str) -> tuple[int, str]:
    async with AdapterUnderTest(folder, **sections(jwks_url=url)) as adapter:
        answer = await adapter.http.post("/fhir", data=BODY, headers=bearer("system/*.c"))
        return answer.status, answer.headers["Retry-After"]


async def test_without_the_issuers_keys_a_writer_is_to_come_again(tmp_path: Path) -> None:
    async with serving_keys(500) as (url, _):
        assert await refused(tmp_path, url) == (503, "60")


async def test_where_no_issuer_answers_a_writer_is_to_come_again(tmp_path: Path) -> None:
    assert await refused(tmp_path, "http://127.0.0.1:1/jwks.json") == (503, "60")


async def test_no_token_and_no_secret_is_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwks()))
    shown = bearer("system/*.c")
    async with AdapterUnderTest(tmp_path, quiet=False, **sections(jwks_file=file)) as adapter:
        for headers in (shown, {"Authorization": shown["Authorization"][:-4]}):
            async with adapter.http.post("/fhir", data=b"{", headers=headers):
                await asyncio.sleep(0)
    log = capfd.readouterr().err

    assert '"event": "request"' in log
    assert not any(part in log for part in shown["Authorization"].split(" ")[1].split("."))


async def test_keys_that_cannot_be_read_end_the_start_with_the_setting(tmp_path: Path) -> None:
    with pytest.raises(IssuerError, match=r"security\.jwt\.issuers: idp: jwks_file: cannot be read"):
        await AdapterUnderTest(tmp_path, **sections(jwks_file=tmp_path / "none")).__aenter__()


async def test_a_secret_that_cannot_be_read_ends_the_start_with_the_setting(tmp_path: Path) -> None:
    source = {"name": "pacs", "fhir_base_url": "http://127.0.0.1:1/fhir", "subscription": {"secret": tmp_path / "none"}}
    with pytest.raises(FhirDoorError, match=r"fhir_in\.sources: pacs: subscription\.secret: cannot be read"):
        await AdapterUnderTest(tmp_path, fhir_in={"sources": [source]}).__aenter__()
