"""``make chaos``: the service dies as often as wished, by kill -9 and by power cut; prints what was lost or doubled.

``python tests/chaos/run.py --kills 1000 --cuts 120 --shared 1000`` (``PYTHONPATH=.:tests``); a trial has its seed, and
``--seed 7`` repeats that trial alone. Exit code 0: nothing found; 1: findings; 2: usage.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from chaos.controls import CONTROLS
from chaos.power import build
from chaos.replicas import ReplicaTrial
from chaos.trial import Outcome, Plan, Trial
from postgres_server import postgres_server

LIVES = 40
"""Deaths in one trial."""
CUTS, SHARED = 1000, 2000
"""Seeds from here on are power cuts, and kills of replicas that share a PostgreSQL."""
CONTROLS_FROM = 9000
DESTINATIONS = ("embedded", "hapi", "embedded", "epic")
SHOWN = 10


def plan_of(seed: int, lives: int = LIVES) -> Plan:
    """Turn a seed into its trial: all that differs between trials follows from it."""
    return Plan(seed, lives, power=CUTS <= seed < SHARED, destination=DESTINATIONS[seed % len(DESTINATIONS)])


def plans(kills: int, cuts: int, shared: int, first: int) -> Iterator[Plan]:
    """Turn numbers of deaths into trials."""
    for start, wished in ((first, kills), (CUTS + first, cuts), (SHARED + first, shared)):
        for number in range(-(-wished // LIVES)):
            yield plan_of(start + number, min(LIVES, wished - number * LIVES))


def attempt(plan: Plan, library: Path) -> Outcome:
    """Run a plan in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="netpet-chaos-") as place:
        if not SHARED <= plan.seed < CONTROLS_FROM:
            return asyncio.run(Trial(plan, Path(place), library).run())
        with postgres_server() as server:
            return asyncio.run(ReplicaTrial(plan, Path(place), library, server).run())


def told(plan: Plan, outcome: Outcome, seconds: float) -> str:
    """Turn an outcome into its line, and a line for each of the first findings."""
    deaths = sum(outcome.deaths.values())
    kind = "power cuts" if plan.power else "kills"
    engine = "PostgreSQL, 3 replicas" if SHARED <= plan.seed < CONTROLS_FROM else "SQLite"
    facts = [
        f"seed {plan.seed}: {deaths} {kind}, {engine}, {plan.destination}",
        f"{outcome.accepted} accepted, {outcome.repeated} of them again, {outcome.refused} refused",
        f"{outcome.scores} scores" + (f", {outcome.set_aside} doubles withdrawn" if outcome.set_aside else ""),
        f"{seconds:.0f} s",
        f"{len(outcome.wrong)} findings" if outcome.wrong else "nothing lost, nothing doubled",
    ]
    if outcome.troubles:
        facts.insert(1, ", ".join(f"{count} x {name}" for name, count in sorted(outcome.troubles.items())))
    return "\n".join(["; ".join(facts), *(f"  {one}" for one in outcome.wrong[:SHOWN])])


def run(chosen: Sequence[Plan]) -> int:
    """Run plans one after the other; gives how many found something."""
    failed = 0
    with tempfile.TemporaryDirectory(prefix="netpet-chaos-") as place:
        library = build(Path(place))
        for plan in chosen:
            began = time.monotonic()
            outcome = attempt(plan, library)
            failed += bool(outcome.wrong)
            print(told(plan, outcome, time.monotonic() - began), flush=True)
    return failed


def check_controls() -> int:
    """Run the planted faults; gives how many were not found."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="netpet-chaos-") as place:
        library = build(Path(place))
        for control in CONTROLS:
            found = next((one for plan in control.plans() if (one := (plan, attempt(plan, library)))[1].wrong), None)
            is_right = (found is None) is control.innocent
            missed += not is_right
            words = "nothing found" if found is None else f"found with seed {found[0].seed}: {found[1].wrong[0]}"
            print(f"{'as it must be' if is_right else 'THE HARNESS IS BROKEN'}: {control.name}: {words}", flush=True)
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kills", type=int, default=1000, help="how often the process is killed (1000)")
    parser.add_argument("--cuts", type=int, default=120, help="how often the power is cut (120)")
    parser.add_argument("--shared", type=int, default=1000, help="kills among 3 replicas on one PostgreSQL (1000)")
    parser.add_argument("--first", type=int, default=1, help="the first trial's seed (1)")
    parser.add_argument("--seed", type=int, help="repeat one trial")
    parser.add_argument("--controls", action="store_true", help="only the planted faults, which must be found")
    chosen = parser.parse_args()
    if chosen.controls:
        return 1 if check_controls() else 0
    one = [] if chosen.seed is None else [plan_of(chosen.seed)]
    failed = run(one or list(plans(chosen.kills, chosen.cuts, chosen.shared, chosen.first)))
    print(f"{failed} trials found something" if failed else "nothing was lost, nothing was doubled")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
