"""``netpet-adapter replay MESSAGE`` and by filter: asked of the running service page by page, with progress."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import typer

from adapter.cli.exits import ENVIRONMENT, FINDING, OK
from adapter.cli.replay import NoAnswerError, ReplayOffered, Service, client_key
from adapter.cli.replay_lines import changes_a_score, preview_lines, replay_lines
from adapter.cli.replay_options import Chosen
from adapter.cli.serve import settings_or_exit

PATIENT = aiohttp.ClientTimeout(total=60.0)
PAUSE = 0.25
"""Seconds until the next page is asked for where the service has enough to read."""
TOLD_EVERY = 2.0
"""Seconds between two lines of progress."""
AGAIN = "run the same command again: what was read anew already is read the same and changes nothing"
NOT_KEPT = "not-kept"


class Total:
    """What became of all pages so far: numbers are added, lists put one after the other.

    ``every`` is in seconds, between two lines of progress.
    """

    def __init__(self, every: float = TOLD_EVERY) -> None:
        self._every = every
        self.members: dict[str, Any] = {}
        self._left: Counter[tuple[str, str | None]] = Counter()
        self._told = time.monotonic()

    def add(self, page: dict[str, Any]) -> None:
        """Take in one page."""
        for one in page["left"]:
            self._left[one["why"], one["mapping"]] += one["count"]
        for name, value in page.items():
            if isinstance(value, dict):
                self.members[name] = dict(Counter(self.members.get(name, {})) + Counter(value))
            elif name not in _OF_THE_PAGE:
                self.members[name] = self.members.get(name, type(value)()) + value
        self.members["left"] = [
            {"why": why, "mapping": mapping, "count": count} for (why, mapping), count in self._left.items()
        ]

    def tell(self, unread: int | None) -> None:
        """Say on standard error how far it is, from time to time."""
        if time.monotonic() - self._told < self._every:
            return
        self._told = time.monotonic()
        seen = f"{self.members.get('read', 0)} looked at" if unread is None else f"{self.replayed} set back"
        waiting = "" if unread is None else f", {unread or 'none'} waited to be read"
        typer.echo(f"netpet-adapter replay: {seen}{waiting}", err=True)

    @property
    def replayed(self) -> int:
        """How many messages were set back."""
        return int(self.members.get("replayed", 0))


_OF_THE_PAGE = frozenset({"left", "after", "through", "done", "unread"})


def run_replay_messages(config: Path | None, told: ReplayOffered, chosen: Chosen) -> int:
    """Have the running service read messages anew, or show what that would change; gives the exit code."""
    settings = settings_or_exit(config)
    total = Total()
    try:
        service = Service(settings.http, client_key(settings, told.client), PATIENT)
        body = chosen.members if chosen.dry_run else chosen.members | {"reason": told.reason}
        asyncio.run(_ask_all(service, body, total, dry_run=chosen.dry_run))
    except (NoAnswerError, OSError) as error:
        typer.echo(f"netpet-adapter replay: {error}", err=True)
        if total.members:
            typer.echo(f"netpet-adapter replay: {total.replayed} message(s) were set back before; {AGAIN}", err=True)
        return error.exit_code if isinstance(error, NoAnswerError) else ENVIRONMENT
    lines = preview_lines(total.members) if chosen.dry_run else replay_lines(total.members)
    typer.echo(json.dumps(total.members) if told.as_json else "\n".join(lines))
    return _exit_code(total, chosen)


async def _ask_all(service: Service, body: dict[str, Any], total: Total, *, dry_run: bool) -> None:
    path = "/messages/replay/preview" if dry_run else "/messages/replay"
    async for page in _pages(service, path, body):
        total.add(page)
        total.tell(page.get("unread"))


async def _pages(service: Service, path: str, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    done = False
    while not done:
        page = await service.ask("POST", path, body)
        yield page
        done = page["done"]
        if not done and page["after"] == body.get("after", 0):
            await asyncio.sleep(PAUSE)
        body = body | {"after": page["after"], "through": page["through"]}


def _exit_code(total: Total, chosen: Chosen) -> int:
    """A finding: a score would change, or what was asked for is not read anew although its bytes are there."""
    if chosen.dry_run and any(map(changes_a_score, total.members["scores"])):
        return FINDING
    is_left = any(one["why"] != NOT_KEPT or "message" in chosen.members for one in total.members["left"])
    return FINDING if is_left else OK
