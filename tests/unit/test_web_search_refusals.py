"""What a search is refused for: always 4xx, always an OperationOutcome, never a value of the request in it."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_fakes import FULL_DISK, Told, observation, parts, serving

SECRET = "4711-SECRET"

REFUSED = [
    ("patient=4711-SECRET", "parameter-unsupported", "patient"),
    ("patient=Patient/4711-SECRET", "parameter-unsupported", "patient"),
    ("patient=Group/6a3bfc0e-5d53-5ac2-8f0f-3f1b1f6f2a01", "parameter-unsupported", "patient"),
    ("patient.name=SECRET", "parameter-unsupported", "patient.name"),
    ("patient:Patient=SECRET", "parameter-unsupported", "patient:Patient"),
    ("patient.identifier:not=SECRET", "parameter-unsupported", "patient.identifier:not"),
    ("patient.identifier=urn:oid:1.2.3|", "parameter-unsupported", "patient.identifier"),
    ("patient.identifier=a|b|SECRET", "parameter-invalid", "patient.identifier"),
    ("patient.identifier=", "parameter-invalid", "patient.identifier"),
    ("patient.identifier=%20", "parameter-invalid", "patient.identifier"),
    ("patient.identifier=SECRET,", "parameter-invalid", "patient.identifier"),
    ("patient.identifier=SECRET,,b", "parameter-invalid", "patient.identifier"),
    ("pateint.identifier=SECRET", "parameter-unsupported", "pateint.identifier"),
    ("code:not=SECRET", "parameter-unsupported", "code:not"),
    ("code:text=SECRET", "parameter-unsupported", "code:text"),
    ("status=SECRET", "parameter-invalid", "status"),
    ("status=http://loinc.org|final", "parameter-invalid", "status"),
    ("date=banana", "parameter-invalid", "date"),
    ("date=2026-13", "parameter-invalid", "date"),
    ("date=2026-02-30", "parameter-invalid", "date"),
    ("date=0000", "parameter-invalid", "date"),
    ("date=2026-11-19T10", "parameter-invalid", "date"),
    ("date=2026-11-19T10:00:00%2B14:01", "parameter-invalid", "date"),
    ("date=2026-11-19T10:00:00%2B01:60", "parameter-invalid", "date"),
    ("date=0001-01-01T00:00:00%2B14:00", "parameter-invalid", "date"),
    ("date=%D9%A2%D9%A0%D9%A2%D9%A6", "parameter-invalid", "date"),
    ("date=ne2026", "parameter-unsupported", "date"),
    ("date=ap2026", "parameter-unsupported", "date"),
    ("date=2026,2025", "parameter-unsupported", "date"),
    ("date:missing=true", "parameter-unsupported", "date:missing"),
    ("_lastUpdated=banana", "parameter-invalid", "_lastUpdated"),
    ("_lastUpdated=ne2026", "parameter-unsupported", "_lastUpdated"),
    ("_id=not_an_id", "parameter-invalid", "_id"),
    ("_id=" + "a" * 65, "parameter-invalid", "_id"),
    ("_id=" + ",".join("a" * 101), "parameter-invalid", "_id"),
    ("identifier=urn:dicom:uid|urn:oid:1.2.3", "parameter-unsupported", "identifier"),
    ("identifier=urn:oid:2.25.54930188285360043366174129075465106905.20|a,b", "parameter-unsupported", "identifier"),
    ("identifier=not_an_id", "parameter-invalid", "identifier"),
    ("_count=-1", "parameter-invalid", "_count"),
    ("_count=ten", "parameter-invalid", "_count"),
    ("_count=%D9%A3", "parameter-invalid", "_count"),
    ("_count=1234567890", "parameter-invalid", "_count"),
    ("_count=1&_count=2", "parameter-invalid", "_count"),
    ("_offset=-1", "parameter-invalid", "_offset"),
    ("_offset=99999999999999999999", "parameter-invalid", "_offset"),
    ("_total=some", "parameter-unsupported", "_total"),
    ("_summary=true", "parameter-unsupported", "_summary"),
    ("_summary=text", "parameter-unsupported", "_summary"),
    ("_sort=date", "parameter-unsupported", "_sort"),
    ("_sort:x=date", "parameter-unsupported", "_sort:x"),
    ("category=SECRET", "parameter-unsupported", "category"),
    ("%3Cscript%3E=SECRET", "parameter-unsupported", None),
    ("=SECRET", "request-unreadable", None),
    ("code=%00", "request-unreadable", None),
    ("code=a%E2%80%AEb", "request-unreadable", None),
    ("code=%FF", "request-unreadable", None),
    ("code=%C3", "request-unreadable", None),
    ("code=%ED%A0%80", "request-unreadable", None),
    ("code=%zz", "request-unreadable", None),
    ("code=%", "request-unreadable", None),
    ("code=" + "&code=".join("a" * 65), "request-unreadable", None),
]


@pytest.mark.parametrize(("query", "fault", "parameter"), REFUSED)
async def test_what_cannot_be_followed_exactly_is_refused_by_name(query, fault, parameter):
    async with serving() as client:
        answer = await client.get(f"/fhir/Observation?{query}")

    assert (answer.status, answer.issue["details"]["text"]) == (400, fault)
    assert answer.issue.get("location") == ([f"http.{parameter}"] if parameter else None)


@pytest.mark.parametrize("query", [query for query, _, _ in REFUSED if "SECRET" in query])
async def test_no_value_of_a_refused_search_is_repeated(query):
    told = Told()
    async with serving(tell=told) as client:
        answer = await client.get(f"/fhir/Observation?{query}")

    assert b"SECRET" not in answer.body
    assert "SECRET" not in str(told)


@pytest.mark.parametrize("query", ["category=x", "_include=x", "_id=a&_elements=id"])
async def test_a_strict_client_is_told_of_every_unknown_parameter(query):
    async with serving() as client:
        answer = await client.get(f"/fhir/Observation?{query}", headers={"Prefer": "handling=strict"})

    assert answer.status == 400


async def test_a_mistyped_patient_never_gives_every_patient():
    async with serving(observation(1), observation(2, value="777")) as client:
        answer = await client.get("/fhir/Observation?pateint.identifier=777")

    assert answer.status == 400


async def test_a_modifier_that_we_do_not_know_is_refused_even_to_a_lenient_client():
    async with serving() as client:
        answer = await client.get("/fhir/Observation?code:not=a", headers={"Prefer": "handling=lenient"})

    assert answer.status == 400


async def test_a_type_without_a_date_cannot_be_sorted_by_it():
    async with serving() as client:
        answer = await client.get("/fhir/Device?_sort=-date")

    assert answer.issue["location"] == ["http._sort"]


async def test_a_target_is_a_reference():
    async with serving() as client:
        answer = await client.get("/fhir/Provenance?target=Observation/a/_history/1")

    assert answer.issue["location"] == ["http.target"]


async def test_a_url_that_is_too_long_is_414_and_says_how_to_search():
    async with serving() as client:
        answer = await client.get(f"/fhir/Observation?code={'a' * 9000}")

    assert answer.status == 414
    assert "_search" in answer.issue["diagnostics"]


async def test_a_form_that_is_too_large_is_413():
    async with serving() as client:
        answer = await client.search({"code": "a" * 70_000})

    assert (answer.status, answer.issue["code"]) == (413, "too-long")


@pytest.mark.parametrize("headers", [{"Content-Type": "application/json"}, {"Content-Type": "multipart/form-data"}])
async def test_a_search_by_another_form_is_415(headers):
    async with serving() as client:
        answer = await client.search(b"code=a", headers=headers)

    assert (answer.status, answer.issue["details"]["text"]) == (415, "media-type")


async def test_a_compressed_form_is_415():
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Encoding": "gzip"}
    async with serving() as client:
        answer = await client.search(b"\x1f\x8b", headers=headers)

    assert answer.status == 415


async def test_a_form_that_is_not_utf_8_is_400():
    async with serving() as client:
        answer = await client.search(b"code=\xff", headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert answer.status == 400


@pytest.mark.parametrize("query", ["_format=xml", "_format=application/fhir%2Bxml", "_format=json&_format=xml"])
async def test_xml_by_format_is_406(query):
    async with serving() as client:
        answer = await client.get(f"/fhir/Observation?{query}")

    assert (answer.status, answer.issue["location"]) == (406, ["http._format"])


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json;q=0, application/xml",
        "application/json;q=0.000",
    ],
)
async def test_a_client_that_does_not_take_r4_json_is_406(accept):
    async with serving() as client:
        answer = await client.get("/fhir/Observation", headers={"Accept": accept})

    assert answer.status == 406


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "application/fhir+json; fhirVersion=4.0",
        'application/fhir+json; fhirVersion="4.0.1"',
        "application/fhir+xml, application/fhir+json;q=0.5",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ],
)
async def test_a_client_that_takes_r4_json_among_others_gets_it(accept):
    async with serving() as client:
        answer = await client.get("/fhir/Observation", headers={"Accept": accept})

    assert answer.status == 200


async def test_format_goes_before_accept():
    async with serving() as client:
        answer = await client.get(
            "/fhir/Observation?_format=application/fhir+json", headers={"Accept": "application/xml"}
        )

    assert answer.status == 200


async def test_a_store_that_is_down_is_503_and_worth_another_try():
    web = parts(observation(1))
    web.reader.failure = FULL_DISK
    async with serving(web=web) as client:
        answer = await client.get("/fhir/Observation")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.issue["code"] == "no-store"


TEXT = st.text(max_size=40) | st.binary(max_size=20).map(lambda raw: raw.decode("latin-1"))
NAMES = st.sampled_from(["_id", "patient", "patient.identifier", "code", "status", "date", "identifier"])
PAGING = st.sampled_from(["_lastUpdated", "_count", "_offset", "_sort", "_total", "_continue"])
_DAY, _TIME = r"[0-9]{4}(-[0-9]{2}){0,2}", r"(T[0-9]{2}:[0-9]{2}(Z|\+[0-9]{2}:[0-9]{2})?)?"
DATES = st.from_regex(f"(ge|lt|eq|sa)?{_DAY}{_TIME}", fullmatch=True)
SEARCHES = st.lists(st.tuples(NAMES | PAGING | TEXT, TEXT | DATES), max_size=4)
QUERIES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60)


@settings(deadline=None, max_examples=60)
@given(
    searches=st.lists(st.lists(st.tuples(NAMES | PAGING | TEXT, TEXT | DATES), max_size=4), min_size=10, max_size=10)
)
async def test_no_search_whatever_it_holds_is_our_fault(searches):
    async with serving(observation(1)) as client:
        for search in searches:
            query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in search)

            assert (await client.get(f"/fhir/Observation?{query}")).status in (200, 400, 410)


@settings(deadline=None, max_examples=60)
@given(queries=st.lists(QUERIES))
async def test_no_query_string_whatever_it_holds_is_our_fault(queries):
    async with serving(observation(1)) as client:
        for query in queries:
            assert (await client.get(f"/fhir/Observation?{query}")).status in (200, 400)


def _quoted(text):
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
