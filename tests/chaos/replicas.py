"""Three replicas of the service on one PostgreSQL: each dies again and again, and so does the database."""

import asyncio
import random
import time
from contextlib import AsyncExitStack
from pathlib import Path

from chaos.deaths import Death
from chaos.destinations import FhirSide, served
from chaos.hospital import Hospital
from chaos.lives import DidNotStartError, Lives
from chaos.sender import Ledger, Sender
from chaos.server_disk import ServerDisk
from chaos.trial import AHEAD, CONNECTIONS, FINISH_WITHIN, HOUR, KILLED, Outcome, Plan
from chaos.troubles import CANNOT, CHANCE, DISK, FARTHEST
from chaos.verdict import Ask, check_scores, check_store, fresh, unsettled
from postgres_server import PostgresServer

REPLICAS = 3
LEASE = 2
"""Seconds after which a replica takes over from a dead one; the shortest that can be set."""
CRASHES = 0.03
"""Chance at each death of a replica that the database dies as well."""
LONGEST_OUTAGE = 1.0
LONGEST_START = 10.0
"""Seconds that a replica may take to start, or to find that it cannot."""


SOONER = "UPDATE patient SET due = 0 WHERE claimed IS NULL AND attempts > 0 AND due IS NOT NULL"
"""Ends every back-off."""


class ReplicaTrial:
    """Runs a plan on a database of its own; ``lives`` of the plan are shared out among the replicas."""

    def __init__(self, plan: Plan, place: Path, library: Path, server: PostgresServer) -> None:
        self._plan, self._place, self._library, self._server = plan, place, library, server
        self._chance = random.Random(f"replicas {plan.seed}")
        self._outcome = Outcome()
        self._ledger = Ledger(place / "ledger")
        self._left = plan.lives
        self._disk = ServerDisk.put_under(server)
        self._database = server.create()
        self._outages = 0
        self._returned = float("-inf")
        self._server_is_down = False

    async def run(self) -> Outcome:
        """Turn the plan into what came of it."""
        try:
            async with AsyncExitStack() as parts:
                await self._prepare(parts)
                await self._live(parts)
        finally:
            self._ledger.close()
        outcome, accepted = self._outcome, self._ledger.accepted
        outcome.troubles["PostgreSQL dies"] = self._outages
        outcome.accepted, outcome.refused = len(accepted), self._ledger.refused
        outcome.repeated = sum(accepted.values()) - len(accepted)
        return outcome

    async def _prepare(self, parts: AsyncExitStack) -> None:
        settings = dict(self._plan.settings) | {
            "NETPET_STORE__URL": self._server.url(self._database),
            "NETPET_STORE__LEASE": str(LEASE),
        }
        self._side: FhirSide | None = None
        if self._plan.destination != "embedded":
            side = FhirSide(self._plan.destination, random.Random(f"server {self._plan.seed}"), self._plan.slowest)
            self._side = await parts.enter_async_context(side)
            settings["NETPET_DESTINATION__FHIR_BASE_URL"] = side.server.base
        self._replicas = [
            await parts.enter_async_context(Lives(self._room(number), self._library, settings, self._plan.planted))
            for number in range(REPLICAS)
        ]
        self._sender = Sender(Hospital(self._plan.seed).messages(), self._ledger, self._any_address)
        self._sender.pace = lambda: self._plan.pace * self._chance.random()

    def _room(self, number: int) -> Path:
        room = self._place / f"replica{number}"
        room.mkdir()
        return room

    def _any_address(self) -> tuple[str, int] | None:
        alive = [one.mllp for one in self._replicas if one.mllp is not None]
        return self._chance.choice(alive) if alive else None

    async def _live(self, parts: AsyncExitStack) -> None:
        sending = asyncio.create_task(self._sender.run(CONNECTIONS, AHEAD))
        parts.callback(sending.cancel)
        await asyncio.gather(*(self._lives_of(one) for one in self._replicas))
        last = self._replicas[0]
        await last.conceive()
        await last.born()
        self._sender.stopping = True
        await asyncio.wait_for(sending, FINISH_WITHIN)
        await self._settle()
        await self._compare(last)

    async def _lives_of(self, replica: Lives) -> None:
        while self._left > 0:
            self._left -= 1
            death = Death(self._chance, replica, self._sender, self._side)
            death.lie_in_wait()
            await replica.conceive()
            try:
                self._set_clock(replica)
                await replica.born()
                death.once_born()
                self._set_clock(replica)
            except DidNotStartError as error:
                code = await replica.ended()
                if code != KILLED and not (code == CANNOT and self._is_away):
                    self._outcome.wrong.append(f"it did not start: {error}")
            await replica.ended()
            death.over()
            self._outcome.deaths[death.kind] += 1
            if self._plan.troubles and self._chance.random() < CRASHES:
                await self._outage()
            elif self._plan.troubles and self._chance.random() < CHANCE / 4:
                await self._broken_disk()

    def _set_clock(self, replica: Lives) -> None:
        """The clock of one machine is wrong at its start, or jumps; the others' are not."""
        if self._plan.troubles and self._chance.random() < CHANCE / 2:
            self._outcome.troubles["clock jumps"] += 1
            replica.control.set_clock(self._chance.randint(-FARTHEST, FARTHEST))

    async def _outage(self) -> None:
        """The database ends without a checkpoint and is away for a while."""
        if self._server_is_down:
            return
        self._outages += 1
        self._server_is_down = True
        self._server.crash()
        await asyncio.sleep(self._chance.random() * LONGEST_OUTAGE)
        self._server.start()
        self._server_is_down, self._returned = False, time.monotonic()

    async def _broken_disk(self) -> None:
        """The database runs, and cannot write to its tables for a while."""
        if self._server_is_down:
            return
        kind = self._chance.choice(list(DISK))
        self._outcome.troubles[f"PostgreSQL's {kind}"] += 1
        self._server_is_down = True
        self._disk.fail(DISK[kind])
        await asyncio.sleep(self._chance.random() * LONGEST_OUTAGE)
        self._disk.fail(0)
        self._server_is_down, self._returned = False, time.monotonic()

    @property
    def _is_away(self) -> bool:
        """Was the database away, or its disk broken, while a replica may have been starting?"""
        return self._server_is_down or time.monotonic() - self._returned < LONGEST_START

    def _ask(self) -> Ask:
        return lambda question: self._server.run(question, self._database)

    async def _settle(self) -> None:
        """Wait until nothing is to be done; no back-off is sat out. The time is that of the database."""
        until = time.monotonic() + FINISH_WITHIN
        while left := unsettled(self._ask(), time.time() + HOUR):
            if time.monotonic() > until:
                self._outcome.wrong.append(f"{left} patients or messages are never done with")
                return
            await asyncio.sleep(0.25)
            self._server.run(SOONER, self._database)

    async def _compare(self, last: Lives) -> None:
        expected = await asyncio.to_thread(fresh, self._ledger.accepted)
        found = self._side.scores() if self._side else await asyncio.to_thread(served, last.http)
        self._outcome.scores = len(expected)
        self._outcome.set_aside = self._side.set_aside() if self._side else 0
        self._outcome.wrong += check_scores(found, expected) + check_store(self._ask(), self._ledger.accepted)
        self._outcome.wrong += [f"there twice: {name}" for name in (self._side.doubles() if self._side else ())]
        if await last.stop():
            self._outcome.wrong.append("the orderly end was none")
