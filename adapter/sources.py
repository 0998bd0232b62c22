"""How far a server that reports come from was read: what its sweeps, notifications and the store hand each other."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """How far a server was read.

    ``high_water`` is the newest ``meta.lastUpdated`` that was read, in the server's own words. ``sweep_asked``: since
    when a sweep is due; None: none is. ``last_event`` is the number up to which every event was heard of (None: none
    yet), ``ahead`` those heard of beyond it. ``heard`` is when the subscription last gave a sign of life.
    """

    high_water: str = ""
    sweep_asked: datetime | None = None
    last_event: int | None = None
    ahead: tuple[int, ...] = ()
    heard: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingReport:
    """A report that is to be fetched: its id at the server, when that was last asked for, and how often it failed."""

    report: str
    asked: datetime
    attempts: int
