"""Every synthetic case, sent over a real socket and read back over HTTP, becomes what was written down for it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from under_test import FIXTURES, AdapterUnderTest, patient_of, payloads_of, reasons_of

CASES = [
    case
    for case in json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    if "policy" not in case and "as_of" not in case
]


@pytest.fixture
async def adapter(tmp_path: Any) -> AsyncIterator[AdapterUnderTest]:
    async with AdapterUnderTest(tmp_path) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
async def test_a_case_becomes_what_was_written_down_for_it(case: dict[str, Any], adapter: AdapterUnderTest) -> None:
    payloads = payloads_of(case)

    acks = await adapter.send(*payloads)
    await adapter.settled()

    assert acks == case["ack"]
    assert await states(adapter, case) == expected_states(case)
    assert await outcome(adapter, case) == expected(case)


async def states(adapter: AdapterUnderTest, case: dict[str, Any]) -> list[str]:
    kept = [payload for payload, ack in zip(payloads_of(case), case["ack"], strict=True) if ack == "AA"]
    return await adapter.message_states(patient_of(kept[0])) if kept else []


def expected_states(case: dict[str, Any]) -> list[str]:
    """A refused message is not kept, one that is sent twice is kept once."""
    once = dict(zip(case["files"], case["message_states"], strict=True))
    return [state for state in once.values() if state != "refused"]


def expected(case: dict[str, Any]) -> dict[str, Any]:
    score = case["score"]
    if score is None:
        return {}
    return {
        name: score[name] for name in ("grade", "status", "group", "review_required", "interval_days") if name in score
    }


async def outcome(adapter: AdapterUnderTest, case: dict[str, Any]) -> dict[str, Any]:
    """The part of the Observation that the case speaks of."""
    found = await adapter.observations(case["patient"])
    if case["score"] is None:
        assert found == []
        return {}
    matching = [one for one in found if one["status"] == case["score"].get("status", one["status"])]
    assert len(matching) == 1
    check_reasons(case["score"], reasons_of(matching[0]))
    whole = described(matching[0])
    return {name: whole[name] for name in expected(case)}


def check_reasons(score: dict[str, Any], reasons: set[str]) -> None:
    assert set(score.get("reasons_include", ())) <= reasons
    assert not set(score.get("reasons_exclude", ())) & reasons
    assert set(score.get("reasons", reasons)) == reasons


def described(observation: dict[str, Any]) -> dict[str, Any]:
    components = {part["code"]["coding"][0]["code"]: part for part in observation["component"]}
    group = components.get("group", {}).get("valueCodeableConcept", {"coding": [{"code": None}]})
    return {
        "grade": observation.get("valueCodeableConcept", {}).get("text"),
        "status": observation["status"],
        "group": group["coding"][0]["code"],
        "review_required": components["review-required"]["valueBoolean"],
        "interval_days": components.get("scan-interval", {}).get("valueQuantity", {}).get("value"),
    }
