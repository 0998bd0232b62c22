"""The same lesion listed twice: equal rows are one, differing rows leave open which of them is true."""

from dataclasses import replace

from adapter.scoring.lesion import Count, Lesion
from adapter.scoring.patterns import Appraisal
from adapter.scoring.reasons import Reason


def drop_equal_rows(lesions: tuple[Lesion, ...]) -> tuple[tuple[Lesion, ...], set[Reason]]:
    """Turn a list of rows into one without exact repeats, with the reason that tells of them."""
    if len({lesion.id for lesion in lesions}) == len(lesions):
        return lesions, set()
    seen = tuple(dict.fromkeys(lesions))
    return seen, {Reason.DUPLICATE_LESION} if len(seen) < len(lesions) else set()


def merge_conflicts(appraisals: list[Appraisal]) -> tuple[list[Appraisal], set[Reason]]:
    """Turn differing rows of one lesion into one row that may have the patterns of any of them."""
    merged: dict[str, Appraisal] = {}
    for appraisal in appraisals:
        earlier = merged.get(appraisal.lesion.id)
        merged[appraisal.lesion.id] = appraisal if earlier is None else _either(earlier, appraisal)
    conflict = len(merged) < len(appraisals)
    return list(merged.values()), {Reason.DUPLICATE_CONFLICT} if conflict else set()


def _either(one: Appraisal, other: Appraisal) -> Appraisal:
    counts = (one.lesion.count, other.lesion.count)
    highest = None if any(count.max is None for count in counts) else max(count.max or 0 for count in counts)
    count = Count(min(count.min for count in counts), highest)
    return replace(
        one,
        lesion=replace(one.lesion, count=count),
        patterns=one.patterns | other.patterns,
        reasons=one.reasons | other.reasons,
    )
