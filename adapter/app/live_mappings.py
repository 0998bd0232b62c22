"""The mappings of a running service: those in use, what exchanges them, and what they could read by now."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adapter.app.hot_reload import HotReload, Source
from adapter.app.mapping_files import prove
from adapter.app.mappings_control import MappingsControl
from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.offers import HeldStore, Offers
from adapter.mapping.catalogue import MappingSet
from adapter.reading import KeptMessage, Reading
from adapter.telemetry import Telemetry

Clock = Callable[[], datetime]


class LiveMappings:
    """Loaded before the store is open; ``join`` makes the rest once there is one."""

    def __init__(self, directory: Path, mappings: MappingSet, telemetry: Telemetry, clock: Clock) -> None:
        self.in_use = MappingsInUse(mappings, clock())
        self._source = Source(directory, prove)
        self._telemetry = telemetry
        self._clock = clock

    @classmethod
    async def load(cls, directory: Path, telemetry: Telemetry, clock: Clock) -> "LiveMappings":
        """Turn a directory into the mappings in use; raises MappingFileError."""
        return cls(directory, await asyncio.to_thread(MappingSet.load, directory), telemetry, clock)

    def join(self, store: HeldStore, read: Callable[[KeptMessage], Reading], wake: Callable[[], None]) -> None:
        """Join them to what holds messages, reads them, and works on what is due."""
        self._offers = Offers(store, read, self._telemetry)
        self.hot = HotReload(self._source, self.in_use, self._telemetry, self._clock, self._offers.look)
        self.control = MappingsControl(self.in_use, self.hot, self._offers, self._clock, wake)

    async def run(self, every: float) -> None:
        """Watch the files (0: only prove them once) and look for offers, until cancelled."""
        self._offers.look()
        await asyncio.gather(self.hot.watch(every), self._offers.run())
