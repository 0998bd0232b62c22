"""``netpet-adapter score``: lesion tables in, results out."""

import json
from decimal import Decimal
from typing import Any, BinaryIO, TextIO

from adapter.cli.exits import BAD_INPUT, OK
from adapter.cli.lesion_table import LesionTableError, read_table
from adapter.scoring.netpet import score
from adapter.scoring.result import Policy, Result


def score_table(text: str | bytes, *, explain: bool = False) -> dict[str, Any]:
    """Turn one lesion table into its result as JSON-able members; raises LesionTableError."""
    lesions, studies, policy = read_table(text)
    result = score(lesions, studies, policy)
    return to_members(result) | ({"explanation": result.explanation} if explain else {})


def score_one(source: BinaryIO, out: TextIO, errors: TextIO, *, explain: bool = False) -> int:
    """Read one table, write one result; the return value is the exit code."""
    try:
        members = score_table(source.read(), explain=explain)
    except LesionTableError as error:
        errors.write(f"netpet-adapter score: {error}\n")
        return BAD_INPUT
    out.write(json.dumps(members) + "\n")
    return OK


def to_members(result: Result) -> dict[str, Any]:
    """Turn a result into the members of docs/formats.md, in its order."""
    return {
        "outcome": result.outcome.value,
        "grade": result.grade,
        "group": result.group,
        "bounds": result.bounds,
        "patterns": result.patterns,
        "target_lesions": result.target_lesions,
        "reasons": result.reasons,
        "review_required": result.review_required,
        "karfis": result.karfis,
        "zidan": result.zidan,
        "interval_days": result.interval_days,
        "policy": _policy_members(result.policy),
        "algorithm": {"name": result.algorithm, "version": result.algorithm_version},
    }


def _policy_members(policy: Policy) -> dict[str, Any]:
    return {
        "equality_tolerance": _number(policy.equality_tolerance),
        "interval_days": policy.interval_days,
        "interval_limit_days": policy.interval_limit_days,
        "positivity_references": policy.positivity_references,
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
