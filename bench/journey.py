"""End to end: two reports a patient in over MLLP, a score a patient out over HTTP."""

import json
import time
from functools import partial
from pathlib import Path

from bench.child_service import ChildService, pinned
from bench.mllp_load import Sender
from bench.report_message import LESIONS, ReportSeries, report
from bench.results import Row, Section, rounds

ROUNDS = 3
PATIENTS = 150
WITHIN = 40.0
SCORES = "/fhir/Observation?code=netpet-score"


class LateScoreError(Exception):
    """Not every patient had a score in time."""


def measure(folder: Path, cores: tuple[int | None, int | None]) -> Section:
    """Send the same number of new patients several times."""
    server_core, client_core = cores
    costs: list[float] = []
    with ChildService(folder / "journey", server_core) as service, pinned(client_core):
        found = rounds(ROUNDS, {"studies": partial(_rate, service, costs)})
        _check_grade(service)
    method = f"""
        {PATIENTS} patients with two reports each ({len(report("C1", "P1")):,} bytes, {LESIONS} lesions) on
        4 connections; from the first byte sent until every score can be read over HTTP: received, read,
        paired, scored, rendered, stored. On one core; the process's own time on it beside the rate.
    """
    rows = (
        Row("studies", "studies/s", found["studies"]),
        Row("processor time of the service a study", "ms", tuple(costs)),
    )
    return Section("End to end", method, rows)


def _rate(service: ChildService, costs: list[float]) -> float:
    before, used = _scores(service), service.cpu_seconds()
    series = ReportSeries(f"E{before}N", "SF")
    started = time.perf_counter()
    with Sender(service.mllp, 4) as sender:
        sender.exactly(2 * PATIENTS, 4, series.next)
    while service.told("published") < before + PATIENTS or _scores(service) < before + PATIENTS:
        if time.perf_counter() - started > WITHIN:
            raise LateScoreError
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    costs.append((service.cpu_seconds() - used) / (2 * PATIENTS) * 1000)
    return 2 * PATIENTS / seconds


def _scores(service: ChildService) -> int:
    return int(json.loads(service.get(f"{SCORES}&_summary=count"))["total"])


def _check_grade(service: ChildService) -> None:
    found = json.loads(service.get(f"{SCORES}&_count=1"))["entry"][0]["resource"]
    if found["valueCodeableConcept"]["text"] != "P2b":
        raise AssertionError("the reports are of grade P2b, and the score is not")
