"""Retention in the whole service: bodies age and go, problems stay until a person closes them, scores never change."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retained import HELD, KEY, PAIRS
from under_test import AdapterUnderTest, patient_of

from adapter.app.retention import Pace, Pass, rules
from adapter.store.leases import ALONE, Tenure
from adapter.store.views import MessageFilter

US = Tenure("retention", ALONE)
QUICK = Pace(timedelta(seconds=1), timedelta(0))


def keeping(tmp_path: Path, **retention: object) -> AdapterUnderTest:
    (tmp_path / "keys").write_text(f"desk:{KEY}\n")
    security = {"api_keys": tmp_path / "keys"}
    return AdapterUnderTest(tmp_path, retention={"every": 1, **retention}, security=security)


async def prune(adapter: AdapterUnderTest) -> None:
    store = adapter.service.store
    await Pass(store.retention, QUICK).run(rules(adapter.service.settings, adapter.now), US)


async def bodies(adapter: AdapterUnderTest, *states: str) -> int:
    store = adapter.service.store
    listed = await store.messages(MessageFilter(states=states), limit=500)
    return [(await store.message(one.id)).raw is None for one in listed].count(False)


async def served(adapter: AdapterUnderTest) -> Any:
    """All that /fhir/Observation serves, as JSON."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with adapter.http.get("/fhir/Observation", params={"_count": "100"}, headers=headers) as answer:
        bundle = await answer.json(content_type=None)
    return [entry["resource"] for entry in bundle.get("entry", ())]


async def eventually(holds, within: float = 20.0) -> None:
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110 - the service tells nobody when it has pruned
            await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_the_service_itself_drops_what_is_too_old_and_serves_the_same_as_before(tmp_path):
    async with keeping(tmp_path) as adapter:
        await adapter.send(*(file.read_bytes() for file in PAIRS[:6]))
        await adapter.settled()
        before, kept = await served(adapter), await bodies(adapter, "read")
        adapter.now += timedelta(days=366)

        async def gone() -> bool:
            return await bodies(adapter, "read") < kept / 2

        await eventually(gone)
        await adapter.settled()
        assert await served(adapter) == before


@pytest.mark.slow
async def test_of_bodies_no_more_bytes_stay_than_the_site_wants(tmp_path):
    async with keeping(tmp_path, read_bytes=0) as adapter:
        await adapter.send(*(file.read_bytes() for file in PAIRS[:2]))
        await adapter.settled()

        async def gone() -> bool:
            return await bodies(adapter, "read") == 0

        await eventually(gone)


@pytest.mark.slow
async def test_a_problem_stays_for_years_and_ages_once_a_person_closed_it(tmp_path):
    headers = {"Authorization": f"Bearer {KEY}"}
    async with keeping(tmp_path) as adapter:
        await adapter.send(HELD)
        await adapter.settled()
        (held,) = await adapter.service.store.messages(MessageFilter(states=("held",)))
        adapter.now += timedelta(days=3000)
        await prune(adapter)
        assert await bodies(adapter, "held") == 1

        close = f"/messages/{held.id}/close"
        async with adapter.http.post(close, json={"reason": "a test of the RIS"}, headers=headers) as answer:
            assert (answer.status, (await answer.json())["state"]) == (200, "closed")
        async with adapter.http.post(close, json={"reason": "once more"}, headers=headers) as answer:
            assert answer.status == 409
        adapter.now += timedelta(days=89)
        await prune(adapter)
        assert await bodies(adapter, "closed") == 1
        adapter.now += timedelta(days=2)
        await prune(adapter)
        assert await bodies(adapter, "closed") == 0
        async with adapter.http.get(f"/messages/{held.id}", headers=headers) as answer:
            shown = await answer.json()
        assert [(one["action"], one["by"], one["reason"]) for one in shown["history"]] == [
            ("close-message", "desk", "a test of the RIS")
        ]
        adapter.now += timedelta(days=366)
        await prune(adapter)
        assert await adapter.service.store.message(held.id) is None


@pytest.mark.slow
async def test_a_late_correction_gives_the_same_score_whether_or_not_bodies_went(tmp_path):
    first, second = (file.read_bytes() for file in PAIRS[:2])
    header, _, rest = second.partition(b"\r")
    fields = header.split(b"|")
    fields[9] = b"LATE1"
    late = b"|".join(fields) + b"\r" + rest.replace(b"|F", b"|C")
    found = []
    for name, prunes in (("whole", False), ("pruned", True)):
        (tmp_path / name).mkdir()
        async with keeping(tmp_path / name, every=86400) as adapter:
            await adapter.send(first, second)
            await adapter.settled()
            adapter.now += timedelta(days=400)
            if prunes:
                await prune(adapter)
                assert await bodies(adapter, "read") == 0
            await adapter.send(late)
            await adapter.settled()
            states = await adapter.message_states(patient_of(late))
            found.append((states, [score_of(one) for one in await served(adapter)]))

    assert found[0] == found[1]


def score_of(observation: dict[str, Any]) -> dict[str, Any]:
    """What does not depend on when it was written."""
    return {name: value for name, value in observation.items() if name not in ("meta", "issued")}


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), when=st.sets(st.integers(0, 6)))
def test_pruning_at_any_moment_never_changes_what_is_served(tmp_path_factory, order, when):
    """The same messages with and without it end in the same Observations."""
    without, with_it = (
        asyncio.run(_sent(tmp_path_factory.mktemp("moment"), order, moments)) for moments in (set(), when)
    )

    assert without == with_it


async def _sent(here: Path, order: list[int], moments: set[int]) -> list[dict[str, Any]]:
    async with keeping(here, every=86400, read_bytes=0, message_days=30, read_days=0.001) as adapter:
        for number, file in enumerate(order):
            if number in moments:
                await _pruned_alike(adapter)
            await adapter.send(PAIRS[file].read_bytes())
            await adapter.settled()
        if 6 in moments:
            await _pruned_alike(adapter)
        return sorted((score_of(one) for one in await served(adapter)), key=lambda one: one["id"])


async def _pruned_alike(adapter: AdapterUnderTest) -> None:
    before = await served(adapter)
    await prune(adapter)
    await adapter.settled()
    assert await served(adapter) == before
