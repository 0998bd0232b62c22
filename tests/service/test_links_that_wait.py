"""A link to a Patient that nobody has seen yet: held, and taken by itself when that Patient comes, by any door."""

from itertools import permutations
from typing import Any

import pytest
from store_places import url
from test_fhir_in import DASHBOARD, taking
from test_linked_patients import APART, ONE, SSTR_OF_ONE, TWO, body, by_fhir, patient, sent
from test_merged_records import FDG_OF_TWO, THREE, told

from adapter.store.closings import Closing

SERVER = "http://mpi.example/Patient/"
REPLACED = body(patient(ONE, link=("replaced-by", TWO), active=False))
REPLACES = body(patient(TWO, link=("replaces", ONE)))
SURVIVOR = body(patient(TWO))
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
