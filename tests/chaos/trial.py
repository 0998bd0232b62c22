"""One trial: a service under load that dies again and again; then it may finish, and is held against the ledger."""

import asyncio
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from chaos.deaths import Death
from chaos.destinations import FhirSide, served
from chaos.hospital import Hospital
from chaos.lives import DidNotStartError, Lives
from chaos.power import Disk, restore
from chaos.sender import Ledger, Sender
from chaos.troubles import CANNOT, FARTHEST, Troubles
from chaos.verdict import asked, check_scores, check_sound, check_store, fresh, unsettled

CONNECTIONS, AHEAD = 4, 4
"""Connections of the sender, and messages on each before an answer."""
FINISH_WITHIN = 60.0
LATER = 1200
"""Seconds that the clock is moved on while a back-off is waited for."""
HOUR = 3600
KILLED = -9
ORDERLY_LIFE = 6.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried: ``power``: each death is a power cut; ``destination``: ``embedded`` or a kind of FHIR server."""

    seed: int
    lives: int = 40
    power: bool = False
    destination: str = "embedded"
    planted: str = ""
    sync_lies: bool = False
    troubles: bool = True
    orderly: bool = False
    """Lives end by SIGTERM."""
    slowest: float = 0.05
    """Seconds that the FHIR server takes for a write at most."""
    pace: float = 0.06
    """Seconds between two messages of a connection at most."""

    @property
    def settings(self) -> Mapping[str, str]:
        if self.destination == "embedded":
            return {}
        plan = "transaction" if self.destination == "hapi" else "sequential"
        return {"NETPET_DESTINATION__PLAN": plan, "NETPET_DESTINATION__TIMEOUT": "5"}


@dataclass(slots=True)
class Outcome:
    """What a trial came to."""

    wrong: list[str] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    scores: int = 0
    set_aside: int = 0


class Trial:
    """Runs a plan in a folder, with the library of power.c."""

    def __init__(self, plan: Plan, place: Path, library: Path) -> None:
        self._plan, self._place, self._library = plan, place, library
        self._chance = random.Random(f"trial {plan.seed}")
        self._outcome = Outcome()
        self._ledger = Ledger(place / "ledger")

    async def run(self) -> Outcome:
        """Turn the plan into what came of it."""
        try:
            async with AsyncExitStack() as parts:
                await self._prepare(parts)
                await self._live(parts)
        except DidNotStartError as error:
            self._outcome.wrong.append(f"it did not start: {error}")
        except (TimeoutError, sqlite3.DatabaseError) as error:
            self._outcome.wrong.append(f"it did not come to an end: {error!r}")
        finally:
            self._ledger.close()
        self._sum_up()
        return self._outcome

    async def _prepare(self, parts: AsyncExitStack) -> None:
        plan, settings = self._plan, dict(self._plan.settings)
        self._side: FhirSide | None = None
        if plan.destination != "embedded":
            side = FhirSide(plan.destination, random.Random(f"server {plan.seed}"), plan.slowest)
            self._side = await parts.enter_async_context(side)
            settings["NETPET_DESTINATION__FHIR_BASE_URL"] = side.server.base
        self._lives = await parts.enter_async_context(Lives(self._place, self._library, settings, plan.planted))
        self._lives.keeps_record, self._lives.sync_lies = plan.power, plan.sync_lies
        self._sender = Sender(Hospital(plan.seed).messages(), self._ledger, lambda: self._lives.mllp)
        self._sender.pace = lambda: plan.pace * self._chance.random()
        self._troubles = Troubles(self._chance, self._lives, self._side)

    async def _live(self, parts: AsyncExitStack) -> None:
        sending = asyncio.create_task(self._sender.run(CONNECTIONS, AHEAD))
        parts.callback(sending.cancel)
        for _ in range(self._plan.lives):
            if self._plan.orderly:
                await self._orderly_life()
                continue
            if self._plan.troubles:
                await self._troubles.before()
            await self._life()
        await self._troubles.end()
        await self._finish(sending)

    async def _orderly_life(self) -> None:
        await self._lives.conceive()
        await self._lives.born()
        await asyncio.sleep(ORDERLY_LIFE)
        await self._lives.stop()

    async def _life(self) -> None:
        """From a start to a death; a power cut takes from the disk what was not synced."""
        disk = Disk(self._lives.folder) if self._plan.power else None
        death = Death(self._chance, self._lives, self._sender, self._side)
        death.lie_in_wait()
        await self._lives.conceive()
        try:
            await self._lives.born()
            death.once_born()
            if self._plan.troubles:
                self._troubles.during()
        except DidNotStartError:
            if not self._may_not_start(await self._lives.ended()):
                raise
        await self._lives.ended()
        death.over()
        await self._troubles.after()
        self._outcome.deaths[death.kind] += 1
        if disk is not None:
            disk.follow(self._lives.record.read_bytes() if self._lives.record.exists() else b"")
            restore(self._lives.folder, disk.cut(self._chance), self._chance)

    def _may_not_start(self, code: int) -> bool:
        """A life may be killed before it listens, and refuse a disk that fails."""
        return code == KILLED or (code == CANNOT and self._troubles.has_failing_disk)

    async def _finish(self, sending: asyncio.Task[None]) -> None:
        """A last life without trouble: all is sent, read, delivered; then everything is compared."""
        self._lives.keeps_record = False
        if self._side is not None:
            self._side.recover()
        await self._lives.conceive()
        await self._lives.born()
        self._sender.stopping = True
        await asyncio.wait_for(sending, FINISH_WITHIN)
        await self._settle()
        expected = await asyncio.to_thread(fresh, self._ledger.accepted)
        found = self._side.scores() if self._side else await asyncio.to_thread(served, self._lives.http)
        self._outcome.scores = len(expected)
        self._outcome.set_aside = self._side.set_aside() if self._side else 0
        if self._plan.orderly and self._outcome.set_aside:
            self._outcome.wrong.append(f"{self._outcome.set_aside} doubles, though nobody died")
        self._outcome.wrong += check_scores(found, expected)
        self._outcome.wrong += [f"there twice: {name}" for name in (self._side.doubles() if self._side else ())]
        if await self._lives.stop():
            self._outcome.wrong.append("the orderly end was none")
        ask = asked(self._lives.database)
        self._outcome.wrong += check_store(ask, self._ledger.accepted) + check_sound(ask)

    async def _settle(self) -> None:
        """Wait until nothing is to be done; no back-off is sat out, the clock moves on."""
        ahead, until = FARTHEST, time.monotonic() + FINISH_WITHIN
        while left := unsettled(asked(self._lives.database), time.time() + ahead + HOUR):
            if time.monotonic() > until:
                self._outcome.wrong.append(f"{left} patients or messages are never done with")
                return
            await asyncio.sleep(0.25)
            ahead = min(ahead + LATER, 2 * FARTHEST)
            self._lives.control.set_clock(ahead)

    def _sum_up(self) -> None:
        outcome, accepted = self._outcome, self._ledger.accepted
        outcome.wrong += self._troubles.wrong
        outcome.troubles = self._troubles.count
        outcome.accepted, outcome.refused = len(accepted), self._ledger.refused
        outcome.repeated = sum(accepted.values()) - len(accepted)
