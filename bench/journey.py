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
PATIENTS = 60
WITHIN = 40.0
SCORES = "/fhir/Observation?code=netpet-score"


class LateScoreError(Exception):
    """Not every patient had a score in time."""


def measure(folder: Path, cores: tuple[int | None, int | None]) -> Section:
    """Send the same number of new patients several times."""
    server_core, client_core = cores
    with ChildService(folder / "journey", server_core) as service, pinned(client_core):
        found = rounds(ROUNDS, {"studies": partial(_rate, service)})
        _check_grade(service)
    method = f"""
        {PATIENTS} patients with two reports each ({len(report("C1", "P1")):,} bytes, {LESIONS} lesions) on
        4 connections; from the first byte sent until every score can be read over HTTP: received, read,
        paired, scored, rendered, stored. On one core.
    """
    return Section("End to end", method, (Row("studies", "studies/s", found["studies"]),))


def _rate(service: ChildService) -> float:
    before = _scores(service)
    series = ReportSeries(f"E{before}N", "SF")
    started = time.perf_counter()
    with Sender(service.mllp, 4) as sender:
        sender.exactly(2 * PATIENTS, 4, series.next)
    while _scores(service) < before + PATIENTS:
        if time.perf_counter() - started > WITHIN:
            raise LateScoreError
        time.sleep(0.05)
    return 2 * PATIENTS / (time.perf_counter() - started)


def _scores(service: ChildService) -> int:
    return int(json.loads(service.get(f"{SCORES}&_summary=count"))["total"])


def _check_grade(service: ChildService) -> None:
    found = json.loads(service.get(f"{SCORES}&_count=1"))["entry"][0]["resource"]
    if found["valueCodeableConcept"]["text"] != "P2b":
        raise AssertionError("the reports are of grade P2b, and the score is not")
