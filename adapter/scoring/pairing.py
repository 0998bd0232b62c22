"""Which two studies of a patient belong together: nearest in acquisition time, each study once, ties shown."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid5

from adapter.scoring.reasons import Reason
from adapter.scoring.report import OID_NAMESPACE, KeptReport, TracerKind
from adapter.scoring.result import Policy

_NO_DATE = 10**6
"""Stands for the distance to a study without acquisition date: considered last, and never within a limit."""


_LAST_DAY = date.max.toordinal() - 1
"""A sender's placeholder (9999-12-31) waits until here: a day on which waiting ends has a next one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two studies to be scored together, or one whose partner is missing (the other side is None)."""

    sstr: KeptReport | None
    fdg: KeptReport | None
    reasons: frozenset[Reason] = frozenset()

    @property
    def reports(self) -> tuple[KeptReport, ...]:
        """The one or two reports, SSTR first."""
        return tuple(report for report in (self.sstr, self.fdg) if report is not None)

    @property
    def missing(self) -> TracerKind | None:
        """The half that is not there."""
        if self.sstr is None:
            return TracerKind.SSTR
        return TracerKind.FDG if self.fdg is None else None

    @property
    def id(self) -> str:
        """A UUIDv5 of the patient and the accessions: the same pair has the same id for ever, at every site."""
        patient = self.reports[0].report.patient.key
        return str(uuid5(OID_NAMESPACE, f"score|{patient}|{_accession(self.sstr)}|{_accession(self.fdg)}"))

    def waits_until(self, policy: Policy) -> date | None:
        """The last day on which a partner could still be acquired; None when none is missing or no date is known."""
        if self.missing is None:
            return None
        acquired = self.reports[0].report.study.acquired
        if acquired is None:
            return None
        return date.fromordinal(min(acquired.toordinal() + policy.interval_limit_days, _LAST_DAY))


def _accession(kept: KeptReport | None) -> str:
    """An authority or accession may itself hold the separator: no two studies share a name."""
    if kept is None:
        return ""
    parts = (kept.report.accession_authority, kept.report.accession)
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def pair_studies(current: Sequence[KeptReport], policy: Policy) -> list[Pair]:
    """Turn a patient's current, standing reports into pairs; what finds no partner is a pair with one side missing.

    Candidates are taken nearest first. Pairs beyond the interval limit are formed only from what is left over, so that
    the two are reported together as not scorable. A tie in time is kept and marked ``ambiguous-pairing``.
    """
    standing = [kept for kept in current if not kept.report.study.status.is_retracted]
    sstr = [kept for kept in standing if kept.report.kind is TracerKind.SSTR]
    fdg = [kept for kept in standing if kept.report.kind is TracerKind.FDG]
    candidates = sorted(
        (Pair(one, other) for one in sstr for other in fdg), key=lambda pair: (_gap(pair), _tie_break(pair))
    )
    taken: set[int] = set()
    doubtful: set[int] = set()
    pairs = []
    for candidate in candidates:
        if taken.isdisjoint(_members(candidate)):
            ambiguous = any(_is_rival(pair, candidate, doubtful, policy) for pair in candidates)
            taken |= _members(candidate)
            doubtful |= _members(candidate) if ambiguous else set()
            pairs.append(_judge(candidate, ambiguous=ambiguous))
    alone = [Pair(kept, None) for kept in sstr if id(kept) not in taken]
    alone += [Pair(None, kept) for kept in fdg if id(kept) not in taken]
    return sorted(pairs + alone, key=_tie_break)


def retracted_pairs(current: Sequence[KeptReport], policy: Policy) -> list[Pair]:
    """Turn retracted studies into the pairs that they were, or would have been, half of: nearest within the limit.

    Whether such a score was ever published depends on when the retraction came; that it is in error does not. Of two
    reports that name different patients nothing was or is published.
    """
    pairs = []
    for kept in current:
        if not kept.report.study.status.is_retracted:
            continue
        one_side = [_facing(kept, other) for other in current if _are_halves(kept, other)]
        near = [pair for pair in one_side if _gap(pair) <= policy.interval_limit_days]
        pairs += sorted(near, key=lambda pair: (_gap(pair), _tie_break(pair)))[:1]
    return [pair for pair in pairs if not _names_two_patients(pair)]


def _are_halves(one: KeptReport, other: KeptReport) -> bool:
    return None not in (one.report.kind, other.report.kind) and one.report.kind is not other.report.kind


def _facing(one: KeptReport, other: KeptReport) -> Pair:
    return Pair(one, other) if one.report.kind is TracerKind.SSTR else Pair(other, one)


def pair_of(score_id: str, current: Sequence[KeptReport]) -> Pair | None:
    """Turn a score's id back into its pair of current reports, retracted ones included; None when they are gone."""
    sstr = [kept for kept in current if kept.report.kind is TracerKind.SSTR]
    fdg = [kept for kept in current if kept.report.kind is TracerKind.FDG]
    possible = [Pair(one, other) for one in [*sstr, None] for other in [*fdg, None] if one or other]
    return next((pair for pair in possible if pair.id == score_id), None)


def _gap(pair: Pair) -> int:
    dates = [kept.report.study.acquired for kept in pair.reports]
    if dates[0] is None or dates[1] is None:
        return _NO_DATE
    return abs((dates[0].date() - dates[1].date()).days)


def _tie_break(pair: Pair) -> tuple[str, str]:
    return (_accession(pair.sstr), _accession(pair.fdg))


def _members(pair: Pair) -> set[int]:
    return {id(kept) for kept in pair.reports}


def _is_rival(other: Pair, chosen: Pair, doubtful: set[int], policy: Policy) -> bool:
    """Could a study of ``chosen`` have gone with ``other``: as near, or nearer but for a choice that was a tie?"""
    if other is chosen or _members(other).isdisjoint(_members(chosen)) or _gap(chosen) > policy.interval_limit_days:
        return False
    was_a_tie = not doubtful.isdisjoint(_members(other))
    return _gap(other) == _gap(chosen) or (_gap(other) < _gap(chosen) and was_a_tie)


def _judge(pair: Pair, *, ambiguous: bool) -> Pair:
    reasons = {Reason.AMBIGUOUS_PAIRING} if ambiguous else set()
    if _names_two_patients(pair):
        reasons.add(Reason.PATIENT_MISMATCH)
    return replace(pair, reasons=frozenset(reasons))


def _names_two_patients(pair: Pair) -> bool:
    patients = [kept.report.patient for kept in pair.reports]
    born = {patient.birth_date for patient in patients if patient.birth_date}
    return len(born) > 1 or len({patient.key for patient in patients}) > 1
