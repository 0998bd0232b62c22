"""The result in a sentence that a physician can check against the report; it never advises and never forecasts."""

from adapter.scoring.lesion import Status
from adapter.scoring.patterns import Appraisal
from adapter.scoring.result import Result

SHOWN = 5
"""Lesions named one by one; more are counted, so that the sentence stays one."""

_WORDS = {Status.POSITIVE: "positive", Status.NEGATIVE: "negative", Status.UNKNOWN: "unknown"}
_RELATIONS = {2: "FDG below SSTR", 3: "FDG equal to SSTR", 4: "FDG above SSTR"}


def explain(result: Result, appraisals: list[Appraisal], forbidding: tuple[str, ...] = ()) -> str:
    """Turn a result into one sentence: the lesions it rests on, what they show, and the rule.

    ``forbidding`` are the codes of the reasons for which the studies are not scored.
    """
    if forbidding:
        return f"not scorable: {', '.join(forbidding)}."
    bounds = result.bounds
    if bounds is None:
        return "not scorable: no lesion is listed and the two reports do not both state that there is no tumour uptake."
    if not appraisals:
        return "both reports state that there is no tumour-related uptake: P0."
    named = {appraisal.lesion.id: appraisal for appraisal in appraisals}
    lesions = "; ".join(_describe(named[target]) for target in result.target_lesions[:SHOWN])
    others = len(result.target_lesions) - SHOWN
    if others > 0:
        lesions += f"; and {others} more"
    return f"{lesions}; {_rule(result, bounds)}."


def _describe(appraisal: Appraisal) -> str:
    patterns = sorted(appraisal.patterns)
    shown = f"pattern {patterns[0]}" if len(patterns) == 1 else f"pattern open ({', '.join(map(str, patterns))})"
    calls = f"SSTR {_WORDS[appraisal.sstr]}, FDG {_WORDS[appraisal.fdg]}"
    if len(patterns) == 1 and patterns[0] in _RELATIONS:
        calls += f", {_RELATIONS[patterns[0]]}"
    count = appraisal.lesion.count
    several = ""
    if count.may_be_several:
        several = f" ({count.min} lesions)" if count.min == count.max else f" ({count.min} or more lesions)"
    return f"lesion {appraisal.lesion.id}{several}: {calls}: {shown}"


def _rule(result: Result, bounds: tuple[int, int]) -> str:
    if result.grade is not None:
        return f"the grade is the worst pattern: {result.grade}"
    low, high = bounds
    group = f", all in group {result.group}" if result.group else ""
    return f"the grade lies between P{low} and P{high}{group}, and is not given until this is known"
