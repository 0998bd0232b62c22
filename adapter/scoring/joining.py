"""Two rows that are one lesion become one row; where they contradict each other, what they say is unknown."""

from dataclasses import replace
from decimal import Decimal

from adapter.scoring.lesion import SILENT, Count, Finding, Lesion, Nature, Relation, Uptake
from adapter.scoring.reasons import Reason
from adapter.scoring.report import ReportRow, TracerKind

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
    """Turn two matched rows into one lesion, or, where one says left and the other right, into two that stay open."""
    if None not in (sstr.laterality, fdg.laterality) and sstr.laterality != fdg.laterality:
        reasons.add(Reason.LATERALITY_CONFLICT)
        return (
            lesion_alone(sstr, TracerKind.SSTR, None, " (SSTR)"),
            lesion_alone(fdg, TracerKind.FDG, None, " (FDG)"),
        )
    count = _count(sstr.count, fdg.count)
    said = [sstr.paired, fdg.paired, False if _counts_differ(sstr.count, fdg.count) else None]
    return (
        replace(
            lesion_alone(sstr, TracerKind.SSTR, fdg.finding),
            id=_common_name(sstr, fdg),
            relation=_relation(sstr.relation, fdg.relation, reasons),
            site=sstr.site or fdg.site,
            laterality=sstr.laterality or fdg.laterality,
            size_mm=_size(sstr.size_mm, fdg.size_mm),
            nature=sstr.nature if sstr.nature is fdg.nature else Nature.UNCERTAIN,
            count=count,
            paired=_paired(count, said),
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


def _counts_differ(one: Count | None, other: Count | None) -> bool:
    return one is not None and other is not None and one != other


def _count(one: Count | None, other: Count | None) -> Count:
    stated = [count for count in (one, other) if count is not None]
    if not stated:
        return Count()
    highest = [count.max for count in stated]
    most = None if None in highest else max(count for count in highest if count is not None)
    return Count(min(count.min for count in stated), most)


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
