"""``netpet-adapter db prune``: what retention would remove in its time, removed now, and the space given back."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from adapter.app.part_holder import PartHolders
from adapter.app.retention import PART, Pace, Pass, Pruned, rules, would_go
from adapter.cli.exits import ENVIRONMENT, OK
from adapter.cli.serve import settings_or_exit
from adapter.outcome import StoreUnavailableError
from adapter.settings import Settings
from adapter.store import backup
from adapter.store.leases import Tenure
from adapter.store.opening import Premises
from adapter.store.reclaim import gives_back, rebuild, stored_bytes
from adapter.store.store import Store
from adapter.telemetry import Telemetry

ALL_THE_TIME = Pace(timedelta(seconds=0.2), timedelta(0))
"""Nobody else works with the store: SQLite's service is stopped."""
PATIENCE = 60.0
"""Seconds to wait for a running service that prunes at this moment."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was told."""

    dry_run: bool
    as_json: bool


def run_prune(config: Path | None, asked: Asked) -> int:
    """Remove what may go, or list it; gives the exit code."""
    settings = settings_or_exit(config)
    try:
        told = _dry(settings) if asked.dry_run else _pruned(settings)
    except TimeoutError:
        typer.echo("netpet-adapter db: a running service prunes at this moment: try again later", err=True)
        return ENVIRONMENT
    except StoreUnavailableError as error:
        typer.echo(f"netpet-adapter db: {error}", err=True)
        return ENVIRONMENT
    typer.echo(json.dumps(told) if asked.as_json else _lines(told))
    return OK


def _dry(settings: Settings) -> dict[str, Any]:
    with backup.reading(settings.store.url, settings.store.password_file) as connection:
        found = [would_go(connection, rule) for rule in rules(settings, datetime.now(UTC))]
        return _members(found) | {"bytes": stored_bytes(connection), "done": False}


def _pruned(settings: Settings) -> dict[str, Any]:
    store = settings.store
    with backup.reading(store.url, store.password_file) as connection:
        before, shrinks = stored_bytes(connection), gives_back(connection)
    found = asyncio.run(_pass(settings))
    if not shrinks:
        typer.echo("the file is written anew, so that it gives space back", err=True)
        rebuild(store.url, Premises(store.password_file))
    with backup.reading(store.url, store.password_file) as connection:
        return _members(found) | {"bytes_before": before, "bytes": stored_bytes(connection), "done": True}


async def _pass(settings: Settings) -> list[Pruned]:
    """Under the lease: of processes on one database one prunes at a time."""
    kept = settings.store
    store = await Store.open(kept.url, premises=Premises(kept.password_file))
    pace = Pace.of(timedelta(seconds=settings.retention.batch)) if kept.is_shared else ALL_THE_TIME
    found: list[Pruned] = []

    async def part(tenure: Tenure) -> None:
        found.extend(await Pass(store.retention, pace, _tell).run(rules(settings, datetime.now(UTC)), tenure))

    try:
        holders = PartHolders(store.leases, timedelta(seconds=kept.lease), Telemetry(quiet=True), kept.is_shared)
        async with asyncio.timeout(PATIENCE) as waiting:
            holder = holders.holder(PART)
            await holder.run(lambda tenure: _begun(waiting, part, tenure))
    finally:
        await store.close()
    return found


async def _begun(waiting: asyncio.Timeout, part: Any, tenure: Tenure) -> None:
    """The lease is ours: from here on it takes as long as it takes."""
    waiting.reschedule(None)
    await part(tenure)


def _tell(pruned: Pruned) -> None:
    """Say how far it is, on a terminal's one line."""
    typer.echo(f"{pruned.kind.value}: {pruned.count} ({size_of(pruned.size)})", err=True)


def _members(found: list[Pruned]) -> dict[str, Any]:
    kinds = {one.kind.value: {"count": one.count, "bytes": one.size, "held_back": one.kept} for one in found}
    return {"pruned": kinds}


def _lines(told: dict[str, Any]) -> str:
    rows = [
        f"{kind:<10}{one['count']:>9}  {size_of(one['bytes']):>10}"
        + (f"  {one['held_back']} held back: something is open" if one["held_back"] else "")
        for kind, one in told["pruned"].items()
    ]
    if not told["done"]:
        return "\n".join([*rows, f"nothing was removed; the store takes {size_of(told['bytes'])}"])
    return "\n".join([*rows, f"the store took {size_of(told['bytes_before'])} and takes {size_of(told['bytes'])}"])


def size_of(count: float) -> str:
    """Turn a number of bytes into what a person reads."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
