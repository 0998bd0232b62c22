"""What a person decided on a score: confirmed, overridden with a reason, or rejected; for exactly what was seen."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from adapter.fhir.rendering import Confirmation, Verdict
from adapter.scoring.netpet import GROUPS
from adapter.scoring.report import KeptReport
from adapter.scoring.result import Outcome, Score


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: ``basis`` is that of the score as the person saw it; ``grade`` is set by an override alone."""

    basis: str
    verdict: Verdict
    person: str
    at: datetime
    reason: str = ""
    grade: str | None = None


def basis_of(score: Score) -> str:
    """Turn a score into the digest of all that a person looks at: the result, its lesions, the state of its reports.

    The same reports sent once more, or another version of the program, do not change it; a correction does.
    """
    result = score.result
    seen = [
        *(result.outcome.value, result.grade, result.group, result.bounds, result.patterns, result.reasons),
        *(result.review_required, result.karfis, result.zidan, result.interval_days, repr(result.policy)),
        *(score.retracted, score.reader_grade),
        [repr(lesion) for lesion in score.lesions],
        [_state(kept) for kept in score.reports],
    ]
    return sha256(json.dumps([score.id, *seen], sort_keys=True).encode()).hexdigest()


def _state(kept: KeptReport) -> list[str]:
    study = kept.report.study
    rivals = [one.sha256 for one in kept.rivals]
    return [study.status.value, str(kept.report.issued), str(study.acquired), str(study.tracer), *rivals]


def standing_decision(score: Score, decisions: Iterable[Decision]) -> Decision | None:
    """Give the last decision that was made on the very score; None when its inputs are others: it is open again."""
    basis = basis_of(score)
    return next((one for one in reversed(list(decisions)) if one.basis == basis), None)


def decided(score: Score, decision: Decision | None) -> tuple[Score, Confirmation | None]:
    """Turn a computed score and the decision on it into the score that is sent, and who stands for it."""
    if decision is None:
        return score, None
    confirmation = Confirmation(decision.person, decision.at, decision.verdict, decision.reason)
    if decision.grade is not None:
        score = _overridden(score, decision.grade, decision.reason)
    if decision.verdict is not Verdict.REJECTED:
        score = replace(score, result=replace(score.result, review_required=False))
    return score, confirmation


def _overridden(score: Score, grade: str, reason: str) -> Score:
    """The person's grade is the grade of record; what was computed stays readable beside it."""
    computed = score.result
    words = f"{grade} was set by a named person in place of the computed {computed.grade or 'result without a grade'}"
    result = replace(
        computed,
        outcome=Outcome.SCORED,
        grade=grade,
        group=GROUPS[int(grade[1])],
        lesions_at_grade=None,
        explanation=f"{words}. Reason given: {reason}. As computed: {computed.explanation}",
    )
    return replace(score, result=result, computed=computed)


def decision_members(computed: Score, decision: Decision | None) -> dict[str, Any]:
    """Turn a computed score and the decision on it into members of its summary."""
    members: dict[str, Any] = {"basis": basis_of(computed)}
    if decision is not None:
        made = {"verdict": decision.verdict.value, "person": decision.person, "at": decision.at.isoformat()}
        members["decision"] = made | {"reason": decision.reason, "computed_grade": computed.result.grade}
    return members
