"""Several processes on one PostgreSQL: reports in over MLLP, scores served; what a study costs, and how it grows."""

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.child_service import ChildService, process_seconds
from bench.mllp_load import Sender
from bench.postgres import PostgresServer, postgres_server
from bench.report_message import LESIONS, ReportSeries, report
from bench.results import Bar, Row, Section, ratios

WORKERS = (1, 2, 3)
ROUNDS = 2
WARM, PATIENTS = 40, 1200
WITHIN = 120.0
AIM = 300.0
TYPICAL = 5
"""Lesions of a report as most are; the other one is a heavy one."""


def measure(folder: Path) -> Section:
    """Let one, two and three processes work on the same patients, each on a database of its own."""
    runs: dict[tuple[int, int], list[_Run]] = {(workers, n): [] for n in (LESIONS, TYPICAL) for workers in WORKERS}
    names = itertools.count()
    with postgres_server() as server:
        version, packings = _about(server)
        for _ in range(ROUNDS):
            for (workers, lesions), found in runs.items():
                found.append(_run(server, folder / f"replicas-{next(names)}", workers, lesions))
    method = f"""
        {PATIENTS} patients with two reports each, sent on 8 connections shared out among the processes; every process
        receives and works; until the last score is served, beside PostgreSQL and the sender on the same
        {os.cpu_count()} cores. A report of {len(report("C", "P")):,} bytes and {LESIONS} lesions is a heavy one, one of
        {len(report("C", "P", lesions=TYPICAL)):,} bytes and {TYPICAL} lesions a typical one. Processor time is user and
        system time of all processes of the kind. PostgreSQL {version}, which can pack long values by {packings}.
    """
    return Section("Replicas on PostgreSQL", method, tuple(_rows(runs)))


def _about(server: PostgresServer) -> tuple[object, object]:
    query = "SELECT array_to_string(enumvals, ' and ') FROM pg_settings WHERE name = 'default_toast_compression'"
    return server.run("SHOW server_version")[0][0], server.run(query)[0][0]


def _rows(runs: dict[tuple[int, int], list["_Run"]]) -> Iterator[Row]:
    for lesions, kind in ((LESIONS, "heavy"), (TYPICAL, "typical")):
        for workers in WORKERS:
            found = runs[workers, lesions]
            bar = Bar(AIM) if workers == 2 else None
            yield Row(f"{kind} studies, {_processes(workers)}", "studies/s", tuple(one.rate for one in found), bar)
        two = runs[2, lesions]
        yield Row(f"{kind} study: processes, 2 working", "ms CPU", tuple(one.services for one in two))
        yield Row(f"{kind} study: PostgreSQL", "ms CPU", tuple(one.database for one in two))
        yield Row(f"{kind} study: sender", "ms CPU", tuple(one.sender for one in two))
        grown = ratios([one.rate for one in two], [one.rate for one in runs[1, lesions]])
        yield Row(f"{kind}: 2 processes / 1", "x", grown)


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


class _Run:
    """One run: studies a second, and milliseconds of processor time a study."""

    def __init__(self, rate: float, spent: tuple[float, float, float]) -> None:
        self.rate = rate
        self.services, self.database, self.sender = (1000 * seconds / (2 * PATIENTS) for seconds in spent)


def _run(server: PostgresServer, folder: Path, workers: int, lesions: int) -> _Run:
    name = server.create()
    told = {"NETPET_STORE__URL": server.url(name)}
    with ExitStack() as stack:
        services = [stack.enter_context(ChildService(folder / str(one), settings=told)) for one in range(workers)]
        series = ReportSeries("N", "SF", lesions)
        _send(services, series, WARM)
        _await(services, WARM)
        before, began = _spent(services, server), time.perf_counter()
        _send(services, series, PATIENTS)
        _await(services, WARM + PATIENTS)
        seconds = time.perf_counter() - began
        spent = tuple(late - early for late, early in zip(_spent(services, server), before, strict=True))
    server.drop(name)
    return _Run(2 * PATIENTS / seconds, (spent[0], spent[1], spent[2]))


def _send(services: list[ChildService], series: ReportSeries, patients: int) -> None:
    addresses = [service.mllp for service in services]
    with Sender(addresses, 8) as sender:
        sender.exactly(2 * patients, 4, series.next)


def _await(services: list[ChildService], count: int) -> None:
    until = time.perf_counter() + WITHIN
    while sum(service.told("published") for service in services) < count:
        if time.perf_counter() > until:
            raise TimeoutError("not all scores were there in time")
        time.sleep(0.05)


def _spent(services: list[ChildService], server: PostgresServer) -> tuple[float, float, float]:
    working = sum(service.cpu_seconds() for service in services)
    return working, process_seconds(server.pid, children=True), time.process_time()
