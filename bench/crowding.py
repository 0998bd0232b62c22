"""What 200 silent and 50 dribbling connections cost the others, and the memory."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from bench.child_service import ChildService, pinned
from bench.crowd import DRIBBLING, IDLE
from bench.mllp_load import Address, Sender, percentile
from bench.receiving import settle
from bench.report_message import ReportSeries
from bench.results import Row, Section, at_most, ratios, rounds

ROUNDS = 4
PACE = 100.0
SECONDS = 3.0
SETTINGS = {"NETPET_MLLP__MAX_CONNECTIONS": "512", "NETPET_MLLP__MAX_CONNECTIONS_PER_PEER": "512"}
UNCHANGED = 1.25
"""What counts as unchanged: runs without any crowd differ among themselves by as much."""


def measure(folder: Path, cores: tuple[int | None, int | None]) -> Section:
    """Take the p99 of eight paced connections with and without the crowd, in turn."""
    server_core, client_core = cores
    with ChildService(folder / "crowding", server_core, SETTINGS) as service, pinned(client_core):
        runs = _Runs(service)
        runs.pace(crowded=False)
        found = rounds(ROUNDS, {"without": partial(runs.pace, crowded=False), "with": partial(runs.pace, crowded=True)})
        peak = service.memory("VmHWM")
    rows = (
        Row("p99 of ACKs without the crowd", "ms", found["without"]),
        Row("p99 of ACKs beside the crowd", "ms", found["with"]),
        Row("with / without", "x", ratios(found["with"], found["without"]), at_most(UNCHANGED)),
        Row("resident memory beside the crowd", "MB", tuple(runs.memory), at_most(150)),
        Row("highest resident memory of the whole run", "MB", (peak,), at_most(150)),
    )
    method = f"""
        {IDLE} connections that say nothing and {DRIBBLING} that send a byte every 0.1 s, beside {PACE:.0f}
        reports a second on 8 connections. `mllp.max_connections` and its limit a peer are raised to 512:
        all of them come from one address.
    """
    return Section("A crowd of idle and dribbling connections", method, rows)


class _Runs:
    def __init__(self, service: ChildService) -> None:
        self._service = service
        self._count = 0
        self.memory: list[float] = []

    def pace(self, *, crowded: bool) -> float:
        """Milliseconds within which 99 of 100 answers came."""
        self._count += 1
        series = ReportSeries(f"W{self._count}N")
        with crowd(self._service.mllp) if crowded else nullcontext(), Sender(self._service.mllp, 8) as sender:
            answers = sender.paced(PACE, SECONDS, series.next)
            if crowded:
                self.memory.append(self._service.memory())
        settle(self._service)
        return percentile(answers.latencies, 0.99) * 1000


@contextmanager
def crowd(address: Address) -> Iterator[None]:
    """The crowd in a process of its own, all connected."""
    command = [sys.executable, "-m", "bench.crowd", address[0], str(address[1])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or int(process.stdout.readline()) != IDLE + DRIBBLING:
            raise AssertionError("the crowd could not connect")
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.communicate()
