"""A part of the service that one process does at a time: it waits for its lease, works under it, and stops in time.

The holder counts the lease from before it asked for it, and lets go a sixth early: it has stopped before another can
begin. A process that was itself stopped for longer finds out when it goes on; until then ``stands`` says no.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import uuid4

from adapter.app.clocks import boot_clock
from adapter.app.leases import RENEWALS
from adapter.outcome import StoreUnavailableError
from adapter.store.leases import LeaseLostError, Tenure
from adapter.telemetry import Telemetry

LOOK = 5.0
"""Seconds between two looks whether a lease is free, at most: with the lease, the time after which another begins."""
EARLY = 1 / 6
"""The part of a lease before whose end its holder has stopped."""

Part = Callable[[Tenure], Awaitable[None]]
"""What is done under a lease, until it ends by itself or is cancelled."""


class LeaseStore(Protocol):
    """What keeps leases; each call may raise StoreUnavailableError."""

    async def take(self, name: str, holder: str, term: timedelta) -> Tenure | None:
        """Take a lease for so long; None while another process holds it."""
        ...

    async def renew(self, tenure: Tenure, term: timedelta) -> None:
        """Hold on for so long from now; raises LeaseLostError."""
        ...

    async def give_back(self, tenure: Tenure) -> None:
        """Let the next process take it at once."""
        ...


def this_process() -> str:
    """Name this process among others, for a person who looks."""
    return f"{socket.gethostname()} ({os.getpid()}, {uuid4().hex[:8]})"


@dataclass(frozen=True, slots=True)
class PartHolders:
    """Makes the holders of a process, one for each part; ``term`` is how long a lease lasts without renewal."""

    leases: LeaseStore
    term: timedelta
    telemetry: Telemetry
    shared: bool = True

    def holder(self, name: str) -> "PartHolder":
        """Turn a part's name into what does it in one process at a time."""
        return PartHolder(name, self.leases, self.term, self.telemetry)


class PartHolder:
    """This process for one named part: ``run`` does it whenever the lease is held here, ``stop`` begins it no more."""

    def __init__(self, name: str, leases: LeaseStore, term: timedelta, telemetry: Telemetry) -> None:
        self.name = name
        self._leases = leases
        self._term = term
        self._telemetry = telemetry
        self._process = this_process()
        self._look = min(LOOK, term.total_seconds() * EARLY)
        self._ends = 0.0
        self._stopping = asyncio.Event()

    def stands(self) -> bool:
        """May this process act under the lease now? Ask right before what cannot be undone."""
        return boot_clock() < self._ends

    def stop(self) -> None:
        """Wait for the lease no more; what is done under it is for its owner to end."""
        self._stopping.set()

    async def run(self, part: Part) -> None:
        """Do the part under the lease, again each time that the lease was lost, until it ends by itself or ``stop``.

        What the part raises is raised here, and the lease is given back: another process may do better.
        """
        while not self._stopping.is_set():
            tenure = await self._taken()
            if tenure is None:
                await self._rest(self._look)
                continue
            try:
                if await self._under(tenure, part):
                    return
            finally:
                self._ends = 0.0
                await self._give_back(tenure)

    async def _taken(self) -> Tenure | None:
        began = boot_clock()
        try:
            tenure = await self._leases.take(self.name, self._process, self._term)
        except StoreUnavailableError:
            return None
        if tenure is not None:
            self._count_from(began)
        return tenure

    def _count_from(self, began: float) -> None:
        self._ends = began + self._term.total_seconds() * (1 - EARLY)

    async def _under(self, tenure: Tenure, part: Part) -> bool:
        """Work while the lease is renewed; False: it was lost, and the work has ended."""
        self._tell(held=True)
        doing = asyncio.ensure_future(part(tenure))
        renewing = asyncio.create_task(self._renew(tenure))
        try:
            await asyncio.wait((doing, renewing), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                doing.result()
                return True
            self._telemetry.warn("part-lost", part=self.name)
            return False
        finally:
            for task in (doing, renewing):
                task.cancel()
            await asyncio.gather(doing, renewing, return_exceptions=True)
            self._tell(held=False)

    async def _renew(self, tenure: Tenure) -> None:
        """Renew until the lease is lost or could not be renewed in time."""
        every = self._term.total_seconds() / RENEWALS
        while self.stands():
            await asyncio.sleep(min(every, self._ends - boot_clock()))
            began = boot_clock()
            try:
                async with asyncio.timeout(max(0.0, self._ends - began)):
                    await self._leases.renew(tenure, self._term)
            except LeaseLostError:
                self._ends = 0.0
            except (StoreUnavailableError, TimeoutError):
                self._telemetry.failed("lease")
            else:
                self._count_from(began)

    async def _give_back(self, tenure: Tenure) -> None:
        try:
            await self._leases.give_back(tenure)
        except StoreUnavailableError:
            self._telemetry.warn("part-lapses", part=self.name)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _tell(self, *, held: bool) -> None:
        self._telemetry.part(self.name, held=held)
