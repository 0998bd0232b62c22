"""Who may read what: with keys, without keys, and by client certificate."""

import pytest
from web_fakes import Told, observation, serving

from adapter.web.api_keys import ApiKeys

KEY = "0123456789abcdef"
CLOSED = [
    "/fhir/Observation",
    "/fhir/Observation/o1",
    "/fhir/metadata",
    "/fhir/CodeSystem",
    "/metrics",
    "/fhir/nowhere",
    "/",
]


@pytest.fixture
def keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"dashboard:{KEY}\n")
    return ApiKeys(file)


@pytest.mark.parametrize("path", CLOSED)
async def test_without_a_key_nothing_of_a_site_with_keys_is_read(keys, path):
    async with serving(observation(1), api_keys=keys) as client:
        answer = await client.get(path)

    assert (answer.status, answer.issue["code"]) == (401, "login")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="netpet-adapter"'


async def test_a_search_by_form_needs_a_key_too(keys):
    async with serving(observation(1), api_keys=keys) as client:
        assert (await client.search({"code": "netpet-score"})).status == 401


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", KEY, f"Basic {KEY}", f"BearerX {KEY}"])
async def test_what_is_no_bearer_token_is_asked_for_one(keys, given):
    async with serving(api_keys=keys) as client:
        answer = await client.get("/fhir/Observation", headers={"Authorization": given})

    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="netpet-adapter"'


async def test_a_wrong_key_is_401_and_is_not_repeated(keys):
    told = Told()
    async with serving(api_keys=keys, tell=told) as client:
        answer = await client.get("/fhir/Observation", headers={"Authorization": "Bearer wrong-SECRET-key"})

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    assert b"SECRET" not in answer.body
    assert "SECRET" not in str(told)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("path", ["/fhir/Observation", "/fhir/metadata", "/metrics"])
async def test_with_a_key_everything_is_read(keys, scheme, path):
    async with serving(api_keys=keys) as client:
        answer = await client.get(path, headers={"Authorization": f"{scheme} {KEY}"})

    assert answer.status == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_the_signs_of_life_need_no_key(keys, path):
    async with serving(api_keys=keys) as client:
        assert (await client.get(path)).status == 200


async def test_without_keys_reads_are_open():
    async with serving(observation(1)) as client:
        assert (await client.get("/fhir/Observation/o1")).status == 200


async def test_a_site_with_a_list_of_certificates_serves_nobody_without_one():
    async with serving(admits=lambda _: True) as client:
        answer = await client.get("/fhir/Observation")

    assert (answer.status, answer.issue["code"]) == (403, "forbidden")
