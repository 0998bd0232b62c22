"""What lists and pages show of a score; it holds no patient's name or number."""

from typing import Any

from adapter.scoring.pairing import Pair
from adapter.scoring.result import Score


def summarise(score: Score, state: str) -> dict[str, Any]:
    """Turn a score and what became of it into its summary: JSON values alone."""
    result = score.result
    pair = Pair(score.sstr, score.fdg)
    missing, until = pair.missing, pair.waits_until(result.policy)
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
        "waits_until": until.isoformat() if until else None,
        "messages": [one.message_id for kept in score.reports for one in kept.rivals or (kept.source,)],
    }


def group_change(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Turn what was sent of a score, and what will be, into the alert that its group is another one than it was.

    The alert stands until a person confirms the score or the group is again what it was. It is no part of what is
    sent, which says the same whatever came before.
    """
    if before.get("state") != now["state"] or before.get("group") is None:
        return {}
    former = before.get("group_changed_from", before["group"])
    if former == now["group"]:
        return {}
    return {"group_changed_from": former, "review_required": True}
