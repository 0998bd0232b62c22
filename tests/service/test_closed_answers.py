"""An answer that no peer took, as an operator sees it: found by doctor, listed, closed with a reason, sent again."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from answer_peer import AnswerListener
from answering import ENHANCED, commits, given_up
from mllp_messages import message
from postgres_server import PostgresPlace
from program import run
from raw_peer import raw_peer
from store_places import url
from under_test import AdapterUnderTest

KEY = "0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}"}


class Desk:
    """Runs commands beside a service, with its settings."""

    def __init__(self, folder: Path, adapter: AdapterUnderTest, sections: dict[str, Any]) -> None:
        self._folder = folder
        self._file = folder / "site.yaml"
        ports = {name: {"port": getattr(adapter.addresses, name)[1]} for name in ("http", "mllp")}
        self._file.write_text(json.dumps(sections | ports, default=str))

    async def __call__(self, *command: str) -> tuple[int, str]:
        """Gives the exit code, and all that was said."""
        done = await asyncio.to_thread(run, *command, "--config", self._file, folder=self._folder)
        return done.returncode, done.stdout + done.stderr


async def read(adapter: AdapterUnderTest, path: str) -> Any:
    """Read JSON with the key."""
    async with adapter.http.get(path, headers=HEADERS) as answer:
        return await answer.json()


@pytest.mark.slow
async def test_an_answer_that_was_given_up_is_a_problem_until_a_person_closes_it_or_has_it_sent_again(
    tmp_path: Path, place: Path | PostgresPlace
) -> None:
    (tmp_path / "keys").write_text(f"it-desk:{KEY}\n")
    common: dict[str, Any] = {"store": {"url": url(place)}, "security": {"api_keys": str(tmp_path / "keys")}}
    async with AnswerListener() as peer:
        await peer.close()
        sender = {"name": "default", "answers_to": peer.settings | {"give_up_after": 1}}
        async with AdapterUnderTest(tmp_path, mllp={"port": 0, "senders": [sender]}, **common) as adapter:
            async with raw_peer(adapter.addresses.mllp) as raw:
                await commits(raw, message("M1", "read", *ENHANCED))
            await adapter.settled()
            adapter.now += timedelta(hours=1)
            await given_up(adapter)
            desk = Desk(tmp_path, adapter, common)
            (one,) = (answer["message"] for answer in (await read(adapter, "/dead-letters"))["answers"])

            before = await desk("doctor")
            closed = await desk("messages", "close", one, "--answer", "--reason", "no such engine")
            shown, after, left = await asyncio.gather(
                desk("messages", "show", one), desk("doctor"), desk("replay", "--dead")
            )

            await peer.open()
            again = await desk("replay", "--dead", one, "--reason", "it is back")
            await peer.has(1)
            known = await read(adapter, f"/messages/{one}")

    assert (
        "note    problems: 1 answer(s) to senders were given up\n        -> netpet-adapter replay --dead" in before[1]
    )
    assert closed == (0, f"{one}  answer closed\n")
    assert "answer      closed  " in shown[1]
    assert "close-answer  it-desk  no such engine" in shown[1]
    assert "ok      problems: nothing waits for a person" in after[1]
    assert left == (0, "0 dead letter(s)\n")
    assert again == (0, "0 score(s) will be delivered again\n1 answer(s) will be sent again\n")
    assert [entry["action"] for entry in known["history"]] == ["close-answer", "answer-again"]


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
