"""Faults that must be found: a harness that does not find them would not find those of the service either."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chaos.trial import Plan

TRIES = 4
"""Trials of one fault; each is likely to find it."""


@dataclass(frozen=True, slots=True)
class Control:
    """A fault, and the trial that finds it; ``innocent``: no fault at all, which must be found to be none."""

    name: str
    plan: Plan
    innocent: bool = False

    def plans(self) -> Iterator[Plan]:
        """Its trials, one seed each."""
        yield from (replace(self.plan, seed=self.plan.seed + number) for number in range(1 if self.innocent else TRIES))


SLOW = Plan(9700, 2, destination="epic", troubles=False, orderly=True, slowest=1.5, pace=1.0)
"""Deliveries that outlast a lease, at a server that creates whatever it is told to."""

CONTROLS = (
    Control("SQLite with synchronous OFF", Plan(9100, 10, power=True, planted="synchronous_off")),
    Control("a disk that only says that it synced", Plan(9200, 10, power=True, sync_lies=True)),
    Control("an accept before the commit", Plan(9300, 20, planted="ack_before_commit")),
    Control("no deduplication", Plan(9400, 5, planted="no_dedupe", troubles=False)),
    Control("complete before delivered", Plan(9500, 20, destination="hapi", planted="complete_before_deliver")),
    Control("no order for a patient", Plan(9600, 2, planted="no_order", troubles=False, orderly=True, pace=0.3)),
    Control("a lease without heartbeat", replace(SLOW, planted="no_heartbeat")),
    Control("a short lease with one", replace(SLOW, planted="short_lease"), innocent=True),
)
