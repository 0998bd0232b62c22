"""A link to a Patient that nobody has seen yet: held, and taken by itself when that Patient comes, by any door."""

import asyncio
import json
from itertools import permutations
from typing import Any

import pytest
from source_server import serving_reports
from store_places import url
from test_fhir_in import DASHBOARD, taking
from test_fhir_subscriptions import SECRET, sections
from test_linked_patients import APART, ONE, SSTR_OF_ONE, TWO, body, by_fhir, patient, sent
from test_merged_records import FDG_OF_TWO, THREE, adt, told
from under_test import AdapterUnderTest

from adapter.fhir.json_text import to_json
from adapter.store.closings import Closing

SERVER = "http://mpi.example/Patient/"
REPLACED = body(patient(ONE, link=("replaced-by", TWO), active=False))
REPLACES = body(patient(TWO, link=("replaces", ONE)))
SURVIVOR = body(patient(TWO))
REPLACED_LATE = body(patient(ONE, hour=4, link=("replaced-by", TWO), active=False))
STUDIES = (SSTR_OF_ONE, FDG_OF_TWO)


def telling(tmp_path: Any, place: Any) -> Any:
    return taking(tmp_path, store={"url": url(place)})


async def joined(adapter: Any) -> tuple[list[str], list[str]]:
    adapter.http.headers.update(DASHBOARD)
    return await told(adapter, ONE), await told(adapter, TWO)


async def problems(adapter: Any) -> list[str | None]:
    return [one.problem for one in await adapter.service.store.messages()]


def reported(payload: bytes, number: str) -> dict[str, Any]:
    """A report by FHIR whose Patient is at the address of the record."""
    found = by_fhir(payload)
    (entry,) = (one for one in found["entry"] if one["resource"]["resourceType"] == "Patient")
    reports = (one["resource"] for one in found["entry"] if one["resource"]["resourceType"] != "Patient")
    entry["resource"]["id"] = f"p{number}"
    entry["fullUrl"] = f"{SERVER}p{number}"
    for one in reports:
        if "subject" in one:
            one["subject"]["reference"] = entry["fullUrl"]
    return found


@pytest.mark.parametrize("order", list(permutations(range(2))), ids=["link first", "Patient first"])
async def test_a_link_and_its_patient_that_come_apart_join_in_any_order(tmp_path, place, order):
    async with telling(tmp_path, place) as adapter:
        await sent(adapter, *STUDIES)
        for number in order:
            await sent(adapter, (REPLACED, SURVIVOR)[number])

        assert (await joined(adapter), set(await problems(adapter))) == (([], ["P2a"]), {None})


async def test_a_link_waits_for_its_patient_and_says_so(tmp_path, place):
    async with telling(tmp_path, place) as adapter:
        await sent(adapter, *STUDIES, REPLACED)
        (held, *_) = await adapter.service.store.messages()
        detail = await adapter.service.store.message(held.id)

        assert (held.state, held.problem) == ("held", "not-found")
        assert (detail.place.path, "read again when its Patient comes" in detail.rule) == (
            "Bundle.entry[0].resource.link[0].other",
            True,
        )
        assert await joined(adapter) == ([], [])


@pytest.mark.parametrize("order", list(permutations(range(2))), ids=["link first", "report first"])
async def test_the_patient_of_a_report_is_enough(tmp_path, place, order):
    what = (REPLACED, reported(FDG_OF_TWO, TWO))
    async with telling(tmp_path, place) as adapter:
        await sent(adapter, SSTR_OF_ONE, *(what[number] for number in order))

        assert await joined(adapter) == ([], ["P2a"])


async def test_two_records_whose_links_wait_for_each_other_join(tmp_path, place):
    async with telling(tmp_path, place) as adapter:
        await sent(adapter, *STUDIES, REPLACED, REPLACES)

        assert (await joined(adapter), set(await problems(adapter))) == (([], ["P2a"]), {None})


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_link_that_was_taken_back_joins_nothing_whenever_its_patient_comes(tmp_path, order):
    what = (REPLACED, APART, SURVIVOR)
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, *(what[number] for number in order), REPLACED, SURVIVOR)

        assert (await joined(adapter), set(await problems(adapter))) == (([], []), {None})


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_newest_identifier_of_a_patient_counts_in_any_order(tmp_path, order):
    former = patient(THREE, hour=1) | {"id": f"p{TWO}"}
    what = (REPLACED, body(former), body(patient(TWO, hour=2)))
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, *(what[number] for number in order))

        assert await joined(adapter) == ([], ["P2a"])


async def test_a_patient_of_another_server_is_another_one(tmp_path):
    elsewhere = body(patient(TWO))
    elsewhere["entry"][0]["fullUrl"] = f"http://other.example/Patient/p{TWO}"
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, REPLACED, elsewhere)

        assert (await joined(adapter), "not-found" in await problems(adapter)) == (([], []), True)


async def test_a_part_of_a_patient_is_not_enough(tmp_path):
    part = patient(TWO, link=("replaces", "nobody"), meta={"tag": [{"code": "SUBSETTED"}]})
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, REPLACED, body(part))
        assert await problems(adapter) == ["not-found", "not-found", None, None]
        await sent(adapter, SURVIVOR)

        assert await joined(adapter) == ([], ["P2a"])


async def test_a_patient_for_testing_is_waited_for_no_less(tmp_path):
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, REPLACED, body(patient(TWO, meta={"tag": [label]})))

        assert (await joined(adapter), "not-found" in await problems(adapter)) == (([], []), True)


async def test_what_a_person_closed_stays_closed_when_its_patient_comes(tmp_path):
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, REPLACED)
        (held, *_) = await adapter.service.store.messages()
        await adapter.service.store.closings.close(held.id, Closing("a test patient", "it-desk", adapter.now))
        await sent(adapter, SURVIVOR)

        assert await joined(adapter) == ([], [])


async def test_a_link_that_would_close_a_circle_once_its_patient_comes_is_held_until_the_circle_is_open(tmp_path):
    async with telling(tmp_path, tmp_path) as adapter:
        await sent(adapter, *STUDIES, adt("A40", THREE, ONE, 1), REPLACED_LATE)
        await sent(adapter, SURVIVOR)
        assert "value-conflict" in await problems(adapter)
        await sent(adapter, adt("A37", THREE, ONE, 5))

        assert (await joined(adapter), set(await problems(adapter))) == (([], ["P2a"]), {None})


def at_a_server(payload: bytes, link: str = "") -> list[dict[str, Any]]:
    """The resources of a report as a server holds them; its Patient may be replaced by another one there."""
    resources = [entry["resource"] for entry in json.loads(to_json(by_fhir(payload)))["entry"]]
    for one in resources:
        if one["resourceType"] == "Patient" and link:
            one["link"] = [{"type": "replaced-by", "other": {"reference": f"Patient/{link}"}}]
    return resources


async def taken(adapter: Any, how: str, count: int) -> None:
    """Have the service look at the server, and wait until it has read so many messages."""
    if how == "notified":
        async with adapter.http.post("/subscriptions/pacs", headers=SECRET) as answer:
            assert answer.status == 200
    async with asyncio.timeout(20):
        while len(await adapter.service.store.messages()) < count:
            await adapter.service.store.check()
    await adapter.settled()


@pytest.mark.parametrize("how", ["notified", "polled"])
async def test_a_link_of_a_source_waits_for_a_patient_that_comes_with_a_later_report(tmp_path, how):
    more = {"poll": 60} if how == "polled" else {}
    async with serving_reports() as server:
        for one in at_a_server(SSTR_OF_ONE, link=f"p-{TWO}"):
            server.put(one)
        async with AdapterUnderTest(tmp_path, **sections(tmp_path, server.base, **more)) as adapter:
            await taken(adapter, how, 2)
            assert "not-found" in await problems(adapter)
        for one in at_a_server(FDG_OF_TWO):
            server.put(one, minutes=5)
        async with AdapterUnderTest(tmp_path, **sections(tmp_path, server.base, **more)) as adapter:
            await taken(adapter, how, 3)

            assert (await joined(adapter), set(await problems(adapter))) == (([], ["P2a"]), {None})
