"""What a message costs beside a thousand stored ones, and beside a million."""

import time
from pathlib import Path

from bench.child_service import ChildService
from bench.mllp_load import Sender
from bench.report_message import ReportSeries
from bench.results import Row, Section, at_most
from bench.stored import fill

SIZES = (1_000, 10_000, 100_000)
LONG_SIZES = (*SIZES, 1_000_000)
WARM, PATIENTS, LESIONS = 30, 100, 5
ROUNDS = 3
WITHIN = 60.0
FLAT = 1.25
"""What counts as flat: runs on one and the same store differ by as much."""


def measure(folder: Path, *, long: bool) -> Section:
    """Fill one store further and further, and send the same number of new reports each time."""
    place = folder / "growth"
    place.mkdir(parents=True)
    costs = {size: _costs(place, size) for size in (LONG_SIZES if long else SIZES)}
    rows = [Row(f"a study beside {size:,} stored messages", "ms CPU", found) for size, found in costs.items()]
    first, last = (sorted(costs[size])[ROUNDS // 2] for size in (min(costs), max(costs)))
    rows.append(Row(f"beside {max(costs):,} / beside {min(costs):,}", "x", (last / first,), at_most(FLAT)))
    method = f"""
        SQLite, filled with rows as ordinary messages leave them (short bodies), then {ROUNDS} times {PATIENTS} new
        patients with two reports of {LESIONS} lesions: received, read, paired, scored, rendered, stored. Processor time
        of the service, which the disk does not change. {"" if long else "`make bench LONG=1` goes to 1,000,000."}
    """
    return Section("Cost beside many stored messages", method, tuple(rows))


def _costs(place: Path, size: int) -> tuple[float, ...]:
    fill(place / "netpet.db", size)
    with ChildService(place) as service:
        _work(service, f"W{size}N", WARM, 0)
        return tuple(_cost(service, f"G{size}R{number}N", number) for number in range(ROUNDS))


def _cost(service: ChildService, name: str, number: int) -> float:
    before = service.cpu_seconds()
    _work(service, name, PATIENTS, WARM + number * PATIENTS)
    return 1000 * (service.cpu_seconds() - before) / (2 * PATIENTS)


def _work(service: ChildService, name: str, patients: int, published: int) -> None:
    with Sender(service.mllp, 4) as sender:
        sender.exactly(2 * patients, 4, ReportSeries(name, "SF", LESIONS).next)
    until = time.monotonic() + WITHIN
    while service.told("published") < published + patients:
        if time.monotonic() > until:
            raise TimeoutError("not all scores were there in time")
        time.sleep(0.05)
