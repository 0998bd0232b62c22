"""Claims that outlast their lease: renewed while the work goes on, so that a slow destination costs nobody's claim."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from adapter.outcome import StoreUnavailableError
from adapter.publication import Claim, StaleClaimError
from adapter.telemetry import Telemetry

LEASE = timedelta(seconds=60)
"""How long a claim holds without renewal."""
RENEWALS = 3
"""Renewals in a lease; two may fail before a claim is lost."""
RENEW = LEASE.total_seconds() / RENEWALS
"""Seconds between renewals."""


class LeaseStore(Protocol):
    """Who extends leases."""

    async def renew(self, claims: Sequence[Claim], now: datetime, lease: timedelta) -> None:
        """Extend leases; raises StaleClaimError that names those which do not stand any more."""
        ...


class LeaseKeeper:
    """Holds claims for the tasks that work under them, and ends a task whose claim is lost: it may no longer write."""

    def __init__(self, store: LeaseStore, telemetry: Telemetry, every: float = RENEW) -> None:
        self.lease = LEASE
        self._store = store
        self._telemetry = telemetry
        self._every = every
        self._held: dict[asyncio.Task[None], Claim] = {}

    def last(self, lease: timedelta) -> None:
        """Renew for as long as this from now on."""
        self.lease = lease
        self._every = lease.total_seconds() / RENEWALS

    def hold(self, task: asyncio.Task[None], claim: Claim) -> None:
        """Renew a claim until its task ends."""
        self._held[task] = claim
        task.add_done_callback(self._held.pop)

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Renew what is held, for ever; a store that is down is asked the next time."""
        while True:
            await asyncio.sleep(self._every)
            await self.renew(clock())

    async def renew(self, now: datetime) -> None:
        """Renew what is held, once."""
        try:
            await self._store.renew(list(self._held.values()), now, self.lease)
        except StaleClaimError as error:
            self._end(error.claims)
        except StoreUnavailableError:
            self._telemetry.warn("leases-not-renewed", count=len(self._held))

    def _end(self, lost: Sequence[Claim]) -> None:
        for task, claim in list(self._held.items()):
            if claim in lost:
                self._telemetry.warn("claim-lost", patient=claim.patient)
                task.cancel()
