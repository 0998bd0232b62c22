"""One resource at a time: with its version, without its body when the client has it already."""

import pytest
from fhir_scores import SCORE_ID
from web_fakes import observation, parts, publication, serving

from adapter.fhir.code_systems import code_systems

SCORE = observation(1, version="3")


@pytest.mark.parametrize("type_", ["Observation", "Device", "Provenance"])
async def test_every_resource_of_a_score_can_be_read(type_):
    wanted = next(one.resource for one in publication() if one.resource["resourceType"] == type_)
    async with serving(*publication()) as client:
        answer = await client.get(f"/fhir/{type_}/{wanted['id']}")

    assert (answer.status, answer.resource) == (200, wanted)


async def test_a_resource_comes_with_its_version_and_the_time_of_its_last_change():
    async with serving(SCORE) as client:
        answer = await client.get("/fhir/Observation/o1")

    assert answer.headers["ETag"] == 'W/"3"'
    assert answer.headers["Last-Modified"] == "Fri, 20 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize("tags", ['W/"3"', '"3"', '"1", W/"3"', "*"])
async def test_a_client_that_has_the_version_gets_304_and_no_body(tags):
    async with serving(SCORE) as client:
        answer = await client.get("/fhir/Observation/o1", headers={"If-None-Match": tags})

    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", 'W/"3"')


@pytest.mark.parametrize("tags", ['W/"2"', '"33"', "3", "garbage", ""])
async def test_a_client_that_has_another_version_gets_this_one(tags):
    async with serving(SCORE) as client:
        answer = await client.get("/fhir/Observation/o1", headers={"If-None-Match": tags})

    assert (answer.status, answer.resource["id"]) == (200, "o1")


async def test_a_head_request_gets_the_headers_alone():
    async with serving(SCORE) as client:
        answer = await client.ask("HEAD", "/fhir/Observation/o1")

    assert (answer.status, answer.body, answer.headers["ETag"]) == (200, b"", 'W/"3"')


@pytest.mark.parametrize("type_", ["Observation", "Device", "Provenance", "CodeSystem"])
async def test_what_is_not_there_is_404(type_):
    async with serving(SCORE) as client:
        answer = await client.get(f"/fhir/{type_}/{SCORE_ID}")

    assert (answer.status, answer.issue["code"]) == (404, "not-found")
    assert SCORE_ID.encode() not in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/fhir/Patient/o1",
        "/fhir/Observation/not_an_id",
        f"/fhir/Observation/{'a' * 65}",
        "/fhir/Observation/o1/_history/1",
        "/fhir/observation/o1",
        "/fhir",
        "/fhir/",
        "/",
        "/fhir/Observation/%00",
        "/fhir/Observation/%FF",
        "/fhir/../etc/passwd",
        "/fhir/Observation/o1%2F..",
    ],
)
async def test_a_path_that_is_not_served_is_404(path):
    async with serving(SCORE) as client:
        answer = await client.get(path)

    assert (answer.status, answer.issue["details"]["text"]) == (404, "not-found")


async def test_xml_is_406():
    async with serving(SCORE) as client:
        assert (await client.get("/fhir/Observation/o1?_format=xml")).status == 406


async def test_a_read_with_a_broken_query_is_400():
    async with serving(SCORE) as client:
        assert (await client.get("/fhir/Observation/o1?_format=%FF")).status == 400


async def test_a_resource_without_a_version_has_no_tag_to_compare():
    identifier = code_systems()[0]["id"]
    async with serving() as client:
        answer = await client.get(f"/fhir/CodeSystem/{identifier}", headers={"If-None-Match": '"1"'})

    assert answer.status == 200
    assert not {"ETag", "Last-Modified"} & set(answer.headers)


async def test_all_our_code_systems_are_served():
    async with serving() as client:
        assert (await client.get("/fhir/CodeSystem")).ids == [resource["id"] for resource in code_systems()]


async def test_a_code_system_is_found_by_its_url():
    wanted = code_systems()[1]
    async with serving() as client:
        assert (await client.get(f"/fhir/CodeSystem?url={wanted['url']}")).ids == [wanted["id"]]


async def test_a_code_system_that_is_not_ours_is_not_found():
    async with serving() as client:
        assert (await client.get("/fhir/CodeSystem?url=http://snomed.info/sct")).ids == []


async def test_a_code_system_is_found_by_its_id():
    wanted = code_systems()[2]["id"]
    async with serving() as client:
        assert (await client.get(f"/fhir/CodeSystem?_id={wanted}")).ids == [wanted]


async def test_the_capability_statement_is_sound_and_names_what_every_search_takes():
    async with serving(web=parts(version="0.9.1")) as client:
        statement = (await client.get("/fhir/metadata")).resource

    resources = {one["type"]: one for one in statement["rest"][0]["resource"]}
    assert statement["software"]["version"] == "0.9.1"
    assert statement["implementation"]["url"].endswith("/fhir")
    published = {"CodeSystem", "StructureDefinition", "ValueSet"}
    assert set(resources) == {"Observation", "DiagnosticReport", "Provenance", "Device"} | published
    assert {"patient.identifier", "code", "date", "status", "_lastUpdated", "identifier", "_count"} <= {
        parameter["name"] for parameter in resources["Observation"]["searchParam"]
    }


async def test_the_capability_statement_is_the_same_each_time():
    async with serving() as client:
        assert (await client.get("/fhir/metadata")).body == (await client.get("/fhir/metadata?mode=full")).body
