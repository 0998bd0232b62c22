"""The same lesion listed twice: equal rows are one, differing rows leave open which of them is true."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from adapter.scoring.evidence import Evidence
from adapter.scoring.lesion import SILENT, Count, Lesion, Nature, Status
from adapter.scoring.patterns import Appraisal
from adapter.scoring.reasons import Reason


def _identity(lesion: Lesion) -> str:
    """A tracking UID is the lesion's name everywhere; without one its id is."""
    return lesion.tracking_uid or lesion.id


def drop_equal_rows(lesions: Sequence[Lesion]) -> tuple[list[Lesion], set[Reason]]:
    """Turn a list of rows into one without exact repeats, with the reasons that tell of them.

    Rows of one lesion that disagree on whether it is tumour are kept as uncertain.
    """
    if len({_identity(lesion) for lesion in lesions}) == len(lesions):
        return list(lesions), set()
    rows: dict[str, list[Lesion]] = {}
    reasons: set[Reason] = set()
    for lesion in lesions:
        group = rows.setdefault(_identity(lesion), [])
        named = replace(lesion, id=group[0].id) if group else lesion
        if named in group:
            reasons.add(Reason.DUPLICATE_LESION)
        else:
            group.append(named)
    return [row for group in rows.values() for row in _agree_on_nature(group, reasons)], reasons


def _agree_on_nature(group: list[Lesion], reasons: set[Reason]) -> list[Lesion]:
    natures = {row.nature for row in group}
    if len(natures) == 1:
        return group
    reasons.add(Reason.DUPLICATE_CONFLICT)
    return [replace(row, nature=Nature.UNCERTAIN) for row in group if row.nature is not Nature.NOT_TUMOUR]


def merge_conflicts(appraisals: Sequence[Appraisal]) -> tuple[list[Appraisal], set[Reason]]:
    """Turn differing rows of one lesion into one row that may have the patterns of any of them."""
    merged: dict[str, Appraisal] = {}
    for appraisal in appraisals:
        key = _identity(appraisal.lesion)
        merged[key] = _either(merged[key], appraisal) if key in merged else appraisal
    conflict = len(merged) < len(appraisals)
    return list(merged.values()), {Reason.DUPLICATE_CONFLICT} if conflict else set()


def _either(one: Appraisal, other: Appraisal) -> Appraisal:
    """What both rows say alike stands; what they differ in is unknown. The order of the two does not matter."""
    sstr = one.sstr if one.sstr is other.sstr else Status.UNKNOWN
    fdg = one.fdg if one.fdg is other.fdg else Status.UNKNOWN
    reasons = one.reasons | other.reasons
    lesion = replace(
        one.lesion,
        sstr=SILENT,
        fdg=SILENT,
        size_mm=_smaller(one.lesion.size_mm, other.lesion.size_mm),
        count=span((one.lesion.count, other.lesion.count)),
        paired=one.lesion.paired and other.lesion.paired,
    )
    evidence = Evidence(lesion, sstr, fdg, None, None, reasons)
    return Appraisal(lesion, sstr, fdg, one.patterns | other.patterns, evidence, reasons)


def _smaller(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else min(one, other)


def span(counts: Iterable[Count]) -> Count:
    """Turn several statements of a count into the one that all of them fit into."""
    counts = tuple(counts)
    highest = [count.max for count in counts]
    most = None if None in highest else max(most for most in highest if most is not None)
    return Count(min(count.min for count in counts), most)
