"""Pages two and three in turn: what came in for a patient is read, then the patient is brought up to date."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from adapter.app.clocks import ClockWatch, boot_clock
from adapter.app.courtesy import MOST, Courtesy
from adapter.app.known_patient import KnownPatient
from adapter.app.leases import LeaseKeeper, LeaseStore
from adapter.app.outage import HastenedStore, Outage
from adapter.app.publication_told import tell_publication
from adapter.app.reading_told import tell_reading
from adapter.delivery import DeliveryError
from adapter.outbound.answers import LONGEST_RETRY_AFTER
from adapter.outcome import Held, Problem, StoreUnavailableError
from adapter.publication import Claim, Destination, PatientStore, Site, StaleClaimError, bring_up_to_date
from adapter.reading import KeptMessage, Reading
from adapter.store.at_hand import AtHand
from adapter.store.codec import ReportNotKeepableError
from adapter.store.recording import Recorded
from adapter.telemetry import Telemetry

POLL = 1.0
"""Seconds between looks for due patients when nobody wakes the worker: deadlines, other replicas' marks."""
COURTEOUS_WAIT = 0.05
"""Seconds between looks whether senders still come without pause; and after which a slow delivery no longer keeps the
worker from the next patient while senders are there."""
READ_AT_ONCE = 100
"""Messages of one patient taken from the store at one time."""
FIRST_BACK_OFF = timedelta(seconds=1)
LONGEST_BACK_OFF = timedelta(minutes=15)
LONGEST_WAIT = max(LONGEST_BACK_OFF, LONGEST_RETRY_AFTER)
"""That a patient is put off for; who is put off for longer was so by a clock that has been set back since."""
MIND = 30.0
"""Seconds between two looks for such patients."""


class WorkStore(PatientStore, LeaseStore, HastenedStore, Protocol):
    """What the worker needs of the store besides publication's part."""

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """Give due patients to this worker."""
        ...

    async def unread(self, patient: str, limit: int = 100) -> list[KeptMessage]:
        """List a patient's messages that were not read yet, in order of arrival."""
        ...

    async def at_hand(self, patients: Sequence[str], limit: int = 100) -> dict[str, AtHand]:
        """Look up what is known of patients at once; one who is left out is looked up alone."""
        ...

    async def record_readings(self, claim: Claim, several: Sequence[tuple[KeptMessage, Reading]]) -> list[Recorded]:
        """Keep what messages said, or why they say nothing yet; gives what became of each."""
        ...

    async def set_right(self, now: datetime, longest: timedelta, lease: timedelta) -> int:
        """Make due what a clock that was set back since put off for longer than anything is."""
        ...

    async def settle(self, claim: Claim, due: datetime | None) -> None:
        """Give a claim back as done."""
        ...

    async def postpone(self, claim: Claim, due: datetime, problem: str) -> None:
        """Give a claim back as failed, to be tried again when due."""
        ...


class Worker:
    """Brings due patients up to date, many at a time, one claim a patient; a failing one delays nobody else."""

    def __init__(
        self,
        store: WorkStore,
        destination: Destination,
        read: Callable[[KeptMessage], Reading],
        site: Site,
        telemetry: Telemetry,
    ) -> None:
        self.courtesy = Courtesy(time.monotonic())
        self._store = store
        self._destination = destination
        self._read = read
        self._site = site
        self._telemetry = telemetry
        self._woken = asyncio.Event()
        self._stopping = False
        self._watch = ClockWatch()
        self._minded = -MIND
        self._in_hand: set[asyncio.Task[None]] = set()
        self.leases = LeaseKeeper(store, telemetry)
        self._outage = Outage(store)

    def wake(self) -> None:
        """Say that somebody is due."""
        self._woken.set()

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Work until ``stop``; a store that is down is waited for. A slow delivery delays its own patient alone."""
        renewing = asyncio.create_task(self.leases.run(clock))
        try:
            await self._run(clock)
        finally:
            renewing.cancel()

    async def _run(self, clock: Callable[[], datetime]) -> None:
        while not self._stopping:
            self._woken.clear()
            await self._mind_the_clock(clock())
            at_once = self.courtesy.at_once(time.monotonic())
            free = min(at_once, MOST - len(self._in_hand))
            claims = await self._claims(clock(), free) if free else []
            known = await self._known(claims)
            started = [self._start(claim, known.get(claim.patient), clock) for claim in claims]
            if free:
                self._measure_wait(claims, clock(), all_taken=len(claims) < free)
            if not at_once:
                await asyncio.sleep(COURTEOUS_WAIT)
            elif len(claims) < free or not free:
                await self._rest()
            elif at_once < MOST:
                await asyncio.wait(started, timeout=COURTEOUS_WAIT)
        await asyncio.gather(*self._in_hand, return_exceptions=True)

    async def _mind_the_clock(self, now: datetime) -> None:
        """Renew before anybody is taken whose lease only seems to be over; what a wrong clock put off is due."""
        was_set = self._watch.was_set(now)
        if was_set:
            self._telemetry.warn("clock-set", reason="leases in hand are renewed by the new time")
            await self.leases.renew(now)
        if was_set or boot_clock() - self._minded >= MIND:
            try:
                await self._store.set_right(now, LONGEST_WAIT, self.leases.lease)
                self._minded = boot_clock()
            except StoreUnavailableError:
                self._telemetry.failed("set-right")

    def _measure_wait(self, claims: Sequence[Claim], now: datetime, *, all_taken: bool) -> None:
        """Patients are given out the longest due first: none that is left has waited longer than the last one taken."""
        due = claims[-1].due if claims and not all_taken else None
        waited = now - due if due else timedelta(0)
        self.courtesy.oldest_due(time.monotonic() - waited.total_seconds())

    async def _claims(self, now: datetime, free: int) -> list[Claim]:
        try:
            return await self._store.claim(now, free, self.leases.lease)
        except StoreUnavailableError as error:
            self._telemetry.failed("claim")
            self._telemetry.warn("claim-failed", error=type(error).__name__)
            return []

    async def _known(self, claims: Sequence[Claim]) -> dict[str, AtHand]:
        """One look for all who were just claimed; where it fails each one's own look does, and is told."""
        try:
            return await self._store.at_hand([claim.patient for claim in claims], READ_AT_ONCE) if claims else {}
        except StoreUnavailableError:
            return {}

    def _start(self, claim: Claim, known: AtHand | None, clock: Callable[[], datetime]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._work(claim, known, clock))
        self._in_hand.add(task)
        self.leases.hold(task, claim)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._woken.set()

    def stop(self) -> None:
        """End after the patients in hand."""
        self._stopping = True
        self._woken.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _work(self, claim: Claim, known: AtHand | None, clock: Callable[[], datetime]) -> None:
        try:
            known = await self._read_all(claim, known)
            store = self._store if known is None else KnownPatient(self._store, known)
            changed, due = await bring_up_to_date(claim, store, self._destination, self._site, clock())
            await self._store.settle(claim, due)
        except StaleClaimError:
            self._telemetry.warn("claim-lost", patient=claim.patient)
        except DeliveryError as error:
            self._outage.failed(error)
            await self._postpone(claim, f"{type(error).__name__}: {error}", clock(), error.retry_after)
        except Exception as error:  # noqa: BLE001 - whatever befell one patient is tried again and stops nobody else
            await self._postpone(claim, type(error).__name__, clock())
        else:
            for publication in changed:
                tell_publication(self._telemetry, publication)
            await self._outage.delivered(changed, clock())

    async def _read_all(self, claim: Claim, known: AtHand | None) -> AtHand | None:
        """Read what waits, and give what is known then (None: it has to be looked up).

        What comes after the look makes the patient due once more when the claim is given back.
        """
        if known is not None:
            known = await self._read_some(claim, known.unread, known)
        if known is not None and known.all_unread:
            return known
        while messages := await self._store.unread(claim.patient, READ_AT_ONCE):
            await self._read_some(claim, messages, None)
        return None

    async def _read_some(self, claim: Claim, messages: Sequence[KeptMessage], known: AtHand | None) -> AtHand | None:
        read = [(message, self._read(message)) for message in messages]
        recorded = await self._record(claim, read) if read else []
        for (message, reading), kept in zip(read, recorded, strict=True):
            tell_reading(self._telemetry, message, kept)
            known = known and known.after(message, reading, kept.reading)
        return known

    async def _record(self, claim: Claim, read: Sequence[tuple[KeptMessage, Reading]]) -> list[Recorded]:
        """Keep readings; a report that the store could not give back as it is would be a wrong one later: held."""
        try:
            return await self._store.record_readings(claim, read)
        except ReportNotKeepableError:
            if len(read) > 1:
                return [kept for one in read for kept in await self._record(claim, [one])]
        held = Held(Problem.INTERNAL, rule="a value in it cannot be kept faithfully: report this message's id")
        return await self._store.record_readings(claim, [(read[0][0], held)])

    async def _postpone(self, claim: Claim, problem: str, now: datetime, at_least: timedelta | None = None) -> None:
        self._telemetry.failed("publication")
        self._telemetry.warn("publication-failed", patient=claim.patient, error=problem, attempts=claim.attempts + 1)
        try:
            wait = max(back_off(claim.attempts, random.random()), at_least or timedelta(0))  # noqa: S311
            await self._store.postpone(claim, now + wait, problem)
        except (StoreUnavailableError, StaleClaimError):
            self._telemetry.warn("claim-lapses", patient=claim.patient)


def back_off(attempts: int, chance: float) -> timedelta:
    """Turn the failures so far and a number in [0, 1) into a wait: full jitter, doubling from 1 s to 15 min."""
    ceiling = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * (1 << min(attempts, 20)))
    return ceiling * chance
