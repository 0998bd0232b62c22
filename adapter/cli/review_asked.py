"""What ``netpet-adapter review`` asks the running service, and how it prints the answer."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from adapter.cli.exits import ENVIRONMENT, OK
from adapter.cli.replay import NoAnswerError, Service, client_key
from adapter.cli.serve import settings_or_exit
from adapter.cli.visible import visible


@dataclass(frozen=True, slots=True)
class Access:
    """How the running service is asked: by which settings, as which client, and how its answer is printed."""

    config: Path | None
    client: str
    as_json: bool


def decision(verdict: str, seen: str, person: str, reason: str = "") -> dict[str, str]:
    """Turn what a person says into the body of the request."""
    return {"verdict": verdict, "seen": seen, "person": person, "reason": reason}


def run_list(access: Access, *, every: bool) -> int:
    """Print the scores; gives the exit code."""
    try:
        members = asyncio.run(_service(access).ask("GET", "/scores?state=published,rejected"))
    except (NoAnswerError, OSError) as error:
        typer.echo(f"netpet-adapter review: {error}", err=True)
        return ENVIRONMENT
    shown = [one for one in members["scores"] if every or not one["decision"]]
    typer.echo(json.dumps({"scores": shown}) if access.as_json else "\n".join([*map(_line, shown), _total(shown)]))
    return OK


def run_waiting(access: Access) -> int:
    """Print what waits for a partner study or a final report; gives the exit code."""
    try:
        members = asyncio.run(_service(access).ask("GET", "/waiting"))
    except (NoAnswerError, OSError) as error:
        typer.echo(f"netpet-adapter waiting: {error}", err=True)
        return ENVIRONMENT
    lines = [
        f"{one['patient']}  waits for {one['waits_for']}  until {one['until'] or 'it comes'}  since {one['since']}"
        for one in members["waiting"]
    ]
    typer.echo(json.dumps(members) if access.as_json else "\n".join([*lines, f"{len(lines)} waiting"]))
    return OK


def run_decide(score: str, body: dict[str, str], access: Access) -> int:
    """Have the running service keep a decision; gives the exit code."""
    try:
        members = asyncio.run(_service(access).ask("POST", f"/scores/{score}/confirmation", body))
    except (NoAnswerError, OSError) as error:
        typer.echo(f"netpet-adapter review: {error}", err=True)
        return error.exit_code if isinstance(error, NoAnswerError) else ENVIRONMENT
    typer.echo(json.dumps(members) if access.as_json else f"{members['score']}  {members['verdict']}")
    return OK


def _service(access: Access) -> Service:
    settings = settings_or_exit(access.config)
    return Service(settings.http, client_key(settings, access.client))


def _line(one: dict[str, Any]) -> str:
    review = "review" if one["review_required"] else "no review asked for"
    decided = f"{one['decision']['verdict']} by {one['decision']['person']}" if one["decision"] else "not decided on"
    changed = [f"the group was {one['group_changed_from']}"] if "group_changed_from" in one else []
    words = [f"{one['grade'] or 'no grade'}, group {one['group'] or 'open'}", review, *changed, decided]
    return visible("  ".join([one["score"], *words, *one["reasons"], f"seen {one['basis']}"]))


def _total(shown: list[dict[str, Any]]) -> str:
    return f"{len(shown)} score(s)"
