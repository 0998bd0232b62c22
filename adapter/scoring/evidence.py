"""From a report's words on one lesion to positive, negative or unknown, in the order of evidence (docs/clinical.md)."""

from dataclasses import dataclass

from adapter.scoring import suv as suvs
from adapter.scoring.lesion import Finding, Interval, Lesion, Status, Suv, SuvStatistic, Uptake
from adapter.scoring.reasons import Reason
from adapter.scoring.report import Study
from adapter.scoring.result import Policy

_PLAIN_CALLS = {Uptake.POSITIVE: Status.POSITIVE, Uptake.NEGATIVE: Status.NEGATIVE}
_EQUIVOCAL_KRENNING = 1
_KRENNING = {0: Status.NEGATIVE, 2: Status.POSITIVE, 3: Status.POSITIVE, 4: Status.POSITIVE}
_NOTHING = Study()


@dataclass(frozen=True, slots=True)
class Evidence:
    """One lesion with its two calls and the SUVs that may be used; ``reasons`` qualify how they came about."""

    lesion: Lesion
    sstr: Status
    fdg: Status
    sstr_suv: Suv | None
    fdg_suv: Suv | None
    reasons: frozenset[Reason]


def weigh(lesion: Lesion, studies: dict[str, Study | None], policy: Policy) -> Evidence:
    """Turn a lesion's two findings into its two calls, with the facts of each one's own report beside it."""
    reasons: set[Reason] = set()
    sstr_suv = suvs.usable(lesion.sstr.suv, reasons)
    fdg_suv = suvs.usable(lesion.fdg.suv, reasons)
    sstr = call(lesion.sstr, sstr_suv, studies.get("sstr") or _NOTHING, policy, reasons)
    fdg = call(lesion.fdg, fdg_suv, studies.get("fdg") or _NOTHING, policy, reasons)
    return Evidence(lesion, sstr, fdg, sstr_suv, fdg_suv, frozenset(reasons))


def call(finding: Finding, suv: Suv | None, study: Study, policy: Policy, reasons: set[Reason]) -> Status:
    """Turn one finding into a status: the reader's coded call, else Krenning, else SUVmax against a reference.

    What none of them settles is unknown. Silence is negative only where the report states that its list is exhaustive
    or that there is no tumour uptake anywhere; what lay outside the field of view or was equivocal is unknown.
    """
    if not finding.in_field:
        reasons.add(Reason.OUTSIDE_FIELD_OF_VIEW)
        return Status.UNKNOWN
    if finding.uptake in _PLAIN_CALLS:
        return _PLAIN_CALLS[finding.uptake]
    if _is_equivocal(finding):
        reasons.add(Reason.EQUIVOCAL_LESION)
        return Status.UNKNOWN
    if finding.is_silent and study.is_exhaustive:
        reasons.add(Reason.NEGATIVE_BY_EXHAUSTIVE_STATEMENT)
        return Status.NEGATIVE
    status = _from_measurement(finding, suv, study, policy)
    if status is Status.UNKNOWN:
        reasons.add(Reason.LESION_STATUS_UNKNOWN)
    return status


def _is_equivocal(finding: Finding) -> bool:
    if finding.uptake is Uptake.EQUIVOCAL or finding.krenning == _EQUIVOCAL_KRENNING:
        return True
    return finding.sstr_rads is not None and finding.sstr_rads.startswith("3")


def _from_measurement(finding: Finding, suv: Suv | None, study: Study, policy: Policy) -> Status:
    if finding.uptake is Uptake.NOT_EVALUABLE:
        return Status.UNKNOWN
    if finding.krenning is not None:
        return _KRENNING.get(finding.krenning, Status.UNKNOWN)
    if suv is not None and _above_reference(suv, study, policy):
        return Status.POSITIVE
    return Status.UNKNOWN


def _above_reference(suv: Suv, study: Study, policy: Policy) -> bool:
    """An SUVmax above normal tissue is uptake; one that is not proves nothing (Krenning 2 is at most liver)."""
    if suv.statistic is not SuvStatistic.MAX:
        return False
    cutoff = study.suv_cutoff
    if cutoff is not None and cutoff.signed_by and suvs.surely_above(suv, cutoff.value):
        return True
    references = (reference_suv(study, tissue) for tissue in policy.positivity_references)
    return any(_above(suv, reference) for reference in references)


def _above(suv: Suv, reference: Suv | None) -> bool:
    level = reference_interval(suv, reference)
    return level is not None and level.high is not None and suvs.surely_above(suv, level.high)


def reference_suv(study: Study, tissue: str) -> Suv | None:
    """Turn a reference tissue's name into its SUV in the study, if the report states one."""
    return {"liver": study.liver_suv, "spleen": study.spleen_suv, "blood-pool": study.blood_pool_suv}[tissue]


def reference_interval(suv: Suv, reference: Suv | None) -> Interval | None:
    """Turn a reference SUV into what an SUV may be compared with; None when it is of another normalisation."""
    reference = suvs.usable(reference, set())
    if reference is None or reference.type is not suv.type:
        return None
    return reference.value
