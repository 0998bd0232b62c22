"""How a life ends: at a moment by chance, or at a point that chance names: an accept, a touch of the disk, a write."""

import asyncio
import random
from collections.abc import Callable

from chaos.destinations import FhirSide
from chaos.lives import Lives
from chaos.sender import Sender

LONGEST_START = 0.4
LONGEST_LIFE = 0.8
PATIENCE = 2.0
"""Seconds that a planted point may not be reached in."""
MOST_ACCEPTS, MOST_TOUCHES, MOST_WRITES = 30, 500, 6


class Death:
    """Chooses how the next life ends, and sees to it; ``kind`` names it."""

    def __init__(self, chance: random.Random, lives: Lives, sender: Sender, side: FhirSide | None) -> None:
        self._chance, self._lives, self._sender, self._side = chance, lives, sender, side
        kinds = ["at the start", "after a while", "after an accept"]
        kinds += ["at a touch of the disk"] if lives.watches_disk else []
        kinds += ["at a write to the FHIR server"] if side is not None else []
        self.kind = chance.choice(kinds)
        self._timers: list[asyncio.TimerHandle] = []
        self._heard: list[Callable[[str], None]] = []
        self._left = 0

    def lie_in_wait(self) -> None:
        """Before the life begins."""
        chance = self._chance
        if self.kind == "at the start":
            self._kill_after(chance.random() * LONGEST_START)
        elif self.kind == "after an accept":
            self._listen(self._sender.listeners, chance.randint(1, MOST_ACCEPTS))
        elif self.kind == "at a touch of the disk":
            self._lives.control.end_at(chance.randint(1, MOST_TOUCHES))
        elif self._side is not None and self.kind == "at a write to the FHIR server":
            self._listen(self._side.listeners, chance.randint(1, 2 * MOST_WRITES))

    def once_born(self) -> None:
        """From when the service listens: nobody lives for long."""
        self._kill_after(self._chance.random() * LONGEST_LIFE if self.kind == "after a while" else PATIENCE)

    def _kill_after(self, seconds: float) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self._lives.kill))

    def _listen(self, listeners: list[Callable[[str], None]], count: int) -> None:
        self._heard, self._left = listeners, count
        listeners.append(self._one_more)

    def _one_more(self, _moment: str) -> None:
        self._left -= 1
        if self._left <= 0:
            self._lives.kill()

    def over(self) -> None:
        """Nothing of it is to befall the next life."""
        for timer in self._timers:
            timer.cancel()
        self._lives.control.end_at(0)
        if self._one_more in self._heard:
            self._heard.remove(self._one_more)
