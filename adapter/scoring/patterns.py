"""The patterns that one lesion may have: the published table read backwards, unknowns and all."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from adapter.scoring import suv as suvs
from adapter.scoring.evidence import Evidence
from adapter.scoring.lesion import Lesion, Nature, Status
from adapter.scoring.reasons import Reason
from adapter.scoring.result import Policy

SMALL_MM = Decimal(10)
"""Under this long axis PET may miss uptake (partial volume): a negative call is looked at by a person."""

_UNPAIRED = frozenset({2, 3, 4, 5})
_NO_TUMOUR = frozenset({0})


@dataclass(frozen=True, slots=True)
class Appraisal:
    """One lesion with its possible patterns (0-5) and the reasons that they are so."""

    lesion: Lesion
    sstr: Status
    fdg: Status
    patterns: frozenset[int]
    evidence: Evidence
    reasons: frozenset[Reason]

    @property
    def low(self) -> int:
        """The least discordant pattern it may have."""
        return min(self.patterns)

    @property
    def high(self) -> int:
        """The most discordant pattern it may have."""
        return max(self.patterns)


def appraise(evidence: Evidence, policy: Policy) -> Appraisal:
    """Turn one lesion's evidence into the set of patterns that it may have."""
    lesion = evidence.lesion
    reasons = set(evidence.reasons)
    both_possible = evidence.sstr is not Status.NEGATIVE and evidence.fdg is not Status.NEGATIVE
    relation = _relation(evidence, policy, reasons) if both_possible else suvs.EITHER_RELATION
    patterns = _readings(evidence.sstr, evidence.fdg, relation)
    if lesion.count.may_be_several:
        reasons.add(Reason.AGGREGATE_ROW)
        if both_possible and not lesion.paired:
            reasons.add(Reason.AGGREGATE_NOT_PAIRED)
            patterns |= _UNPAIRED
    if lesion.nature is Nature.UNCERTAIN:
        patterns |= _NO_TUMOUR
    if _is_small_negative(evidence):
        reasons.add(Reason.SMALL_LESION_NEGATIVE)
    return Appraisal(lesion, evidence.sstr, evidence.fdg, patterns, evidence, frozenset(reasons))


def _readings(sstr: Status, fdg: Status, relation: frozenset[int]) -> frozenset[int]:
    """The published table, over every reading of an unknown."""
    readings = _TABLE[sstr, fdg]
    return readings | relation if sstr is not Status.NEGATIVE and fdg is not Status.NEGATIVE else readings


def _pattern(sstr: Status, fdg: Status) -> frozenset[int]:
    """The published table where it needs no relation: SSTR+/FDG- is 1, SSTR-/FDG+ is 5, neither is 0."""
    if sstr is Status.POSITIVE:
        return frozenset() if fdg is Status.POSITIVE else frozenset({1})
    return frozenset({5}) if fdg is Status.POSITIVE else _NO_TUMOUR


_TABLE = {
    (sstr, fdg): frozenset[int]().union(*(_pattern(*reading) for reading in product(sstr.readings(), fdg.readings())))
    for sstr, fdg in product(Status, Status)
}


def _relation(evidence: Evidence, policy: Policy, reasons: set[Reason]) -> frozenset[int]:
    """The reader's word first, else the two SUVs; a grouped row's values belong to different members unless paired."""
    comparable = suvs.comparable(evidence.sstr_suv, evidence.fdg_suv, reasons)
    if evidence.lesion.relation is not None:
        return frozenset({evidence.lesion.relation.value})
    unpaired_group = evidence.lesion.count.may_be_several and not evidence.lesion.paired
    if not comparable or unpaired_group or evidence.sstr_suv is None or evidence.fdg_suv is None:
        return suvs.EITHER_RELATION
    sstr, fdg = evidence.sstr_suv.value, evidence.fdg_suv.value
    relation = suvs.relation_patterns(sstr, fdg, policy.equality_tolerance)
    if len(relation) > 1:
        reasons.add(Reason.SUV_INTERVAL_STRADDLES)
    if suvs.near_equal(sstr, fdg):
        reasons.add(Reason.P3_BOUNDARY)
    return relation


def _is_small_negative(evidence: Evidence) -> bool:
    size = evidence.lesion.size_mm
    negative = Status.NEGATIVE in (evidence.sstr, evidence.fdg)
    return negative and size is not None and size < SMALL_MM
