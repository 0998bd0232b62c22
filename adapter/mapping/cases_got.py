"""What came of a case, in the shape of what a case expects: one tree of text, to compare, to show and to write."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adapter.hl7v2.ack import ANSWERS
from adapter.mapping.cases import NONE, Case
from adapter.mapping.cases_reading import CaseReading, InputReading, scores_of
from adapter.mapping.cases_words import lesion_words, report_words
from adapter.mapping.message_reading import Extraction
from adapter.outcome import Held, Ignored, Problem, Refused
from adapter.scoring.report import PetReport
from adapter.scoring.result import Policy, Score


@dataclass(frozen=True, slots=True)
class GotReport:
    """One report in a case's words."""

    report: dict[str, str]
    lesions: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Got:
    """What came of all inputs of a case; ``scalars`` are the parts that are one text, of several ``scores`` none."""

    reports: tuple[GotReport, ...]
    flags: tuple[str, ...]
    state: tuple[str, ...]
    ack: tuple[str, ...]
    scalars: dict[str, str]
    reasons: tuple[str, ...]
    scores: int

    def members(self) -> dict[str, Any]:
        """Turn it into JSON-able members in the order of the form."""
        reports = [{"report": one.report, "lesions": list(one.lesions)} for one in self.reports]
        whole: dict[str, Any] = reports[0] if len(reports) == 1 else {"reports": reports}
        return {
            **whole,
            "flags": list(self.flags),
            "state": list(self.state),
            "ack": list(self.ack),
            **self.scalars,
            "reasons": list(self.reasons),
        }


def got(case: Case, inputs: Sequence[InputReading]) -> Got:
    """Turn a case and its inputs as read into what came of it."""
    reports = tuple(_report(report) for one in inputs for report in one.reports)
    scores = scores_of(inputs, Policy())
    return Got(
        reports,
        tuple(note for one in inputs for note in one.notes),
        tuple(_state(one.reading) for one in inputs),
        tuple(_ack(one.reading, refuse_unmappable=case.refuse_unmappable) for one in inputs),
        _problem(inputs) | _score(scores),
        scores[0].result.reasons if len(scores) == 1 else (),
        len(scores),
    )


def _report(report: PetReport) -> GotReport:
    return GotReport(report_words(report), tuple(lesion_words(row) for row in report.rows))


def _state(reading: CaseReading) -> str:
    match reading:
        case Extraction():
            return "read"
        case Held():
            return "held"
        case Ignored():
            return "ignored"
        case _:
            return "refused"


def _ack(reading: CaseReading, *, refuse_unmappable: bool) -> str:
    """What a receiver in original mode answers at commit (docs/acknowledgement.md)."""
    if isinstance(reading, Refused) or (refuse_unmappable and isinstance(reading, Held)):
        return f"A{ANSWERS[_of(reading)].code}"
    return "AA"


def _of(reading: Held | Refused) -> Problem:
    return reading.problem


def _problem(inputs: Sequence[InputReading]) -> dict[str, str]:
    for one in inputs:
        if isinstance(one.reading, Held | Refused):
            place = str(one.reading.place)
            return {"problem": one.reading.problem.value, "place": place or NONE, "rule": one.reading.rule or NONE}
    return {"problem": NONE, "place": NONE, "rule": NONE}


def _score(scores: Sequence[Score]) -> dict[str, str]:
    if len(scores) != 1:
        return dict.fromkeys(("outcome", "grade", "group", "review"), NONE)
    result = scores[0].result
    return {
        "outcome": result.outcome.value,
        "grade": result.grade or NONE,
        "group": result.group or NONE,
        "review": "yes" if result.review_required else "no",
    }
