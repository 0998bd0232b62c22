"""New mapping files come into use while the service runs: read whole, tested, swapped at once, or not at all."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

from adapter.app.mapping_files import Prove, Signature, identity, load_proven, names, signature, silent_changes
from adapter.app.mappings_in_use import MappingsInUse
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFileError
from adapter.telemetry import Telemetry

NAMED = 20
"""Faults that one notice names; `netpet-adapter map lint` names them all."""


class Outcome(Enum):
    """What an attempt came to."""

    SWAPPED = "swapped"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to bring the files into use: when, what set it off, what it came to, and why it was refused."""

    at: datetime
    trigger: str
    outcome: Outcome
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where mappings come from, and what proves them."""

    directory: Path
    prove: Prove

    def load(self, old: MappingSet) -> MappingSet:
        """Turn the files into a set that may follow on ``old``; raises MappingFileError with every fault."""
        mappings = load_proven(self.directory, self.prove)
        faults = list(silent_changes(old, mappings))
        if faults:
            raise MappingFileError(faults)
        return mappings


class HotReload:
    """Turns changed files into the set in use. Attempts go one after another; one that fails changes nothing.

    ``swapped`` is called after each exchange.
    """

    def __init__(
        self,
        source: Source,
        in_use: MappingsInUse,
        telemetry: Telemetry,
        clock: Callable[[], datetime],
        swapped: Callable[[], None],
    ) -> None:
        self._source = source
        self._in_use = in_use
        self._telemetry = telemetry
        self._clock = clock
        self._swapped = swapped
        self._one_at_a_time = asyncio.Lock()
        self._told = asyncio.Event()
        self._asked = ""
        self._tried: Signature | None = None
        self.last: Attempt | None = None

    @property
    def notice(self) -> str:
        """Why the files on the disk are not what is in use; the empty string when they are."""
        last = self.last
        if last is None or last.outcome is not Outcome.REFUSED:
            return ""
        return (
            f"the mapping files were refused at {last.at.isoformat(timespec='seconds')}, the former set stays in use: "
            + "; ".join(last.faults)
        )

    @property
    def brief_notice(self) -> str:
        """The same for whoever has no key: how many faults there are, and where they are named."""
        last = self.last
        if last is None or last.outcome is not Outcome.REFUSED:
            return ""
        named = f"GET /mappings names {len(last.faults)} fault(s)"
        return f"the mapping files were refused, the former set stays in use: {named}"

    def ask(self, trigger: str) -> None:
        """Have the files brought into use soon, by `watch`."""
        self._asked = trigger
        self._told.set()

    async def reload(self, trigger: str) -> Attempt:
        """Bring the files into use if they can be; ``trigger`` says in the log who or what asked for it."""
        async with self._one_at_a_time:
            self._tried = await asyncio.to_thread(signature, self._source.directory)
            attempt = await self._attempt(trigger)
            self.last = attempt
        self._tell(attempt)
        return attempt

    async def _attempt(self, trigger: str) -> Attempt:
        old = self._in_use.current
        try:
            new = await asyncio.to_thread(self._source.load, old)
        except MappingFileError as error:
            return Attempt(self._clock(), trigger, Outcome.REFUSED, _shown(map(str, error.faults)))
        except Exception as error:  # noqa: BLE001 - whatever a file does to us, the set in use stays and it is said
            return Attempt(self._clock(), trigger, Outcome.REFUSED, (f"the program failed: {type(error).__name__}",))
        now = self._clock()
        if identity(new) == identity(old):
            return Attempt(now, trigger, Outcome.UNCHANGED)
        self._in_use.swap(new, now)
        self._swapped()
        return Attempt(now, trigger, Outcome.SWAPPED)

    async def watch(self, every: float) -> None:
        """Prove what is in use, then look at the files every so many seconds, until cancelled.

        Files that changed are read once they stand still; with 0 they are read only when that is asked for.
        """
        await self.reload("start")
        last = self._tried
        while True:
            told = await self._is_told(every or None)
            if told:
                await self.reload(self._asked)
                continue
            seen = await asyncio.to_thread(signature, self._source.directory)
            if seen == last and seen != self._tried:
                await self.reload("files changed")
            last = seen

    async def _is_told(self, within: float | None) -> bool:
        try:
            async with asyncio.timeout(within):
                await self._told.wait()
        except TimeoutError:
            return False
        self._told.clear()
        return True

    def _tell(self, attempt: Attempt) -> None:
        self._telemetry.mappings_reloaded(attempt.outcome.value)
        if attempt.outcome is Outcome.REFUSED:
            self._telemetry.warn("mappings-refused", reason=attempt.trigger, faults="; ".join(attempt.faults))
            return
        current = self._in_use.current
        self._telemetry.say(f"mappings-{attempt.outcome.value}", reason=attempt.trigger, mapping=names(current.active))


def _shown(faults: Iterable[str]) -> tuple[str, ...]:
    every = list(faults)
    more = len(every) - NAMED
    return (*every[:NAMED], *([f"and {more} more"] if more > 0 else []))
