"""The resources that are served: each in its versions, found by what they say, the newest first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from test_store_samples import JANE, JOHN, NOON, later, opened

from adapter.fhir.resource import RenderError
from adapter.fhir.resource_filter import ResourceFilter, Span, Token
from adapter.store.resource_index import index


def observation(id_: str = "1", day: str = "2026-11-12", **other) -> dict:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "preliminary",
        "code": {
            "coding": [{"system": "urn:oid:1", "code": "netpet-score"}, {"system": "http://loinc.org", "code": "1-8"}]
        },
        "subject": {"identifier": {"system": "urn:oid:9", "value": "123456"}},
        "effectivePeriod": {"start": day, "end": day},
        "valueQuantity": {"value": Decimal("3.10")},
    } | other


async def found(store, **filters) -> list[str]:
    page = await store.search_resources("Observation", ResourceFilter(**filters), 50)
    assert page.total == len(page.resources)
    return [resource["id"] for resource in page.resources]


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


async def test_a_served_resource_is_read_with_its_first_version_and_every_digit(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation()], NOON)

        served = await store.read_resource("Observation", "1")

    assert served["meta"] == {"versionId": "1", "lastUpdated": "2026-11-20T12:00:00.000Z"}
    assert str(served["valueQuantity"]["value"]) == "3.10"
    assert {name: value for name, value in served.items() if name != "meta"} == observation()


async def test_a_resource_that_is_not_there_is_none(place):
    async with opened(place) as store:
        assert await store.read_resource("Observation", "1") is None


async def test_the_same_content_again_changes_neither_version_nor_time(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation()], NOON)
        before = await store.read_resource("Observation", "1")
        turned = dict(reversed(observation().items()))
        await store.put_resources(None, JANE.key, [turned | {"meta": {"versionId": "9"}}], later(1))

        assert await store.read_resource("Observation", "1") == before
        assert len(await store.resource_history("Observation", "1")) == 1


async def test_one_device_behind_the_scores_of_two_patients_stays_one_version(place):
    device = {"resourceType": "Device", "id": "d", "status": "active"}
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [device], NOON)
        await store.put_resources(None, JOHN.key, [device], later(1))

        assert len(await store.resource_history("Device", "d")) == 1


@pytest.mark.parametrize("change", [{"status": "final"}, {"valueQuantity": {"value": Decimal("3.1")}}])
async def test_new_content_is_a_new_version_and_the_former_ones_are_kept(place, change):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation()], NOON)
        await store.put_resources(None, JANE.key, [observation(**change)], later(1))

        history = await store.resource_history("Observation", "1")

    assert [one["meta"]["versionId"] for one in history] == ["2", "1"]
    assert [one["meta"]["lastUpdated"][11:16] for one in history] == ["12:01", "12:00"]


async def test_what_else_a_resource_says_in_meta_is_served(place):
    security = [{"code": "DEVAST"}]
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation(meta={"security": security})], NOON)

        served = await store.read_resource("Observation", "1")

    assert served["meta"] == {"security": security, "versionId": "1", "lastUpdated": "2026-11-20T12:00:00.000Z"}


async def test_a_publication_is_served_whole_or_not_at_all(place):
    broken = observation("2", note=[{"text": object()}])
    async with opened(place) as store:
        with pytest.raises(RenderError):
            await store.put_resources(None, JANE.key, [observation("1"), broken], NOON)

        assert await store.read_resource("Observation", "1") is None


async def test_a_resource_that_moves_to_another_patient_is_a_new_version(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation()], NOON)
        await store.put_resources(None, JOHN.key, [observation()], later(1))

        assert await found(store, patients=(JOHN.key,)) == ["1"]
        assert await found(store, patients=(JANE.key,)) == []


async def test_a_search_finds_its_type_alone(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation(), {"resourceType": "Device", "id": "1"}], NOON)

        assert await found(store) == ["1"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"ids": ("1", "3")}, ["1"]),
        ({"patients": (JANE.key,)}, ["1"]),
        ({"patients": (JANE.key, JOHN.key)}, ["2", "1"]),
        ({"statuses": ("final", "amended")}, ["2"]),
        ({"codes": (Token("netpet-score"),)}, ["1"]),
        ({"codes": (Token("1-8", "http://loinc.org"),)}, ["1"]),
        ({"codes": (Token("1-8", "urn:oid:1"),)}, []),
        ({"codes": (Token("lesion"), Token("netpet-score"))}, ["2", "1"]),
        ({"identifiers": (Token("123456"),)}, ["1"]),
        ({"identifiers": (Token("123456", "urn:oid:9"),)}, ["1"]),
        ({"identifiers": (Token("123456", ""),)}, []),
        ({"identifiers": (Token("654321", ""),)}, ["2"]),
        ({"patients": (JANE.key,), "statuses": ("final",)}, []),
    ],
)
async def test_resources_are_found_by_what_they_say(place, filters, expected):
    other = observation(
        "2",
        "2026-11-13",
        status="final",
        code={"coding": [{"code": "lesion"}]},
        subject={"identifier": {"value": "654321"}},
    )
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation("1")], NOON)
        await store.put_resources(None, JOHN.key, [other], NOON)

        assert await found(store, **filters) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(ends_from=day(12)), ["2", "1"]),
        (Span(ends_from=day(13)), ["2"]),
        (Span(starts_before=day(13)), ["1"]),
        (Span(starts_before=day(12)), []),
        (Span(starts_from=day(12), ends_before=day(13)), ["1"]),
        (Span(starts_from=day(13)), ["2"]),
    ],
)
async def test_resources_are_found_by_when_they_were_true(place, span, expected):
    async with opened(place) as store:
        rows = [observation("1"), observation("2", "2026-11-14"), {"resourceType": "Observation", "id": "never"}]
        await store.put_resources(None, JANE.key, rows, NOON)

        assert await found(store, effective=span) == expected


async def test_resources_are_found_by_their_last_change(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation("1")], NOON)
        await store.put_resources(None, JANE.key, [observation("2")], later(1))

        assert await found(store, updated_from=later(1)) == ["2"]
        assert await found(store, updated_before=later(1)) == ["1"]


async def test_the_newest_examination_comes_first_whenever_it_was_written(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation("new", "2026-11-14")], NOON)
        await store.put_resources(None, JANE.key, [observation("old", "2026-11-12")], later(1))

        assert await found(store) == ["new", "old"]


async def test_pages_of_a_search_join_without_gap_or_repetition(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation(str(number)) for number in range(7)], NOON)
        pages = [await store.search_resources("Observation", ResourceFilter(), 3, offset) for offset in (0, 3, 6)]

    assert [page.total for page in pages] == [7, 7, 7]
    assert [one["id"] for page in pages for one in page.resources] == ["6", "5", "4", "3", "2", "1", "0"]


async def test_a_corrected_resource_is_found_by_what_it_says_now(place):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation()], NOON)
        await store.put_resources(None, JANE.key, [observation(code={"coding": [{"code": "new"}]})], later(1))

        assert await found(store, codes=(Token("new"),)) == ["1"]
        assert await found(store, codes=(Token("netpet-score"),)) == []


SECOND = timedelta(milliseconds=999)
FIVE_PAST_TEN = datetime(2026, 11, 19, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("element", "starts", "ends"),
    [
        ({"effectiveDateTime": "2026"}, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ({"effectiveDateTime": "2026-12"}, datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ({"effectiveDateTime": "2026-11-19"}, day(19), day(20)),
        ({"date": "2026-11-19"}, day(19), day(20)),
        ({"effectiveDateTime": "2026-11-19T10:05:00+01:00"}, FIVE_PAST_TEN, FIVE_PAST_TEN + timedelta(seconds=1)),
        ({"effectiveInstant": "2026-11-19T09:05:00Z"}, FIVE_PAST_TEN, FIVE_PAST_TEN + timedelta(seconds=1)),
        ({"effectiveDateTime": "2026-11-19T09:05:00"}, FIVE_PAST_TEN, FIVE_PAST_TEN + timedelta(seconds=1)),
        ({"effectivePeriod": {"start": "2026-11-12", "end": "2026-11-19"}}, day(12), day(20)),
    ],
)
def test_a_time_is_indexed_from_its_first_to_its_last_millisecond(element, starts, ends):
    found = index({"resourceType": "Observation"} | element)

    assert (found.starts, found.ends) == (_ms(starts), _ms(ends) - 1)


def _ms(time: datetime) -> int:
    return int(time.timestamp()) * 1000


def test_a_time_to_the_millisecond_is_just_that():
    found = index({"resourceType": "Observation", "effectiveInstant": "2026-11-19T09:05:00.250Z"})

    assert found.starts == found.ends == _ms(FIVE_PAST_TEN) + 250


@pytest.mark.parametrize("side", ["start", "end"])
async def test_a_period_that_is_open_on_one_side_has_no_bound_there(place, side):
    async with opened(place) as store:
        await store.put_resources(None, JANE.key, [observation(effectivePeriod={side: "2026-11-12"})], NOON)

        everywhere = Span(ends_from=day(30)) if side == "start" else Span(starts_before=day(1))
        assert await found(store, effective=everywhere) == ["1"]


@pytest.mark.parametrize(
    "odd",
    [
        {"code": "text"},
        {"code": {"coding": "text"}},
        {"code": {"coding": ["text", {"code": 7}]}},
        {"subject": "text"},
        {"subject": {"identifier": ["text"]}},
        {"subject": {"identifier": {"system": "no value"}}},
        {"status": 7, "effectiveDateTime": 7},
        {"effectiveDateTime": "yesterday"},
        {"effectiveDateTime": "2026-13"},
        {"effectiveDateTime": "9999"},
        {"identifier": [{"value": "a business identifier of no patient"}]},
    ],
)
def test_what_is_not_as_fhir_has_it_is_not_indexed(odd):
    found = index({"resourceType": "Observation"} | odd)

    assert (found.status, found.starts, found.ends, found.tokens) == (None, None, None, frozenset())


def test_a_patient_is_found_by_its_own_identifiers():
    found = index({"resourceType": "Patient", "identifier": [{"system": "urn:oid:9", "value": "123456"}]})

    assert found.tokens == {("identifier", "urn:oid:9", "123456")}
