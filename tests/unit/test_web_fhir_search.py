"""What a search finds: each parameter, alone and together, over a real socket."""

from datetime import UTC, datetime

import pytest
from fhir_scores import SCORE_ID
from web_fakes import JANE_KEY, JOHN_KEY, MRN_SYSTEM, OUR_TERMS, Told, observation, publication, serving

from adapter.fhir.identity import LESION_SYSTEM, SCORE_SYSTEM, lesion_id

JANES = observation(1)
CONFIRMED = observation(2, status="final")
LESION = observation(3, code="lesion")
JOHNS = observation(4, value="777", patient=JOHN_KEY)
NO_SYSTEM = observation(5, value="123456", system=None)
EARLIER = observation(
    6,
    starts=datetime(2025, 3, 1, 8, 0, tzinfo=UTC),
    ends=datetime(2025, 3, 9, 9, 0, tzinfo=UTC),
    updated=datetime(2025, 3, 10, 7, 0, tzinfo=UTC),
)
ALL = (JANES, CONFIRMED, LESION, JOHNS, NO_SYSTEM, EARLIER)


async def found(query):
    async with serving(*ALL) as client:
        return (await client.get(f"/fhir/Observation{query}")).ids


async def test_without_parameters_everything_is_found_newest_first():
    assert await found("") == ["o1", "o2", "o3", "o4", "o5", "o6"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("_id=o2", ["o2"]),
        ("_id=o2,o4", ["o2", "o4"]),
        ("_id=o2&_id=o2,o4", ["o2"]),
        ("_id=absent", []),
        (f"patient={JOHN_KEY}", ["o4"]),
        (f"patient=Patient/{JOHN_KEY}", ["o4"]),
        (f"subject=Patient/{JOHN_KEY}", ["o4"]),
        (f"patient={JOHN_KEY},{JANE_KEY}&_id=o1,o4", ["o1", "o4"]),
        ("patient.identifier=777", ["o4"]),
        ("patient:identifier=777", ["o4"]),
        ("subject:identifier=777", ["o4"]),
        ("subject.identifier=777", ["o4"]),
        ("patient.identifier=123456", ["o1", "o2", "o3", "o5", "o6"]),
        (f"patient.identifier={MRN_SYSTEM}|123456", ["o1", "o2", "o3", "o6"]),
        (f"patient.identifier={MRN_SYSTEM}%7C123456", ["o1", "o2", "o3", "o6"]),
        ("patient.identifier=|123456", ["o5"]),
        ("patient.identifier=urn:oid:1.2.3|123456", []),
        ("patient.identifier=777,123456&_id=o1,o4", ["o1", "o4"]),
        ("code=lesion", ["o3"]),
        (f"code={OUR_TERMS}|lesion", ["o3"]),
        (f"code={OUR_TERMS}|netpet-score,{OUR_TERMS}|lesion&_id=o1,o3", ["o1", "o3"]),
        ("code=http://loinc.org|lesion", []),
        ("status=final", ["o2"]),
        ("status=final,preliminary&_id=o1,o2", ["o1", "o2"]),
        ("status=http://hl7.org/fhir/observation-status|final", ["o2"]),
        ("date=2025", ["o6"]),
        ("date=eq2025-03", ["o6"]),
        ("date=ge2026-11-19&_id=o1,o6", ["o1"]),
        ("date=gt2026-11-19&_id=o1,o6", []),
        ("date=lt2026&_id=o1,o6", ["o6"]),
        ("date=le2026-11-12&_id=o1,o6", ["o1", "o6"]),
        ("date=sa2026-11-11&_id=o1,o6", ["o1"]),
        ("date=eb2026&_id=o1,o6", ["o6"]),
        ("date=ge2026&date=lt2027&_id=o1,o6", ["o1"]),
        ("date=ge2026-11-19T10:05:00%2B01:00&_id=o1", ["o1"]),
        ("date=ge2026-11-19T10:05:00+01:00&_id=o1", ["o1"]),
        ("date=gt9999", []),
        ("_lastUpdated=ge2026&_id=o1,o6", ["o1"]),
        ("_lastUpdated=lt2026&_id=o1,o6", ["o6"]),
        ("_lastUpdated=2026-11-20T10:00:00.500Z&_id=o1,o6", ["o1"]),
        ("_lastUpdated=gt2026-11-20T10:00:00.500Z&_id=o1,o6", []),
        ("_lastUpdated=sa2026-11-20T10:00:00.499Z&_id=o1,o6", ["o1"]),
        ("_lastUpdated=le2025-03-10&_id=o1,o6", ["o6"]),
        ("_lastUpdated=eb2025-03-10&_id=o1,o6", []),
        ("_lastUpdated=ge2025&_lastUpdated=lt2026", ["o6"]),
        ("_lastUpdated=sa9999", []),
        ("_sort=-date&_id=o1", ["o1"]),
        ("_total=accurate&_id=o1", ["o1"]),
        ("_summary=false&_id=o1", ["o1"]),
        ("_format=json&_id=o1", ["o1"]),
        ("&_id=o1&", ["o1"]),
    ],
)
async def test_a_parameter_finds_exactly_what_it_names(query, ids):
    assert await found(f"?{query}") == ids


@pytest.mark.parametrize(
    "query",
    [
        "_id=o1&_id=o2",
        f"patient={JANE_KEY}&patient={JOHN_KEY}",
        f"patient.identifier={MRN_SYSTEM}|123456&patient.identifier=urn:oid:1.2.3|123456",
        "patient.identifier=777&patient:identifier=123456",
        "code=lesion&code=netpet-score",
        "status=final&status=preliminary",
    ],
)
async def test_values_that_exclude_each_other_find_nothing_and_never_everything(query):
    assert await found(f"?{query}") == []


async def test_a_score_is_found_by_the_identifier_that_we_gave_it():
    async with serving(*publication()) as client:
        answer = await client.get(f"/fhir/Observation?identifier={SCORE_SYSTEM}|{SCORE_ID}")

        assert answer.ids == [SCORE_ID]


async def test_a_lesion_is_found_by_the_identifier_that_we_gave_it():
    lesion = lesion_id(SCORE_ID, "L1")
    async with serving(*publication()) as client:
        answer = await client.get(f"/fhir/Observation?identifier={LESION_SYSTEM}|{lesion}")

        assert answer.ids == [lesion]


async def test_a_lesions_identifier_is_no_scores_identifier():
    async with serving(*publication()) as client:
        answer = await client.get(f"/fhir/Observation?identifier={SCORE_SYSTEM}|{lesion_id(SCORE_ID, 'L1')}")

        assert answer.ids == []


async def test_an_identifier_of_ours_is_found_without_its_system_too():
    async with serving(*publication()) as client:
        assert (await client.get(f"/fhir/Observation?identifier={SCORE_ID}")).ids == [SCORE_ID]


@pytest.mark.parametrize("form", ["Observation/{}", "{}", "http://127.0.0.1/fhir/Observation/{}"])
async def test_the_provenance_of_a_score_is_found_by_its_target(form):
    provenance = next(one.resource["id"] for one in publication() if one.resource["resourceType"] == "Provenance")
    async with serving(*publication()) as client:
        answer = await client.get(f"/fhir/Provenance?target={form.format(SCORE_ID)}")

        assert answer.ids == [provenance]


async def test_nothing_but_a_score_is_the_target_of_a_provenance():
    async with serving(*publication()) as client:
        assert (await client.get(f"/fhir/Provenance?target=Device/{SCORE_ID}")).ids == []


async def test_the_device_is_found():
    async with serving(*publication()) as client:
        assert len((await client.get("/fhir/Device")).ids) == 1


async def test_a_searchset_is_sound_r4_and_each_entry_can_be_fetched_by_its_full_url():
    async with serving(*publication()) as client:
        bundle = (await client.get("/fhir/Observation")).resource
        fetched = [(await client.get(one["fullUrl"])).status for one in bundle["entry"]]

    assert bundle["type"] == "searchset"
    assert fetched == [200, 200]


async def test_numbers_keep_their_digits():
    async with serving(*publication()) as client:
        body = (await client.get("/fhir/Observation")).body

    assert b'"value":20.0' in body


async def test_a_search_by_form_finds_what_a_search_by_url_finds():
    async with serving(*ALL) as client:
        by_form = await client.search({"patient.identifier": f"{MRN_SYSTEM}|123456", "code": "lesion"})

        assert by_form.ids == ["o3"]


async def test_parameters_of_the_url_count_as_if_they_stood_in_the_form():
    async with serving(*ALL) as client:
        answer = await client.search({"patient.identifier": "123456"}, "/fhir/Observation/_search?_id=o1,o4")

        assert answer.ids == ["o1"]


async def test_an_empty_form_asks_for_everything():
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with serving(*ALL) as client:
        assert len((await client.search(b"", headers=headers)).ids) == 6


async def test_a_configured_address_stands_in_every_link():
    async with serving(JANES, base_url="https://netpet.hospital.example/fhir/") as client:
        bundle = (await client.get("/fhir/Observation?_id=o1")).resource

    assert bundle["entry"][0]["fullUrl"] == "https://netpet.hospital.example/fhir/Observation/o1"
    assert bundle["link"][0]["url"].startswith("https://netpet.hospital.example/fhir/Observation?")


async def test_an_unknown_parameter_is_ignored_and_named_when_the_client_wishes_that():
    headers = {"Prefer": "handling=lenient"}
    async with serving(*ALL) as client:
        answer = await client.get("/fhir/Observation?_id=o1&category=imaging", headers=headers)
        bundle = answer.resource

    assert answer.ids == ["o1"]
    assert answer.headers["Preference-Applied"] == "handling=lenient"
    assert "category" not in bundle["link"][0]["url"]
    assert bundle["entry"][-1]["search"]["mode"] == "outcome"
    assert bundle["entry"][-1]["resource"]["issue"][0]["location"] == ["http.category"]


async def test_an_unknown_parameter_that_only_shapes_the_answer_is_ignored_and_named():
    async with serving(*ALL) as client:
        answer = await client.get("/fhir/Observation?_id=o1&_include=Observation:device")
        bundle = answer.resource

    assert bundle["total"] == 1
    assert bundle["entry"][-1]["resource"]["issue"][0]["location"] == ["http._include"]


async def test_the_self_link_finds_the_same_again():
    query = f"?patient.identifier={MRN_SYSTEM}%7C123456&date=ge2026-11-19T10:05:00%2B01:00&status=final,preliminary"
    async with serving(*ALL) as client:
        first = await client.get(f"/fhir/Observation{query}")
        again = await client.get(first.links["self"])

        assert first.ids == again.ids == ["o1", "o2", "o3"]


async def test_a_head_request_gets_the_headers_alone():
    async with serving(*ALL) as client:
        answer = await client.ask("HEAD", "/fhir/Observation?_id=o1")

        assert (answer.status, answer.body) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0


async def test_a_search_is_told_of_without_its_words():
    told = Told()
    async with serving(*ALL, tell=told) as client:
        await client.get("/fhir/Observation?patient.identifier=123456")
        await client.search({"patient.identifier": "123456"})
        await client.get("/fhir/Observation/o1")

    assert [facts["route"] for facts in told.named("request")] == [
        "/fhir/Observation",
        "/fhir/Observation/_search",
        "/fhir/Observation/{id}",
    ]
    assert "123456" not in str(told)
    assert "o1" not in str(told)
