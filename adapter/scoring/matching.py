"""The lesion rows of two reports become one lesion table: by identifier, else by a site that is unique on both sides.

Never by fuzzy text. What cannot be matched stays apart, and where it might be the other report's lesion after all, the
other tracer is unknown, not negative.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from adapter.scoring.joining import SILENT_SIDE, lesion_alone, lesion_of_both
from adapter.scoring.lesion import Lesion, Nature, Uptake
from adapter.scoring.reasons import Reason
from adapter.scoring.report import ReportRow, TracerKind
from adapter.scoring.sites import LISTED, lacks_side, sides_agree, sides_overlap, sites_overlap

Same = Callable[[ReportRow, ReportRow], bool]
Name = Callable[[ReportRow], str | None]


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

    def match(self, name: Name, same: Same) -> None:
        """Pair what is left and has one name by one rule; a row that is listed twice under it is paired twice.

        A row that may be either of two lesions, whose UIDs differ, is neither of them for certain.
        """
        sstr, fdg = self.left(TracerKind.SSTR), self.left(TracerKind.FDG)
        by_name: defaultdict[str | None, list[ReportRow]] = defaultdict(list)
        for row in fdg:
            by_name[name(row)].append(row)
        found = [
            (one, other) for one in sstr if name(one) is not None for other in by_name[name(one)] if same(one, other)
        ]
        partners: dict[int, set[str]] = {id(row): set() for row in (*sstr, *fdg)}
        for one, other in found:
            partners[id(one)] |= _uid(other)
            partners[id(other)] |= _uid(one)
        self.pairs += [pair for pair in found if all(len(partners[id(row)]) <= 1 for row in pair)]


def match_lesions(sstr: Sequence[ReportRow], fdg: Sequence[ReportRow]) -> tuple[tuple[Lesion, ...], set[Reason]]:
    """Turn the rows of the two reports into one lesion table, with the reasons that arose on the way.

    Order of identity: tracking UID, tracking identifier, explicit cross-reference; site and laterality only where they
    are unique on both sides (``lesion-match-probable``: a person looks at it).
    """
    matching = _Matching(sstr, fdg)
    matching.match(attrgetter("tracking_uid"), _same_uid)
    matching.match(attrgetter("tracking_id"), _same_identifier)
    _match_by_reference(matching)
    _match_by_site(matching)
    lesions = [lesion for one, other in matching.pairs for lesion in lesion_of_both(one, other, matching.reasons)]
    lesions += _unmatched(matching, TracerKind.SSTR) + _unmatched(matching, TracerKind.FDG)
    return tuple(_named_apart(lesions)), matching.reasons


def _uid(row: ReportRow) -> set[str]:
    return set() if row.tracking_uid is None else {row.tracking_uid}


def _same_uid(one: ReportRow, other: ReportRow) -> bool:
    return one.tracking_uid is not None and one.tracking_uid == other.tracking_uid


def _same_identifier(one: ReportRow, other: ReportRow) -> bool:
    """A tracking identifier may be a report's running number: at sites that exclude each other it proves nothing."""
    return _go_by_one_name(one, other) and sites_overlap(one.site, other.site)


def _go_by_one_name(one: ReportRow, other: ReportRow) -> bool:
    return one.tracking_id is not None and one.tracking_id == other.tracking_id and not _uids_differ(one, other)


def _uids_differ(one: ReportRow, other: ReportRow) -> bool:
    return None not in (one.tracking_uid, other.tracking_uid) and one.tracking_uid != other.tracking_uid


def _cross_referenced(one: ReportRow, other: ReportRow) -> bool:
    return _names(one, other) or _names(other, one)


def _names(row: ReportRow, other: ReportRow) -> bool:
    return row.cross_reference is not None and row.cross_reference in (other.tracking_uid, other.tracking_id)


def _match_by_reference(matching: _Matching) -> None:
    """A row that several rows refer to is none of them for certain."""
    sstr, fdg = matching.left(TracerKind.SSTR), matching.left(TracerKind.FDG)
    found = [(one, other) for one in sstr for other in fdg if _cross_referenced(one, other)]
    for one, other in found:
        if sum(pair[0] is one or pair[1] is other for pair in found) == 1:
            matching.pairs.append((one, other))


def _is_identified(row: ReportRow) -> bool:
    return row.tracking_uid is not None or row.tracking_id is not None


def _match_by_site(matching: _Matching) -> None:
    for one in matching.left(TracerKind.SSTR):
        for other in matching.left(TracerKind.FDG):
            if (_is_identified(one) and _is_identified(other)) or Nature.NOT_TUMOUR in (one.nature, other.nature):
                continue
            if not _same_place(one, other):
                continue
            if lacks_side(one.site, one.laterality) or lacks_side(other.site, other.laterality):
                matching.reasons.add(Reason.LATERALITY_MISSING)
            elif not _has_rivals(one, other, matching):
                matching.pairs.append((one, other))
                matching.reasons.add(Reason.LESION_MATCH_PROBABLE)


def _same_place(one: ReportRow, other: ReportRow) -> bool:
    return one.site is not None and one.site == other.site and sides_agree(one.laterality, other.laterality)


def _has_rivals(one: ReportRow, other: ReportRow, matching: _Matching) -> bool:
    """Is a row of either report, matched or not, at this site too, or may one that is left over be?"""
    left = {id(row) for kind in TracerKind for row in matching.left(kind)}
    return any(
        _at_one_site(one, row) or (id(row) in left and _might_be_same(one, row))
        for row in (*matching.sstr, *matching.fdg)
        if row is not one and row is not other
    )


def _at_one_site(one: ReportRow, other: ReportRow) -> bool:
    stated = other.site == one.site or {one.site, other.site} <= LISTED
    return stated and sides_overlap(one.laterality, other.laterality) and sites_overlap(one.site, other.site)


def _unmatched(matching: _Matching, kind: TracerKind) -> list[Lesion]:
    other_kind = TracerKind.FDG if kind is TracerKind.SSTR else TracerKind.SSTR
    others = matching.sstr if other_kind is TracerKind.SSTR else matching.fdg
    left = {id(row) for row in matching.left(other_kind)}
    lesions = []
    for row in matching.left(kind):
        possible = [
            other
            for other in others
            if _is_named_alike(row, other) or (id(other) in left and _might_be_same(row, other))
        ]
        if possible:
            matching.reasons.add(Reason.LESION_UNMATCHED)
        told_apart = all(_is_told_apart(row, other) for other in possible)
        lesions.append(lesion_alone(row, kind, SILENT_SIDE if told_apart else None))
    return lesions


def _is_named_alike(one: ReportRow, other: ReportRow) -> bool:
    """Does an identifier say that the two are one, even where the other has found another partner?"""
    return _cross_referenced(one, other) or _go_by_one_name(one, other)


def _might_be_same(one: ReportRow, other: ReportRow) -> bool:
    """Could the two be one lesion, for all that is said? Differing UIDs say that they are not."""
    if _uids_differ(one, other) or _is_of_no_account(one) or _is_of_no_account(other):
        return False
    return sides_overlap(one.laterality, other.laterality) and sites_overlap(one.site, other.site)


def _is_of_no_account(row: ReportRow) -> bool:
    """Uptake that a reader calls no tumour may hide a lesion of the same place; without uptake there is nothing to."""
    return row.nature is Nature.NOT_TUMOUR and row.finding.uptake is Uptake.NEGATIVE


def _is_told_apart(one: ReportRow, other: ReportRow) -> bool:
    """Two identifiers of one sort that differ are two lesions, though a person should look (``lesion-unmatched``)."""
    if _cross_referenced(one, other) or None in (one.tracking_id, other.tracking_id):
        return False
    return one.tracking_id != other.tracking_id


def _named_apart(lesions: list[Lesion]) -> list[Lesion]:
    """Two lesions of different UIDs go by their UIDs where their tracking identifiers are the same."""
    uids: dict[str, set[str]] = {}
    for lesion in lesions:
        if lesion.tracking_uid is not None:
            uids.setdefault(lesion.id, set()).add(lesion.tracking_uid)
    return [
        replace(lesion, id=lesion.tracking_uid)
        if lesion.tracking_uid is not None and len(uids[lesion.id]) > 1
        else lesion
        for lesion in lesions
    ]
