"""An answer that no peer took, as an operator sees it: found by doctor, listed, closed with a reason, sent again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answer_peer import AnswerListener
from answering import ENHANCED, commits, eventually, given_up
from desk import HEADERS, KEY, desk_of, post, read, said_by_doctor
from mllp_messages import message
from postgres_server import PostgresPlace
from raw_peer import raw_peer
from store_places import url
from under_test import AdapterUnderTest


@asynccontextmanager
async def answer_that_was_given_up(folder: Path, place: Path | PostgresPlace) -> AsyncIterator[tuple[Any, Any, str]]:
    """A service and a peer that was away until its answer was given up, and is back; and the id of the message."""
    (folder / "keys").write_text(f"it-desk:{KEY}\n")
    async with AnswerListener() as peer:
        await peer.close()
        sender = {"name": "default", "answers_to": peer.settings | {"give_up_after": 1}}
        sections = {"store": {"url": url(place)}, "security": {"api_keys": str(folder / "keys")}}
        async with AdapterUnderTest(folder, mllp={"port": 0, "senders": [sender]}, **sections) as adapter:
            async with raw_peer(adapter.addresses.mllp) as raw:
                await commits(raw, message("M1", "read", *ENHANCED))
            await adapter.settled()
            adapter.now += timedelta(hours=1)
            await given_up(adapter)
            await peer.open()
            (one,) = (await read(adapter, "/dead-letters"))["answers"]
            yield adapter, peer, one["message"]


@pytest.mark.slow
async def test_an_answer_that_was_given_up_is_a_problem_until_a_person_closes_it_or_has_it_sent_again(
    tmp_path: Path, place: Path | PostgresPlace
) -> None:
    async with answer_that_was_given_up(tmp_path, place) as (adapter, peer, one):
        before = said_by_doctor(adapter)
        closed = [await post(adapter, f"/messages/{one}/answer/close", reason="no such engine") for _ in range(2)]
        shown, left = await read(adapter, f"/messages/{one}"), await read(adapter, "/dead-letters")
        after = said_by_doctor(adapter)

        nobody = await post(adapter, "/dead-letters/replay", reason="it is back", only="nobody-s")
        every = await post(adapter, "/dead-letters/replay", reason="all of them")
        again = await post(adapter, "/dead-letters/replay", reason="it is back", only=one)
        await peer.has(1)
        await eventually(adapter, 0)
        known = await read(adapter, f"/messages/{one}")

    assert (before, after) == (["1 answer(s) to senders were given up"], ["nothing waits for a person"])
    assert [status for status, _ in closed] == [200, 409]
    assert (closed[0][1], left["answers"]) == ({"message": one, "answer": "closed"}, [])
    assert (shown["answer"]["state"], shown["answer"]["problem"][:9]) == ("closed", "given-up:")
    assert (nobody[0], every[1]["answers"], again[1]["answers"]) == (404, 0, 1)
    assert known["answer"]["state"] == "delivered"
    assert [(entry["action"], entry["by"]) for entry in known["history"]] == [
        ("close-answer", "it-desk"),
        ("answer-again", "it-desk"),
    ]


@pytest.mark.slow
async def test_an_answer_that_was_given_up_is_closed_and_sent_again_by_command(tmp_path: Path) -> None:
    async with answer_that_was_given_up(tmp_path, tmp_path) as (adapter, peer, one):
        desk = desk_of(adapter, tmp_path)

        closed = await desk("messages", "close", one, "--answer", "--reason", "no such engine")
        _, shown = await desk("messages", "show", one)
        again = await desk("replay", "--dead", one, "--reason", "it is back")
        await peer.has(1)

    assert closed == (0, f"{one}  answer closed\n")
    assert "answer      closed  " in shown
    assert "close-answer  it-desk  no such engine" in shown
    assert again == (0, "0 score(s) will be delivered again\n1 answer(s) will be sent again\n")


async def test_only_a_known_client_closes_an_answer_and_only_one_that_was_given_up(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"it-desk:{KEY}\n")
    async with AdapterUnderTest(tmp_path, security={"api_keys": str(tmp_path / "keys")}) as adapter:
        await adapter.send(message("M1", "held"))
        await adapter.settled()
        (held,) = await adapter.service.store.messages()
        path, why = f"/messages/{held.id}/answer/close", {"reason": "a test"}
        answers = []
        for where, headers in ((path, {}), (path, HEADERS), ("/messages/nobody-s/answer/close", HEADERS)):
            async with adapter.http.post(where, json=why, headers=headers) as answer:
                answers.append(answer.status)
        async with adapter.http.post(path, json={"reason": " "}, headers=HEADERS) as answer:
            answers.append(answer.status)
        shown = await read(adapter, f"/messages/{held.id}")

    assert (answers, shown["answer"], shown["history"]) == ([401, 409, 404, 400], None, [])
