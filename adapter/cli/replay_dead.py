"""``netpet-adapter replay --dead``: scores and answers that nobody took, delivered again."""

import asyncio
import json
from pathlib import Path
from typing import Any

import typer

from adapter.cli.exits import ENVIRONMENT, OK
from adapter.cli.replay import NoAnswerError, ReplayOffered, Service, client_key
from adapter.cli.serve import settings_or_exit


def run_replay_dead(config: Path | None, told: ReplayOffered, only: str) -> int:
    """List the dead letters of the running service, or have one or all delivered again; gives the exit code."""
    settings = settings_or_exit(config)
    try:
        service = Service(settings.http, client_key(settings, told.client))
        members = asyncio.run(_ask(service, told.reason, only))
    except (NoAnswerError, OSError) as error:
        typer.echo(f"netpet-adapter replay: {error}", err=True)
        return error.exit_code if isinstance(error, NoAnswerError) else ENVIRONMENT
    typer.echo(json.dumps(members) if told.as_json else _lines(members))
    return OK


async def _ask(service: Service, reason: str, only: str) -> dict[str, Any]:
    if reason:
        body = {"reason": reason} | ({"only": only} if only else {})
        return await service.ask("POST", "/dead-letters/replay", body)
    return await service.ask("GET", "/dead-letters")


def _lines(members: dict[str, Any]) -> str:
    if "replayed" in members:
        again = [f"{members['replayed']} score(s) will be delivered again"]
        return "\n".join(
            [*again, *([f"{members['answers']} answer(s) will be sent again"] if members["answers"] else [])]
        )
    letters = [
        f"{one['score']}  since {one['failing_since']}  attempts {one['attempts']}  {_answer(one)}"
        for one in members["dead_letters"]
    ]
    answers = [
        f"{one['message']}  answer to {one['listener']}/{one['sender']} given up {one['at']}  {one['problem']}"
        for one in members["answers"]
    ]
    counts = [f"{len(letters)} dead letter(s)", *([f"{len(answers)} answer(s) given up"] if answers else [])]
    return "\n".join([*letters, *answers, *counts])


def _answer(letter: dict[str, Any]) -> str:
    parts = [f"status {letter['status']}" if letter["status"] else "no answer", *letter["codes"]]
    return ", ".join(part for part in [*parts, *letter["expressions"], letter["rule"]] if part)
