"""Two rows that are one lesion become one row; where they contradict each other, what they say is unknown."""

from dataclasses import replace
from decimal import Decimal

from adapter.scoring.lesion import SILENT, Count, Finding, Lesion, Nature, Relation, Uptake
from adapter.scoring.reasons import Reason
from adapter.scoring.report import ReportRow, TracerKind
from adapter.scoring.sites import sides_agree, sites_overlap

SILENT_SIDE = SILENT
"""The other report does not mention the lesion: an exhaustive list makes that negative."""

_UNKNOWN_SIDE = Finding(uptake=Uptake.UNKNOWN)
"""The other report may well mention the lesion, but nothing says which of its rows it is."""


def lesion_name(row: ReportRow, kind: TracerKind) -> str:
    """Turn a row into its lesion's id: the tracking identifier, else the UID, else the report's own row key."""
    return row.tracking_id or row.tracking_uid or f"{kind.value}:{row.row}"


def lesion_alone(row: ReportRow, kind: TracerKind, other_side: Finding | None, suffix: str = "") -> Lesion:
    """Turn a row without partner into a lesion; ``other_side`` None means that the other tracer is unknown."""
    other = _UNKNOWN_SIDE if other_side is None else other_side
    is_sstr = kind is TracerKind.SSTR
    return Lesion(
        id=lesion_name(row, kind) + suffix,
        sstr=row.finding if is_sstr else other,
        fdg=other if is_sstr else row.finding,
        relation=row.relation,
        site=row.site,
        laterality=row.laterality,
        size_mm=row.size_mm,
        nature=row.nature,
        count=row.count or Count(),
        paired=_paired(row.count or Count(), [row.paired]),
        tracking_uid=row.tracking_uid,
    )


def lesion_of_both(sstr: ReportRow, fdg: ReportRow, reasons: set[Reason]) -> tuple[Lesion, ...]:
    """Turn two matched rows into one lesion, or, where they contradict each other on it, into two that stay open.

    Left is never right. Rows that stand for different numbers of lesions do not speak of the same ones: what one says
    of its few is not known of the other's many.
    """
    if not sides_agree(sstr.laterality, fdg.laterality):
        return _apart(sstr, fdg, Reason.LATERALITY_CONFLICT, reasons)
    if None not in (sstr.count, fdg.count) and sstr.count != fdg.count:
        return _apart(sstr, fdg, Reason.LESION_UNMATCHED, reasons)
    if not sites_overlap(sstr.site, fdg.site):
        reasons.add(Reason.LESION_MATCH_PROBABLE)
    count = sstr.count or fdg.count or Count()
    return (
        Lesion(
            id=_common_name(sstr, fdg),
            sstr=sstr.finding,
            fdg=fdg.finding,
            relation=_relation(sstr.relation, fdg.relation, reasons),
            site=sstr.site or fdg.site,
            laterality=sstr.laterality or fdg.laterality,
            size_mm=_size(sstr.size_mm, fdg.size_mm),
            nature=sstr.nature if sstr.nature is fdg.nature else Nature.UNCERTAIN,
            count=count,
            paired=_paired(count, [sstr.paired, fdg.paired]),
            tracking_uid=sstr.tracking_uid or fdg.tracking_uid,
        ),
    )


def _common_name(sstr: ReportRow, fdg: ReportRow) -> str:
    """The identifier that either report gives, before a UID, before a row key."""
    named = sstr.tracking_id or fdg.tracking_id or sstr.tracking_uid or fdg.tracking_uid
    return named or lesion_name(sstr, TracerKind.SSTR)


def _size(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The smaller of two measurements: what is doubtful in a small lesion is then looked at."""
    stated = [size for size in (one, other) if size is not None]
    return min(stated, default=None)


def _apart(sstr: ReportRow, fdg: ReportRow, reason: Reason, reasons: set[Reason]) -> tuple[Lesion, Lesion]:
    """Two lesions of one name, each unknown to the other tracer."""
    reasons.add(reason)
    one = lesion_alone(sstr, TracerKind.SSTR, None, " (SSTR)")
    other = lesion_alone(fdg, TracerKind.FDG, None, " (FDG)")
    return replace(one, tracking_uid=None), replace(other, tracking_uid=None)


def _paired(count: Count, said: list[bool | None]) -> bool:
    """The members of a group are paired one to one only where a report says so and none denies it."""
    if not count.may_be_several:
        return True
    return True in said and False not in said


def _relation(one: Relation | None, other: Relation | None, reasons: set[Reason]) -> Relation | None:
    if None not in (one, other) and one is not other:
        reasons.add(Reason.DUPLICATE_CONFLICT)
        return None
    return one or other
