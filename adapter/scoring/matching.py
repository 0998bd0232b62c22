"""The lesion rows of two reports become one lesion table: by identifier, else by a site that is unique on both sides.

Never by fuzzy text. What cannot be matched stays apart, and where it might be the other report's lesion after all, the
other tracer is unknown, not negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapter.scoring.joining import SILENT_SIDE, lesion_alone, lesion_of_both
from adapter.scoring.lesion import Lesion, Nature
from adapter.scoring.reasons import Reason
from adapter.scoring.report import ReportRow, TracerKind

_PAIRED_ORGANS = frozenset(
    {
        "39607008",  # lung
        "15497006",  # ovary
        "76838003",  # supraclavicular node
    }
)
"""Sites (SNOMED CT) that mean nothing without a side."""


@dataclass(slots=True)
class _Matching:
    sstr: Sequence[ReportRow]
    fdg: Sequence[ReportRow]
    pairs: list[tuple[ReportRow, ReportRow]] = field(default_factory=list)
    reasons: set[Reason] = field(default_factory=set)

    def left(self, kind: TracerKind) -> list[ReportRow]:
        """The rows of one report that found no partner yet."""
        position = 0 if kind is TracerKind.SSTR else 1
        matched = {id(pair[position]) for pair in self.pairs}
        rows = self.sstr if kind is TracerKind.SSTR else self.fdg
        return [row for row in rows if id(row) not in matched]


def match_lesions(sstr: Sequence[ReportRow], fdg: Sequence[ReportRow]) -> tuple[tuple[Lesion, ...], set[Reason]]:
    """Turn the rows of the two reports into one lesion table, with the reasons that arose on the way.

    Order of identity: tracking UID, tracking identifier, explicit cross-reference; site and laterality only where they
    are unique on both sides (``lesion-match-probable``: a person looks at it).
    """
    matching = _Matching(sstr, fdg)
    for same in (_same_uid, _same_identifier, _cross_referenced):
        matching.pairs += [
            (one, other)
            for one in matching.left(TracerKind.SSTR)
            for other in matching.left(TracerKind.FDG)
            if same(one, other)
        ]
    _match_by_site(matching)
    lesions = [lesion for one, other in matching.pairs for lesion in lesion_of_both(one, other, matching.reasons)]
    lesions += _unmatched(matching, TracerKind.SSTR) + _unmatched(matching, TracerKind.FDG)
    return tuple(lesions), matching.reasons


def _same_uid(one: ReportRow, other: ReportRow) -> bool:
    return one.tracking_uid is not None and one.tracking_uid == other.tracking_uid


def _same_identifier(one: ReportRow, other: ReportRow) -> bool:
    uids_differ = None not in (one.tracking_uid, other.tracking_uid)
    return one.tracking_id is not None and one.tracking_id == other.tracking_id and not uids_differ


def _cross_referenced(one: ReportRow, other: ReportRow) -> bool:
    return _names(one, other) or _names(other, one)


def _names(row: ReportRow, other: ReportRow) -> bool:
    return row.cross_reference is not None and row.cross_reference in (other.tracking_uid, other.tracking_id)


def _is_identified(row: ReportRow) -> bool:
    return row.tracking_uid is not None or row.tracking_id is not None


def _match_by_site(matching: _Matching) -> None:
    for one in matching.left(TracerKind.SSTR):
        for other in matching.left(TracerKind.FDG):
            if _is_identified(one) and _is_identified(other):
                continue
            if not _same_site(one, other) or Nature.NOT_TUMOUR in (one.nature, other.nature):
                continue
            if _lacks_side(one) or _lacks_side(other):
                matching.reasons.add(Reason.LATERALITY_MISSING)
            elif _is_unique(one, matching.sstr) and _is_unique(other, matching.fdg):
                matching.pairs.append((one, other))
                matching.reasons.add(Reason.LESION_MATCH_PROBABLE)


def _same_site(one: ReportRow, other: ReportRow) -> bool:
    return one.site is not None and one.site == other.site and _sides_agree(one, other)


def _sides_agree(one: ReportRow, other: ReportRow) -> bool:
    """A side that is not stated contradicts none."""
    return None in (one.laterality, other.laterality) or one.laterality == other.laterality


def _lacks_side(row: ReportRow) -> bool:
    return row.site in _PAIRED_ORGANS and row.laterality is None


def _is_unique(row: ReportRow, rows: Sequence[ReportRow]) -> bool:
    return sum(_same_site(row, other) for other in rows) == 1


def _unmatched(matching: _Matching, kind: TracerKind) -> list[Lesion]:
    other_kind = TracerKind.FDG if kind is TracerKind.SSTR else TracerKind.SSTR
    others = matching.left(other_kind)
    lesions = []
    for row in matching.left(kind):
        possible = [other for other in others if _might_be_same(row, other)]
        if possible:
            matching.reasons.add(Reason.LESION_UNMATCHED)
        distinct = all(_is_identified(row) and _is_identified(other) for other in possible)
        lesions.append(lesion_alone(row, kind, SILENT_SIDE if distinct else None))
    return lesions


def _might_be_same(one: ReportRow, other: ReportRow) -> bool:
    if Nature.NOT_TUMOUR in (one.nature, other.nature) or not _sides_agree(one, other):
        return False
    both_identified = _is_identified(one) and _is_identified(other)
    if one.site is None or other.site is None:
        return not both_identified
    return one.site == other.site
