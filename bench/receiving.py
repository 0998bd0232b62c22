"""Durable receipt over real MLLP sockets, beside python-hl7's server, which keeps nothing, and beside the bare disk."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.child_service import ChildService, pinned
from bench.mllp_load import Address, Sender, percentile
from bench.report_message import ReportSeries, report
from bench.results import Bar, Row, Section, at_most, ratios, rounds

ROUNDS = 3
SECONDS = 2.5
PACE = 200.0
PACED_SECONDS = 4.0
LEFT_WITHIN = 90.0
"""Seconds that a backlog of unread messages has to go before the next run begins."""


def measure(folder: Path, cores: tuple[int | None, int | None]) -> Section:
    """Load the service, the other server and the disk in turn, round by round."""
    server_core, client_core = cores
    with (
        ChildService(folder / "receiving", server_core) as service,
        python_hl7_server(server_core) as peer,
        pinned(client_core),
    ):
        runs = _Runs(service)
        found = rounds(
            ROUNDS,
            {
                "disk": partial(fdatasync_rate, folder / "disk.bin"),
                "one": partial(runs.saturate, service.mllp, 1, 1),
                "peer-one": partial(runs.saturate, peer, 1, 1),
                "many": partial(runs.saturate, service.mllp, 8, 4),
                "peer-many": partial(runs.saturate, peer, 8, 4),
                "paced": runs.pace,
            },
        )
    size = len(report("C1", "P1"))
    method = f"""
        `netpet-adapter serve` as users run it (SQLite, synchronous FULL), pinned to one core, the sender on
        the other. Each message of {size:,} bytes is new and of a patient of its own; each answer must be AA.
        All are read and paired too: senders of a burst go first, so that happens mostly when they are done
        (docs/architecture.md, "Who goes first"), and a row says how long it took. A paced answer's time
        counts from when its message was due.
    """
    return Section("Durable receipt", method, _figures(found, runs))


def _figures(found: dict[str, tuple[float, ...]], runs: "_Runs") -> tuple[Row, ...]:
    return (
        Row("fdatasync of 16 KB, one after the other", "1/s", found["disk"]),
        Row("1 connection that waits for each ACK", "messages/s", found["one"], Bar(500)),
        Row("8 connections with 4 outstanding", "messages/s", found["many"], Bar(2000)),
        Row("python-hl7 server (not durable), 1 connection", "messages/s", found["peer-one"]),
        Row("python-hl7 server (not durable), 8 connections with 4", "messages/s", found["peer-many"]),
        Row("ours / python-hl7, 1 connection", "x", ratios(found["one"], found["peer-one"]), Bar(5)),
        Row("ours / python-hl7, 8 connections with 4", "x", ratios(found["many"], found["peer-many"]), Bar(5)),
        Row("8 connections with 4: until all that came in 2.5 s was read", "s", tuple(runs.left)),
        Row(f"p99 of ACKs at {PACE:.0f}/s on 8 connections", "ms", found["paced"], at_most(20)),
        Row(f"median ACK at {PACE:.0f}/s on 8 connections", "ms", tuple(runs.medians)),
    )


class _Runs:
    """The runs of one measurement: each sends reports that were never sent before."""

    def __init__(self, service: ChildService) -> None:
        self._service = service
        self._count = 0
        self.medians: list[float] = []
        self.left: list[float] = []

    def saturate(self, address: Address, connections: int, outstanding: int) -> float:
        """Messages a second, when each connection always waits for so many answers."""
        with Sender(address, connections) as sender:
            rate = sender.at_most(outstanding, SECONDS, self._series().next).rate
        if address == self._service.mllp and connections > 1:
            self.left.append(settle(self._service))
        settle(self._service)
        return rate

    def pace(self) -> float:
        """Milliseconds within which 99 of 100 answers came, at a fixed pace."""
        with Sender(self._service.mllp, 8) as sender:
            answers = sender.paced(PACE, PACED_SECONDS, self._series().next)
        settle(self._service)
        self.medians.append(percentile(answers.latencies, 0.5) * 1000)
        return percentile(answers.latencies, 0.99) * 1000

    def _series(self) -> ReportSeries:
        self._count += 1
        return ReportSeries(f"R{self._count}N")


def settle(service: ChildService) -> float:
    """Wait until the service has read what it received, as far as patience goes; gives the seconds."""
    started = time.monotonic()
    while time.monotonic() - started < LEFT_WITHIN:
        if service.counter("netpet_readings_total") >= service.counter("netpet_messages_total", 'answer="kept"'):
            break
        time.sleep(0.1)
    return time.monotonic() - started


def fdatasync_rate(file: Path, seconds: float = 1.0) -> float:
    """How often a second the disk confirms 16 KB appended to a file."""
    block = os.urandom(16 * 1024)
    descriptor = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    try:
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            count += 1
        return count / (time.perf_counter() - started)
    finally:
        os.close(descriptor)
        file.unlink()


@contextmanager
def python_hl7_server(core: int | None) -> Iterator[Address]:
    """python-hl7's asyncio server in a process of its own; gives its address."""
    with pinned(core):
        command = [sys.executable, "-m", "bench.peer_server"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise AssertionError
        yield "127.0.0.1", int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()
