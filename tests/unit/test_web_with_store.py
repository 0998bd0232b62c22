"""The HTTP side on the real store: what a delivered score is found by, and the assumptions that searches rest on."""

from datetime import UTC, datetime

import pytest
from fhir_scores import JANE, RENDERING, SCORE_ID, every_kind_of_score, score
from web_fakes import MRN_SYSTEM, parts, serving

from adapter.fhir.bundle import render_publication
from adapter.fhir.identity import SCORE_SYSTEM
from adapter.store.store import Store

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
async def client(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path}/netpet.db")
    await store.put_resources(None, JANE.key, render_publication(score(), RENDERING), AT)
    async with serving(web=parts(reader=store, health=store)) as client:
        yield client
    await store.close()


@pytest.mark.parametrize(
    "query",
    [
        f"patient={JANE.key}&code=netpet-score",
        f"patient.identifier={MRN_SYSTEM}|123456&code=netpet-score",
        "patient.identifier=123456&code=netpet-score&status=preliminary&_sort=-date&_count=1",
        f"identifier={SCORE_SYSTEM}|{SCORE_ID}",
        f"_id={SCORE_ID}",
        "date=ge2026-11-19&date=le2026-11-19&code=netpet-score",
        "date=2026-11&code=netpet-score",
        "_lastUpdated=2026-11-20T10:00:00Z&code=netpet-score",
    ],
)
async def test_a_delivered_score_is_found(client, query):
    assert (await client.get(f"/fhir/Observation?{query}")).ids == [SCORE_ID]


@pytest.mark.parametrize(
    "query",
    [
        "patient.identifier=urn:oid:1.2.3|123456",
        "patient.identifier=|123456",
        "patient.identifier=12345",
        "status=final",
        "date=2026-11-19",
        "date=ge2026-11-20",
        "date=gt2026-11-19",
        "_lastUpdated=gt2026-11-20T10:00:00Z",
        "_offset=999999999",
    ],
)
async def test_a_score_is_not_found_by_what_it_is_not(client, query):
    assert (await client.get(f"/fhir/Observation?{query}")).ids == []


async def test_the_provenance_of_a_delivered_score_is_found(client):
    assert len((await client.get(f"/fhir/Provenance?target=Observation/{SCORE_ID}")).ids) == 1


async def test_a_delivered_score_is_read_with_its_version(client):
    answer = await client.get(f"/fhir/Observation/{SCORE_ID}")

    assert (answer.headers["ETag"], answer.resource["id"]) == ('W/"1"', SCORE_ID)


async def test_as_many_alternatives_as_are_taken_fit_into_one_query(client):
    many = {
        name: ",".join(f"{value}{number}" for number in range(100))
        for name, value in (("_id", "i"), ("code", "s|c"), ("patient.identifier", "s|v"))
    }

    assert (await client.search(many)).ids == []


async def test_a_real_store_is_ready(client):
    assert (await client.get("/readyz")).status == 200


@pytest.mark.parametrize("name", every_kind_of_score())
def test_each_observation_has_one_code_of_one_system(name):
    """Two tokens for the code of one search are taken together by this."""
    resources = render_publication(every_kind_of_score()[name], RENDERING)
    observations = [one for one in resources if one["resourceType"] == "Observation"]

    assert all(len(one["code"]["coding"]) == 1 for one in observations)
