"""The companion scales from the same lesion table: Karfis C1-C3 and Zidan 1-4, each given only when it is settled.

Source: Table 1 of Cancer Imaging 2022, doi 10.1186/s40644-022-00465-3. Karfis counts uptake above background; Zidan
counts uptake above the liver on both tracers and therefore needs the liver's SUV on both scans.
"""

from itertools import product

from adapter.scoring import suv as suvs
from adapter.scoring.evidence import reference_interval
from adapter.scoring.lesion import Finding, Nature, Status, Suv, SuvStatistic
from adapter.scoring.patterns import Appraisal
from adapter.scoring.report import Study
from adapter.scoring.studies import StudyPair

_POS, _NEG = Status.POSITIVE, Status.NEGATIVE
_CONCORDANT, _SSTR_ONLY, _FDG_ONLY, _NEITHER = (_POS, _POS), (_POS, _NEG), (_NEG, _POS), (_NEG, _NEG)
_NOT_A_LESION = None

Reading = tuple[Status, Status] | None
"""One way a lesion may be: (SSTR, FDG), or None where it may be no tumour at all."""

_ABOVE_LIVER = 3
_ZIDAN = {_NOT_A_LESION: 1, _NEITHER: 1, _SSTR_ONLY: 2, _CONCORDANT: 3, _FDG_ONLY: 4}


_PRODUCTS: dict[tuple[Status, Status], frozenset[Reading]] = {
    (sstr, fdg): frozenset(product(sstr.readings(), fdg.readings())) for sstr, fdg in product(Status, Status)
}


def karfis(appraisals: list[Appraisal]) -> str | None:
    """Turn the lesions into C1, C2 or C3; None when more than one is possible, or none of them fits.

    C1: all SSTR+ and FDG-. C2: at least one FDG+, all of those SSTR+. C3: at least one FDG+ that is SSTR-.
    """
    readings = [_readings(appraisal) for appraisal in appraisals]
    possible: set[str | None] = set()
    if any(_FDG_ONLY in lesion for lesion in readings):
        possible.add("C3")
    if all(lesion - {_FDG_ONLY} for lesion in readings):
        possible |= _without_discordance([lesion - {_FDG_ONLY} for lesion in readings])
    return possible.pop() if len(possible) == 1 else None


def _without_discordance(readings: list[set[Reading]]) -> set[str | None]:
    possible: set[str | None] = set()
    if any(_CONCORDANT in lesion for lesion in readings):
        possible.add("C2")
    if all(lesion - {_CONCORDANT} for lesion in readings):
        possible |= _without_fdg([lesion - {_CONCORDANT} for lesion in readings])
    return possible


def _without_fdg(readings: list[set[Reading]]) -> set[str | None]:
    """With no FDG+ lesion: C1 when every lesion is SSTR+; a lesion without any uptake fits none of the three."""
    possible: set[str | None] = set()
    all_positive = all(lesion - {_NEITHER} for lesion in readings)
    if all_positive and any(_SSTR_ONLY in lesion for lesion in readings):
        possible.add("C1")
    none_left = all(_NOT_A_LESION in lesion for lesion in readings)
    if none_left or any(_NEITHER in lesion for lesion in readings):
        possible.add(None)
    return possible


def zidan(appraisals: list[Appraisal], studies: StudyPair | None) -> int | None:
    """Turn the lesions into Zidan 1-4 (the highest of any lesion); None without the liver's SUV on both scans."""
    if studies is None or studies.sstr is None or studies.fdg is None or not appraisals:
        return None
    if studies.sstr.liver_suv is None or studies.fdg.liver_suv is None:
        return None
    grades = [_zidan_grades(appraisal, studies.sstr, studies.fdg) for appraisal in appraisals]
    low, high = max(min(lesion) for lesion in grades), max(max(lesion) for lesion in grades)
    return low if low == high else None


def _zidan_grades(appraisal: Appraisal, sstr: Study, fdg: Study) -> set[int]:
    evidence = appraisal.evidence
    calls = (
        _above_liver(appraisal.lesion.sstr, evidence.sstr, evidence.sstr_suv, sstr),
        _above_liver(appraisal.lesion.fdg, evidence.fdg, evidence.fdg_suv, fdg),
    )
    return {_ZIDAN[reading] for reading in _combine(*calls, appraisal)}


def _above_liver(finding: Finding, status: Status, suv: Suv | None, study: Study) -> Status:
    if status is _NEG:
        return _NEG
    if status is _POS and finding.krenning is not None:
        return _POS if finding.krenning >= _ABOVE_LIVER else _NEG
    if suv is None or suv.statistic is not SuvStatistic.MAX:
        return Status.UNKNOWN
    liver = reference_interval(suv, study.liver_suv)
    if liver is None or liver.low is None or liver.high is None:
        return Status.UNKNOWN
    if suvs.surely_above(suv, liver.high):
        return _POS
    return _NEG if suvs.surely_not_above(suv, liver.low) else Status.UNKNOWN


def _readings(appraisal: Appraisal) -> set[Reading]:
    return _combine(appraisal.sstr, appraisal.fdg, appraisal)


def _combine(sstr: Status, fdg: Status, appraisal: Appraisal) -> set[Reading]:
    """Every way the lesion may be; members of a group that are not paired may be split between the tracers."""
    readings = set(_PRODUCTS[sstr, fdg])
    split = appraisal.lesion.count.may_be_several and not appraisal.lesion.paired
    if split and _CONCORDANT in readings:
        readings |= {_FDG_ONLY}
    if appraisal.lesion.nature is Nature.UNCERTAIN:
        readings.add(_NOT_A_LESION)
    return readings
