"""``GET /fhir/DiagnosticReport``: one report of ours for each score, which says what the score says and no more."""

import pytest
from web_fakes import JANE_KEY, SCORE_ID, FakeReader, observation, parts, publication, serving

from adapter.fhir.identity import LESION_SYSTEM, SUMMARY_SYSTEM

REPORTS = "/fhir/DiagnosticReport"


async def ask(path, *entries):
    async with serving(web=parts(reader=FakeReader(*entries))) as client:
        return await client.ask("GET", path)


async def test_a_report_has_its_scores_id_version_patient_and_state():
    found = publication(version="3")
    report = (await ask(f"{REPORTS}/{SCORE_ID}", *found)).resource
    (score,) = (one.resource for one in found if one.resource["id"] == SCORE_ID)

    assert report["resourceType"] == "DiagnosticReport"
    assert (report["id"], report["status"], report["subject"]) == (SCORE_ID, score["status"], score["subject"])
    assert report["meta"]["versionId"] == "3"
    assert report["result"][0]["reference"] == f"Observation/{SCORE_ID}"


async def test_a_lesion_has_no_report():
    found = publication()
    lesion = next(
        one.resource["id"]
        for one in found
        if one.resource["resourceType"] == "Observation" and one.resource["id"] != SCORE_ID
    )

    assert (await ask(f"{REPORTS}/{lesion}", *found)).status == 404


async def test_what_is_not_there_is_not_found():
    assert (await ask(f"{REPORTS}/{SCORE_ID}")).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"patient={JANE_KEY}",
        "status=preliminary",
        f"_id={SCORE_ID}",
        f"identifier={SUMMARY_SYSTEM}|{SCORE_ID}",
        "date=ge2026-11-01",
    ],
)
async def test_a_patients_reports_are_found_as_their_scores_are(query):
    assert (await ask(f"{REPORTS}?{query}", *publication())).ids == [SCORE_ID]


async def test_a_score_in_another_state_is_not_found_by_that_state():
    assert (await ask(f"{REPORTS}?status=final", *publication())).ids == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("status=nonsense", 400), ("status=http://hl7.org/fhir/observation-status|final", 400), ("code=x", 400)],
)
async def test_what_reports_cannot_be_searched_by_is_said(query, status):
    assert (await ask(f"{REPORTS}?{query}", *publication())).status == status


async def test_an_identifier_of_the_hospital_is_not_taken_for_one_of_ours():
    assert (await ask(f"{REPORTS}?identifier={LESION_SYSTEM}|{SCORE_ID}", observation(1))).status == 400
