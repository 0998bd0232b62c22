"""A score that the server does not take, as an operator sees it: found by doctor, closed with a reason, sent again."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from desk import HEADERS, KEY, desk_of, post, read, said_by_doctor
from fakes import serving
from postgres_server import PostgresPlace
from store_places import url
from under_test import FIXTURES, AdapterUnderTest, payloads_of

CASES = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text("utf-8"))}


@asynccontextmanager
async def score_that_was_refused(folder: Path, place: Path | PostgresPlace) -> AsyncIterator[tuple[Any, Any, str]]:
    """A service, a server that takes no transactions, and the id of the score that it refused."""
    (folder / "keys").write_text(f"it-desk:{KEY}\n")
    async with serving() as server:
        server.transactions = False
        sections = {
            "store": {"url": url(place)},
            "security": {"api_keys": str(folder / "keys")},
            "destination": {"plan": "transaction", "fhir_base_url": server.base},
        }
        async with AdapterUnderTest(folder, **sections) as adapter:
            await adapter.send(*payloads_of(CASES["corrected_fdg"])[:2])
            await adapter.settled()
            (letter,) = (await read(adapter, "/dead-letters"))["dead_letters"]
            yield adapter, server, letter["score"]


async def listed(adapter: AdapterUnderTest) -> list[str]:
    return [one["score"] for one in (await read(adapter, "/dead-letters"))["dead_letters"]]


@pytest.mark.slow
async def test_a_score_that_was_refused_is_a_problem_until_a_person_closes_it_and_again_when_another_is_refused(
    tmp_path: Path, place: Path | PostgresPlace
) -> None:
    async with score_that_was_refused(tmp_path, place) as (adapter, server, one):
        before = said_by_doctor(adapter)
        closed = [await post(adapter, f"/dead-letters/{one}/close", reason="entered by hand") for _ in range(2)]
        left, after = await listed(adapter), said_by_doctor(adapter)
        shown = await read(adapter, f"/dead-letters/{one}")
        (score,) = (await read(adapter, "/scores"))["scores"]
        every = await post(adapter, "/dead-letters/replay", reason="all of them")

        await adapter.send(*payloads_of(CASES["corrected_fdg"])[2:])
        await adapter.settled()
        corrected = await listed(adapter)
        await post(adapter, f"/dead-letters/{one}/close", reason="entered by hand too")
        server.transactions = True
        again = await post(adapter, "/dead-letters/replay", reason="switched on", only=one)
        await adapter.settled()
        (arrived,) = (await read(adapter, "/scores"))["scores"]

    assert (before, after) == (
        ["1 score(s) were not taken by their destination"],
        ["nothing waits for a person"],
    )
    assert [status for status, _ in closed] == [200, 409]
    assert (closed[0][1], left) == ({"score": one, "dead_letter": "closed"}, [])
    assert (shown["state"], shown["status"], score["state"]) == ("closed", 405, "delivering")
    assert [(entry["action"], entry["by"]) for entry in shown["history"]] == [("close-dead-letter", "it-desk")]
    assert every[1] == {"replayed": 0, "answers": 0}
    assert corrected == [one]
    assert (again[1]["replayed"], arrived["state"], len(server.store.standing())) == (1, "published", 1)


@pytest.mark.slow
async def test_a_score_that_was_refused_is_closed_and_shown_by_command(tmp_path: Path) -> None:
    async with score_that_was_refused(tmp_path, tmp_path) as (adapter, _, one):
        desk = desk_of(adapter, tmp_path)

        both = await desk("messages", "close", one, "--score", "--answer", "--reason", "which?")
        closed = await desk("messages", "close", one, "--score", "--reason", "entered by hand")
        _, shown = await desk("messages", "show", one, "--score")
        twice = await desk("messages", "close", one, "--score", "--reason", "entered by hand")
        left = await desk("replay", "--dead")

    assert (both[0], twice[0]) == (2, 2)
    assert closed == (0, f"{one}  dead letter closed\n")
    assert "state       closed\n" in shown
    assert "codes       not-supported\n" in shown
    assert "close-dead-letter  it-desk  entered by hand" in shown
    assert left == (0, "0 dead letter(s)\n")


async def test_only_a_known_client_closes_a_dead_letter_and_says_why(tmp_path: Path) -> None:
    async with score_that_was_refused(tmp_path, tmp_path) as (adapter, _, one):
        path, why = f"/dead-letters/{one}/close", {"reason": "a test"}
        answers = []
        for where, headers, body in (
            (path, {}, why),
            (path, HEADERS, {"reason": " "}),
            ("/dead-letters/nobody-s/close", HEADERS, why),
        ):
            async with adapter.http.post(where, json=body, headers=headers) as answer:
                answers.append(answer.status)
        async with adapter.http.get("/dead-letters/nobody-s", headers=HEADERS) as answer:
            answers.append(answer.status)
        shown = await read(adapter, f"/dead-letters/{one}")

    assert (answers, shown["state"], shown["history"]) == ([401, 400, 404, 404], "open", [])
