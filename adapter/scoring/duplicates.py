"""The same lesion listed twice: equal rows are one, differing rows leave open which of them is true."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from adapter.scoring.evidence import Evidence
from adapter.scoring.lesion import SILENT, Count, Lesion, Nature, Status
from adapter.scoring.patterns import Appraisal
from adapter.scoring.reasons import Reason


def _names(lesion: Lesion) -> list[tuple[str, str]]:
    uid = [] if lesion.tracking_uid is None else [("uid", lesion.tracking_uid)]
    return [("id", lesion.id), *uid]


def _by_identity(lesions: Sequence[Lesion]) -> list[list[Lesion]]:
    """Turn rows into one group a lesion: an id or a tracking UID in common says that two rows are one."""
    groups: dict[tuple[str, str], list[Lesion]] = {}
    for lesion in lesions:
        known = list({id(groups[name]): groups[name] for name in _names(lesion) if name in groups}.values())
        group = known[0] if known else []
        joining = [lesion, *(row for other in known[1:] for row in other)]
        group += joining
        groups |= {name: group for row in joining for name in _names(row)}
    return list({id(group): group for group in groups.values()}.values())


def drop_equal_rows(lesions: Sequence[Lesion]) -> tuple[list[Lesion], set[Reason]]:
    """Turn a list of rows into one without exact repeats, with the reasons that tell of them.

    Rows of one lesion all take one of its ids. Those that disagree on whether it is tumour are kept as uncertain.
    """
    reasons: set[Reason] = set()
    rows: list[Lesion] = []
    for group in _by_identity(lesions):
        distinct = _distinct(group)
        if len(distinct) < len(group):
            reasons.add(Reason.DUPLICATE_LESION)
        rows += _agree_on_nature(distinct, reasons)
    return rows, reasons


def _distinct(group: list[Lesion]) -> list[Lesion]:
    """The rows of one lesion that differ, under one name, whichever of them came first."""
    if len(group) == 1:
        return group
    name = min(group, key=_as_a_name).id
    uid = min((row.tracking_uid for row in group if row.tracking_uid is not None), default=None)
    return list(dict.fromkeys(replace(row, id=name, tracking_uid=uid) for row in group))


def _as_a_name(row: Lesion) -> tuple[bool, bool, str]:
    """A lesion goes by the name of a row that stands in the score, and by a word before a number."""
    return (row.nature is Nature.NOT_TUMOUR, row.id == row.tracking_uid, row.id)


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
        name = appraisal.lesion.id
        merged[name] = _either(merged[name], appraisal) if name in merged else appraisal
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
