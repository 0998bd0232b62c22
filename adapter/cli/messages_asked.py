"""What ``netpet-adapter messages`` asks the running service, and how it prints the answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any
from urllib.parse import quote

import typer

from adapter.cli.exits import OK
from adapter.cli.replay import NoAnswerError, Service, client_key
from adapter.cli.review_asked import Access
from adapter.cli.serve import settings_or_exit
from adapter.cli.visible import visible


class Closed(Enum):
    """What is closed: its path at the service, with the place of the id, and how it is said."""

    MESSAGE = "/messages/{}/close", "closed"
    ANSWER = "/messages/{}/answer/close", "answer closed"
    SCORE = "/dead-letters/{}/close", "dead letter closed"


def run_list(states: str, access: Access) -> int:
    """Print the messages in these states (empty: all), every page of them; gives the exit code."""
    return _asked(lambda service: _pages(service, states), _list_lines, access)


def run_show(id_: str, access: Access, *, score: bool) -> int:
    """Print what is known of a message, or of the dead letter of a score; gives the exit code."""
    path = f"/{'dead-letters' if score else 'messages'}/{quote(id_, safe='')}"
    return _asked(lambda service: service.ask("GET", path), _show_lines, access)


def run_close(what: Closed, id_: str, reason: str, access: Access) -> int:
    """Have the running service close the problem of a message, of its answer or of a score; gives the exit code."""
    path, said = what.value
    return _asked(
        lambda service: service.ask("POST", path.format(quote(id_, safe="")), {"reason": reason}),
        lambda members: f"{members['score' if what is Closed.SCORE else 'message']}  {said}",
        access,
    )


def _asked(
    ask: Callable[[Service], Awaitable[dict[str, Any]]], lines: Callable[[dict[str, Any]], str], access: Access
) -> int:
    settings = settings_or_exit(access.config)
    try:
        service = Service(settings.http, client_key(settings, access.client))
        members = asyncio.run(_answer(ask, service))
    except NoAnswerError as error:
        typer.echo(f"netpet-adapter messages: {error}", err=True)
        return error.exit_code
    typer.echo(json.dumps(members) if access.as_json else lines(members))
    return OK


async def _answer(ask: Callable[[Service], Awaitable[dict[str, Any]]], service: Service) -> dict[str, Any]:
    return await ask(service)


async def _pages(service: Service, states: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    more = ""
    while True:
        page = await service.ask("GET", f"/messages?state={quote(states)}{more}")
        found += page["messages"]
        if page["next"] is None:
            return {"messages": found}
        more = f"&before={page['next']}"


def _list_lines(members: dict[str, Any]) -> str:
    rows = [
        visible(
            f"{one['message']}  {one['received']}  {one['listener']}  {one['state']}  {one['problem'] or ''}"
        ).rstrip()
        for one in members["messages"]
    ]
    return "\n".join([*rows, f"{len(rows)} message(s)"])


def _show_lines(members: dict[str, Any]) -> str:
    shown = [(name, value) for name, value in members.items() if name not in ("notes", "history") and value is not None]
    notes = [("note", note) for note in members.get("notes", ())]
    done = [("history", "  ".join((one["at"], one["action"], one["by"], one["reason"]))) for one in members["history"]]
    return "\n".join(visible(f"{name:<11} {_said(value)}") for name, value in (*shown, *notes, *done))


def _said(value: object) -> str:
    """Say in words whether the body is kept, what became of the answer, and what a server named."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return "  ".join(str(part) for part in value.values() if part is not None)
    return {True: "kept", False: "not kept"}[value] if isinstance(value, bool) else str(value)
