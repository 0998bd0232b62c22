"""What lists and pages show of a score; it holds no patient's name or number."""

from typing import Any

from adapter.scoring.pairing import Pair
from adapter.scoring.result import Score


def summarise(score: Score, state: str) -> dict[str, Any]:
    """Turn a score and what became of it into its summary: JSON values alone."""
    result = score.result
    missing = Pair(score.sstr, score.fdg).missing
    return {
        "state": state,
        "outcome": result.outcome.value,
        "grade": result.grade,
        "group": result.group,
        "bounds": list(result.bounds) if result.bounds else None,
        "reasons": list(result.reasons),
        "review_required": result.review_required,
        "explanation": result.explanation,
        "interval_days": result.interval_days,
        "waits_for": missing.value if missing else None,
        "messages": [kept.source.message_id for kept in score.reports],
    }
