"""Patients whose links say that two records are one person's: as ADT^A40, and taken back by a later version."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from fhir_twin_values import AUTHORITIES
from fhir_twins import bundle
from test_fhir_in import DASHBOARD, kept, send, taking
from test_merged_records import FDG_OF_TWO, MERGE, ONE, SSTR_OF_ONE, TWO, UNLINK, told, withdrawn

from adapter.fhir.json_text import from_json, to_json
from adapter.hl7v2.message import Message


def patient(number: str, *, hour: int = 1, link: tuple[str, str] | None = None, **facts: Any) -> dict[str, Any]:
    """A version of a record, as its server has it at an hour."""
    found: dict[str, Any] = {"resourceType": "Patient", "id": f"p{number}", "active": True} | facts
    found["meta"] = {"versionId": str(hour), "lastUpdated": f"2026-11-21T{hour:02}:00:00Z"} | facts.get("meta", {})
    found["identifier"] = [{"system": "HOSP", "value": number, "type": {"coding": [{"code": "MR"}]}}]
    if link:
        found["link"] = [{"type": link[0], "other": {"reference": f"Patient/p{link[1]}"}}]
    return found


def body(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    """A Bundle; its transactions say what is to be done with each."""
    entries = [
        {"fullUrl": f"http://mpi.example/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]
    if kind in ("transaction", "batch"):
        for entry, one in zip(entries, resources, strict=True):
            entry["request"] = {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def by_fhir(payload: bytes, kind: str = "collection") -> dict[str, Any]:
    """The same report by FHIR, its identifiers by the names that v2 has for their authorities."""
    text = to_json(bundle(Message.parse(payload.decode()), kind))
    for name, system in AUTHORITIES.items():
        text = text.replace(system.encode(), name.encode())
    found: dict[str, Any] = from_json(text)
    return found


REPLACED = body(patient(ONE, link=("replaced-by", TWO), active=False), patient(TWO))
REPLACES = body(patient(TWO, link=("replaces", ONE)), patient(ONE, active=False))
APART = body(patient(ONE, hour=5))


async def sent(adapter: Any, *what: Any) -> None:
    """Send each by its own door, and wait."""
    for one in what:
        if isinstance(one, bytes):
            assert await adapter.send(one) == ["AA"]
        else:
            status, outcome, _ = await send(adapter, one if not _has_decimals(one) else to_json(one))
            assert status in (200, 201), outcome
    await adapter.settled()


def _has_decimals(one: Any) -> bool:
    return any(entry["resource"]["resourceType"] == "DiagnosticReport" for entry in one["entry"])


class Telling:
    """The service with FHIR in, whose scores are read by key."""

    def __init__(self, folder: Path) -> None:
        self._taking = taking(folder)

    async def __aenter__(self) -> Any:
        adapter = await self._taking.__aenter__()
        adapter.http.headers.update(DASHBOARD)
        return adapter

    async def __aexit__(self, *error: Any) -> None:
        await self._taking.__aexit__(*error)


@pytest.mark.parametrize("said", [REPLACED, REPLACES], ids=["replaced-by", "replaces"])
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_studies_of_two_records_are_a_pair_once_a_link_joins_these_in_any_order(tmp_path, said, order):
    what = (SSTR_OF_ONE, by_fhir(FDG_OF_TWO), said)
    async with Telling(tmp_path) as adapter:
        for place in order:
            await sent(adapter, what[place])

        assert (await told(adapter, ONE), await told(adapter, TWO)) == ([], ["P2a"])


@pytest.mark.parametrize("kind", ["transaction", "message", "history", "searchset", "batch"])
async def test_a_bundle_of_patients_alone_is_taken_and_answered_in_its_form(tmp_path, kind):
    async with Telling(tmp_path) as adapter:
        status, answer, _ = await send(adapter, body(patient(ONE, link=("replaced-by", TWO)), patient(TWO), kind=kind))
        await adapter.settled()

        assert (status, await kept(adapter)) == (200, ["read", "read"])
        if kind in ("transaction", "batch"):
            places = [entry["response"]["location"] for entry in answer["entry"]]
            assert all(place.startswith("Patient/") for place in places)


async def test_a_link_in_the_patient_of_a_report_joins_as_well(tmp_path):
    report = by_fhir(FDG_OF_TWO)
    (subject,) = (entry["resource"] for entry in report["entry"] if entry["resource"]["resourceType"] == "Patient")
    subject["link"] = [{"type": "replaces", "other": {"identifier": {"system": "HOSP", "value": ONE}}}]
    async with Telling(tmp_path) as adapter:
        await sent(adapter, SSTR_OF_ONE, report)

        assert await told(adapter, TWO) == ["P2a"]


@pytest.mark.parametrize("order", list(permutations([REPLACED, APART])), ids=["in order", "late"])
async def test_a_later_version_in_use_and_without_the_link_takes_it_back_in_any_order(tmp_path, order):
    async with Telling(tmp_path) as adapter:
        await sent(adapter, SSTR_OF_ONE, FDG_OF_TWO)
        await sent(adapter, *order)

        assert (await told(adapter, ONE), await told(adapter, TWO)) == ([], [])
        assert await withdrawn(adapter, TWO)


async def test_taking_back_brings_each_record_its_own_score(tmp_path):
    sstr, fdg = SSTR_OF_ONE, FDG_OF_TWO.replace(TWO.encode(), ONE.encode())
    async with Telling(tmp_path) as adapter:
        await sent(adapter, sstr, fdg, REPLACED)
        assert (await told(adapter, ONE), await told(adapter, TWO)) == ([], ["P2a"])
        await sent(adapter, APART)

        assert (await told(adapter, ONE), await withdrawn(adapter, TWO)) == (["P2a"], True)


async def test_the_patient_of_a_report_that_shows_no_link_takes_nothing_back(tmp_path):
    report = by_fhir(SSTR_OF_ONE)
    (entry,) = (entry for entry in report["entry"] if entry["resource"]["resourceType"] == "Patient")
    entry["resource"] |= {"active": True, "meta": {"lastUpdated": "2026-11-21T09:00:00Z"}}
    async with Telling(tmp_path) as adapter:
        await sent(adapter, FDG_OF_TWO, REPLACED, report)

        assert await told(adapter, TWO) == ["P2a"]


async def test_a_merge_by_v2_is_undone_by_v2(tmp_path):
    async with Telling(tmp_path) as adapter:
        await sent(adapter, SSTR_OF_ONE, FDG_OF_TWO, MERGE, APART)
        assert await told(adapter, TWO) == ["P2a"]
        await sent(adapter, UNLINK)

        assert await told(adapter, TWO) == []


async def test_a_link_to_a_record_that_is_not_there_and_has_no_identifier_is_held(tmp_path):
    async with Telling(tmp_path) as adapter:
        await sent(adapter, body(patient(ONE, link=("replaced-by", TWO))))
        (message,) = await adapter.service.store.messages()

        assert (message.state, message.problem) == ("held", "not-found")


async def test_a_bundle_of_patients_that_say_nothing_of_records_is_refused(tmp_path):
    async with Telling(tmp_path) as adapter:
        silent = patient(ONE)
        del silent["active"]
        status, outcome, _ = await send(adapter, body(silent))

        assert status == 422
        assert "no Patient that says" in outcome["issue"][0]["diagnostics"]


async def test_a_link_for_testing_joins_nothing(tmp_path):
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    said = patient(ONE, link=("replaced-by", TWO))
    said["meta"]["tag"] = [label]
    async with Telling(tmp_path) as adapter:
        await sent(adapter, SSTR_OF_ONE, FDG_OF_TWO, body(said, patient(TWO, active=False)))

        assert await told(adapter, TWO) == []


async def test_two_reports_by_fhir_that_disagree_on_the_patient_are_a_hard_stop(tmp_path):
    other = FDG_OF_TWO.replace(TWO.encode(), ONE.encode()).replace(b"19600101", b"19600202")
    async with Telling(tmp_path) as adapter:
        await sent(adapter, by_fhir(SSTR_OF_ONE), by_fhir(other))
        (stopped,) = await adapter.service.store.scores(("stopped",))

        assert await adapter.observations(ONE) == []
        assert "patient-mismatch" in stopped.summary["reasons"]
