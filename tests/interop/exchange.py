"""One peer's exchange with a running service: what it sent, what it was answered, what became of it over HTTP."""

import json
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.child_service import ChildService

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
SCORED_WITHIN = 20.0


@dataclass(slots=True)
class Checks:
    """What was checked of one peer: for each check, how many were right and what was wrong."""

    right: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def take(self, check: str, what: str, problem: str | None) -> None:
        """Count one thing under a check; ``problem`` says what is wrong with it."""
        self.right.setdefault(check, 0)
        if problem is None:
            self.right[check] += 1
        else:
            self.wrong.setdefault(check, []).append(f"{what}: {problem}")


def demo_cases() -> list[dict[str, Any]]:
    """The demonstration's cases of ``expected.json``."""
    cases = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    return [case for case in cases if case["name"].startswith("demo/")]


def demo_files() -> list[Path]:
    """The demonstration's messages, in sending order."""
    return [FIXTURES / file for case in demo_cases() for file in case["files"]]


def check_answers(lines: Sequence[dict[str, str]], checks: Checks) -> None:
    """Each message got one answer, accepted and naming it, as the peer's own library reads it."""
    files = demo_files()
    checks.take("answers", "number", None if len(lines) == len(files) else f"{len(lines)} of {len(files)}")
    for file, line in zip(files, lines, strict=False):
        sent = file.read_bytes().split(b"\r", 1)[0].split(b"|")
        checks.take("answers", file.name, _wrong("MSA-1", line["code"], "AA"))
        checks.take("control IDs", file.name, _wrong("MSA-2", line["control_id"], sent[9].decode()))
        header = line["answer"].split("\r", 1)[0].split("|")
        swapped = [field.decode() for field in (sent[4], sent[5], sent[2], sent[3])]
        checks.take("addresses swapped", file.name, _wrong("MSH-3 to 6", header[2:6], swapped))


def check_scores(service: ChildService, checks: Checks) -> None:
    """Each patient's score can be read over HTTP, with the grade that was written down for it."""
    until = time.monotonic() + SCORED_WITHIN
    for case in demo_cases():
        problem = "not looked at"
        while problem and time.monotonic() < until:
            problem = _score_problem(service, case)
            time.sleep(0.05 if problem else 0)
        checks.take("scores over HTTP", case["name"], problem or None)


def _score_problem(service: ChildService, case: dict[str, Any]) -> str:
    """What is wrong with a case's score; a patient who waits for a study has none, or one without a grade."""
    query = urllib.parse.urlencode({"patient.identifier": case["patient"], "code": "netpet-score"})
    bundle = json.loads(service.get(f"/fhir/Observation?{query}"))
    found = [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]
    score = case["score"] or {"grade": None}
    grades = [one.get("valueCodeableConcept", {}).get("text") for one in found]
    if grades != [score["grade"]] and (case["score"] or any(grades)):
        return f"grades {grades} instead of {score['grade']}"
    statuses = [one["status"] for one in found] if case["score"] else []
    return (_wrong("status", statuses, [score["status"]]) or "") if case["score"] else ""


def _wrong(name: str, found: object, expected: object) -> str | None:
    return None if found == expected else f"{name} is {found} instead of {expected}"
