"""Signs of life: ``/livez`` (the loop turns), ``/readyz`` (work can be taken), ``/metrics`` (for Prometheus)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapter.outcome import StoreUnavailableError
from adapter.web.parts import Health, ReadinessCheck

STORE = "store"
FRESH = 1.0
"""Seconds for which the store's answer is taken as still true: each asking costs a write to the disk."""
PATIENCE = 5.0
"""Seconds that the store has to prove itself."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The Prometheus text format that the metrics are written in."""


class StoreProbe:
    """Asks the store whether it can write, at most once a second however many ask."""

    def __init__(self, health: Health, patience: float = PATIENCE) -> None:
        self._health = health
        self._patience = patience
        self._asking = asyncio.Lock()
        self._asked: float | None = None
        self._reason = ""

    async def reason(self) -> str:
        """Give the empty string when the store writes, else why it does not."""
        async with self._asking:
            if self._asked is None or time.monotonic() - self._asked > FRESH:
                self._reason = await self._ask()
                self._asked = time.monotonic()
            return self._reason

    async def _ask(self) -> str:
        try:
            async with asyncio.timeout(self._patience):
                await self._health.check()
        except StoreUnavailableError as error:
            return str(error)
        except TimeoutError:
            return "no answer in time"
        return ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Says whether work can be taken, and if not, why not."""

    store: StoreProbe
    checks: Sequence[ReadinessCheck]

    async def get(self, _: web.Request) -> web.StreamResponse:
        """Answer 200 when every condition holds, else 503; the JSON names each condition."""
        store = await self.store.reason()
        checks = [_member(STORE, store, ready=not store)]
        for check in self.checks:
            reason = check.reason()
            checks.append(_member(check.name, reason, ready=check.only_told or not reason))
        ready = all(check["ready"] for check in checks)
        body: dict[str, Any] = {"ready": ready, "checks": checks}
        return web.json_response(body, status=200 if ready else 503)


def _member(name: str, reason: str, *, ready: bool) -> dict[str, Any]:
    return {"name": name, "ready": ready, "reason": reason}


async def livez(_: web.Request) -> web.StreamResponse:
    """Answer that the loop turns; a process whose loop does not is restarted."""
    return web.json_response({"alive": True})


def metrics_handler(metrics: Callable[[], bytes]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Turn what gives the metrics into the handler that serves them."""

    async def get(_: web.Request) -> web.StreamResponse:
        return web.Response(body=metrics(), headers={"Content-Type": METRICS_TYPE})

    return get
