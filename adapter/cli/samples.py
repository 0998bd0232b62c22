"""The sample patients of the demonstration, and what must become of each: written down apart from the program."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapter.hl7v2.header import read_header, scan_patient
from adapter.scoring.report import patient_key

SAMPLES_TODAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
"""The samples' calendar: a scan of November 2026 still waits for its partner on this day."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One synthetic patient: the messages in sending order, and the expected state, grade and status."""

    name: str
    payloads: tuple[bytes, ...]
    patient: str
    identifier: str
    message_states: tuple[str, ...]
    state: str
    grade: str | None
    status: str | None


def load_samples(folder: Path) -> list[Sample]:
    """Turn the demonstration's part of ``expected.json`` and its messages into samples, in order of their names."""
    cases = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    ours = [case for case in cases if case["name"].startswith("demo/")]
    return [_sample(case, folder) for case in sorted(ours, key=lambda case: str(case["name"]))]


def _sample(case: dict[str, Any], folder: Path) -> Sample:
    payloads = tuple((folder / file).read_bytes() for file in case["files"])
    score = case["score"] or {}
    return Sample(
        name=case["name"].removeprefix("demo/"),
        payloads=payloads,
        patient=patient_key(*scan_patient(payloads[0], read_header(payloads[0]))),
        identifier=case["patient"],
        message_states=tuple(case["message_states"]),
        state="published" if score else case["state"],
        grade=score.get("grade"),
        status=score.get("status"),
    )
