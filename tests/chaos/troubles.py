"""What befalls a service that lives: its disk fails or is gone, its clock jumps, the FHIR server dies."""

import asyncio
import errno
import random
from collections import Counter

from chaos.destinations import FhirSide
from chaos.lives import DidNotStartError, Lives

DISK = {"disk full": errno.ENOSPC, "disk read-only": errno.EROFS, "disk errors": errno.EIO}
FARTHEST = 100 * 3600
"""Seconds by which the clock is wrong at most."""
CHANCE = 0.4
"""Of a life to have its trouble."""
LONGEST, LONGEST_OUTAGE = 0.4, 2.0
CANNOT = 3
"""Exit code of a service that cannot run where it is."""


class Troubles:
    """Chooses trouble for each life; ``count`` says which there was, ``wrong`` what was not as promised."""

    def __init__(self, chance: random.Random, lives: Lives, side: FhirSide | None) -> None:
        self._chance, self._lives, self._side = chance, lives, side
        self._kinds = [*DISK, "clock jumps", *([] if side is None else ["FHIR server dies"] * 3)]
        self._outage: asyncio.Task[None] | None = None
        self._disk: asyncio.Task[None] | None = None
        self.count: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def before(self) -> None:
        """The disk may be gone when the service is to start: then it must not, and must harm nothing."""
        if self._chance.random() < CHANCE / 10 and self._lives.database.exists():
            await self._gone()
        if self._chance.random() < CHANCE / 10:
            self._break_disk(self._chance.choice(list(DISK)))

    async def _gone(self) -> None:
        self.count["database gone"] += 1
        away = self._lives.folder.with_name("away")
        self._lives.folder.rename(away)
        self._lives.folder.write_text("no folder")
        await self._lives.conceive()
        try:
            await self._lives.born()
            self.wrong.append("it started although its folder was gone")
        except DidNotStartError:
            pass
        self._lives.kill()
        code = await self._lives.ended()
        if code != CANNOT:
            self.wrong.append(f"exit code {code} without a folder")
        self._lives.folder.unlink()
        away.rename(self._lives.folder)

    def during(self) -> None:
        """From when the service listens."""
        if self._chance.random() > CHANCE:
            return
        kind = self._chance.choice(self._kinds)
        if kind in DISK:
            self._break_disk(kind)
        elif kind == "clock jumps":
            self.count[kind] += 1
            self._lives.control.set_clock(self._chance.randint(-FARTHEST, FARTHEST))
        elif self._side is not None and (self._outage is None or self._outage.done()):
            self._outage = asyncio.create_task(self._fall(self._side))

    def _break_disk(self, kind: str) -> None:
        if self._disk is None:
            self._disk = asyncio.create_task(self._fail(kind, DISK[kind]))

    async def _fail(self, kind: str, error: int) -> None:
        self.count[kind] += 1
        await asyncio.sleep(self._chance.random() * LONGEST / 4)
        self._lives.control.fail(error)
        await asyncio.sleep(self._chance.random() * LONGEST)
        self._lives.control.fail(0)

    async def _fall(self, side: FhirSide) -> None:
        self.count["FHIR server dies"] += 1
        await side.die()
        await asyncio.sleep(self._chance.random() * LONGEST_OUTAGE)
        await side.start()

    @property
    def has_failing_disk(self) -> bool:
        """May the disk be why a service did not start?"""
        return self._disk is not None

    async def after(self) -> None:
        """When the life is over the disk is whole again; a server that is away may stay away."""
        if self._disk is not None:
            await self._disk
            self._disk = None

    async def end(self) -> None:
        """All is well again, and the clock is beyond whatever it was."""
        await self.after()
        if self._outage is not None:
            await self._outage
        self._lives.control.set_clock(FARTHEST)
