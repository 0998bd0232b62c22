"""``make fuzz``: as many mutated streams as wished, on all processors, each one by its seed; prints what was found.

``python tests/fuzz/run.py --count 1000000 --seed 1`` (``PYTHONPATH=.:tests``); ``--one 1:4711`` repeats a single
stream and prints it. Exit code 0: nothing found; 1: findings.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context

from fuzz.contract import Contract
from fuzz.mutations import stream

CHUNK = 2000
"""Streams a process takes at one go."""
COSTLY = 50
"""Times the median: what costs more for its size's sake alone is not so long that it could."""
TRIES = 5
"""A stream that seemed costly is measured so many times more: the shortest counts, the rest is the machine's."""
SHOWN = 20


@dataclass
class Results:
    """What a run, or a part of it, came to."""

    findings: list[tuple[str, str]] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    costs: list[tuple[float, int]] = field(default_factory=list)

    def add(self, other: "Results") -> None:
        self.findings += other.findings
        self.outcomes += other.outcomes
        self.costs += other.costs


def choice_of(seed: int, index: int) -> random.Random:
    """Turn the run's seed and a stream's number into what makes that stream, whatever ran before it."""
    return random.Random(f"{seed}:{index}")


def part(task: tuple[int, int, int]) -> Results:
    """Hold the contract against the streams from one number to another."""
    seed, start, end = task
    results, contract = Results(), Contract()
    for index in range(start, end):
        try:
            contract.hold(choice_of(seed, index))
        except Exception as error:  # noqa: BLE001 - whatever escapes is a finding
            results.findings.append((f"{seed}:{index}", _told(error)))
        results.costs.append((contract.tally.cost, index))
    results.outcomes = contract.tally.outcomes
    contract.close()
    return results


def _told(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {os.path.relpath(last.filename)}:{last.lineno}: {error}"


def cost(contract: Contract, seed: int, index: int) -> float:
    """The least that a stream costs, in seconds."""
    costs = []
    for _ in range(TRIES):
        contract.hold(choice_of(seed, index))
        costs.append(contract.tally.cost)
    return min(costs)


def run(seed: int, count: int, jobs: int) -> Results:
    """Hold the contract against so many streams."""
    total, started = Results(), time.monotonic()
    tasks = [(seed, start, min(count, start + CHUNK)) for start in range(0, count, CHUNK)]
    with get_context("spawn").Pool(jobs, maxtasksperchild=50) as pool:
        for number, results in enumerate(pool.imap_unordered(part, tasks), start=1):
            total.add(results)
            _progress(min(number * CHUNK, count), count, len(total.findings), time.monotonic() - started)
    total.findings += list(_slow(seed, total.costs))
    return total


def _progress(done: int, count: int, found: int, seconds: float) -> None:
    if sys.stderr.isatty() or done % (CHUNK * 25) == 0 or done == count:
        print(f"{done} of {count}, {found} findings, {seconds:.0f} s", file=sys.stderr, flush=True)


def _slow(seed: int, costs: list[tuple[float, int]]) -> Iterator[tuple[str, str]]:
    """Findings of a stream that costs more than its share, measured again."""
    median = statistics.median(one for one, _ in costs)
    contract = Contract()
    for suspected, index in sorted(costs, reverse=True)[:100]:
        if suspected <= COSTLY * median:
            break
        measured = cost(contract, seed, index)
        if measured > COSTLY * median:
            yield f"{seed}:{index}", f"costs {measured * 1000:.1f} ms, {measured / median:.0f} times the median"
    contract.close()


def report(results: Results, seed: int, count: int, seconds: float) -> None:
    """Print what a run came to."""
    costs = sorted(one for one, _ in results.costs)
    print(f"seed {seed}, {count} streams, {seconds:.0f} s")
    for name, number in sorted(results.outcomes.items()):
        print(f"  {name}: {number}")
    shares = ", ".join(
        f"{share:.1%} {costs[int(share * (len(costs) - 1))] * 1000:.2f}" for share in (0.5, 0.99, 0.999, 1)
    )
    print(f"  cost of a stream in ms of processor time: {shares}")
    print(f"findings: {len(results.findings)}")
    for name, words in results.findings[:SHOWN]:
        print(f"  --one {name}  {words}")


def show(name: str) -> int:
    """Repeat one stream, print it, and let what escapes escape."""
    seed, _, index = name.partition(":")
    print(json.dumps(stream(choice_of(int(seed), int(index))).decode("latin-1")))
    contract = Contract()
    contract.hold(choice_of(int(seed), int(index)))
    print(f"nothing found; {cost(contract, int(seed), int(index)) * 1000:.2f} ms; {dict(contract.tally.outcomes)}")
    return 0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--count", type=int, default=100_000, help="how many streams")
    options.add_argument("--seed", type=int, default=1, help="another seed, other streams")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options.add_argument("--one", metavar="SEED:NUMBER", help="repeat one stream and print it")
    given = options.parse_args()
    if given.one:
        return show(given.one)
    started = time.monotonic()
    results = run(given.seed, given.count, given.jobs)
    report(results, given.seed, given.count, time.monotonic() - started)
    return 1 if results.findings else 0


if __name__ == "__main__":
    sys.exit(main())
