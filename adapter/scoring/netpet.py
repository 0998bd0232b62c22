"""The NETPET score of one lesion table: the worst lesion's pattern, given exactly when what is missing cannot matter.

Source: Chan et al., Theranostics 2017;7(5):1149-1158, doi 10.7150/thno.18068, with the bounds over what is unknown that
this project adds (docs/clinical.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapter.scoring.companions import karfis, zidan
from adapter.scoring.duplicates import drop_equal_rows, merge_conflicts
from adapter.scoring.evidence import call, weigh
from adapter.scoring.explain import explain
from adapter.scoring.lesion import Lesion, Nature, Status
from adapter.scoring.patterns import SMALL_MM, Appraisal, appraise
from adapter.scoring.reasons import ASKS_FOR_REVIEW, Reason, codes
from adapter.scoring.report import Study
from adapter.scoring.result import Outcome, Policy, Result
from adapter.scoring.studies import KNOWN_DISEASE, StudyPair, forbidding, judge_studies
from adapter.scoring.suv import usable

GROUPS = ("P0", "P1", "P2-4", "P2-4", "P2-4", "P5")
"""Pattern -> prognostic group; only the groups are validated (Chan 2023, doi 10.1038/s41416-022-02061-5)."""

MANY = 3
"""Suffix b: this many lesions or more show the pattern of the grade (a: one or two)."""

WITH_SUFFIX = frozenset({2, 3, 4})


@dataclass(frozen=True, slots=True)
class _Settled:
    """What the lesions alone settle."""

    bounds: tuple[int, int] | None
    grade: str | None
    group: str | None
    at_grade: tuple[int, int | None] | None


def score(
    lesions: Sequence[Lesion],
    studies: StudyPair | None = None,
    policy: Policy | None = None,
    noted: frozenset[Reason] = frozenset(),
) -> Result:
    """Turn a lesion table, with the two studies it comes from where they are known, into its NETPET result.

    Without ``studies`` the rules on tracer, interval and report status are not asked and raise no reason. ``noted`` are
    reasons that arose before, when the studies were paired and their lesions matched.
    """
    policy = policy or Policy()
    appraisals, reasons = _appraise_all(lesions, studies, policy)
    reasons |= noted
    reasons |= judge_studies(studies, policy) if studies else set()
    forbidden = forbidding(reasons, studies)
    settled = _settle(appraisals, studies)
    if forbidden:
        settled = _Settled(None, None, None, None)
    reasons |= _judge_result(settled, appraisals, studies)
    outcome = _outcome(settled)
    result = Result(
        outcome=outcome,
        grade=settled.grade,
        group=settled.group,
        bounds=settled.bounds,
        patterns={appraisal.lesion.id: tuple(sorted(appraisal.patterns)) for appraisal in appraisals},
        target_lesions=_targets(settled, appraisals),
        reasons=codes(reasons),
        review_required=outcome is Outcome.NOT_SCORABLE or bool(reasons & ASKS_FOR_REVIEW),
        karfis=None if forbidden else karfis(appraisals),
        zidan=None if forbidden else zidan(appraisals, studies),
        interval_days=studies.interval_days if studies else None,
        policy=policy,
        lesions_at_grade=settled.at_grade,
    )
    return replace(result, explanation=explain(result, appraisals, codes(forbidden)))


def _appraise_all(
    lesions: Sequence[Lesion], studies: StudyPair | None, policy: Policy
) -> tuple[list[Appraisal], set[Reason]]:
    rows, reasons = drop_equal_rows(lesions)
    tumour = [row for row in rows if row.nature is not Nature.NOT_TUMOUR]
    if any(lesion.nature is Nature.NOT_TUMOUR for lesion in lesions):
        reasons.add(Reason.NON_TUMOUR_ROW_EXCLUDED)
    by_tracer = _credible(tumour, studies, policy, reasons) if studies else {}
    appraisals, conflicts = merge_conflicts([appraise(weigh(row, by_tracer, policy), policy) for row in tumour])
    for appraisal in appraisals:
        reasons |= appraisal.reasons
    return appraisals, reasons | conflicts


def _credible(
    rows: Sequence[Lesion], studies: StudyPair, policy: Policy, reasons: set[Reason]
) -> dict[str, Study | None]:
    """A report that says "no tumour uptake" beside a tumour row with uptake contradicts itself: not believed."""
    by_tracer = {"sstr": studies.sstr, "fdg": studies.fdg}
    for tracer, study in by_tracer.items():
        if study is None or not study.no_tumour_uptake:
            continue
        findings = [row.sstr if tracer == "sstr" else row.fdg for row in rows if row.nature is Nature.TUMOUR]
        if any(call(one, usable(one.suv, set()), study, policy, set()) is Status.POSITIVE for one in findings):
            reasons.add(Reason.DUPLICATE_CONFLICT)
            by_tracer[tracer] = replace(study, no_tumour_uptake=False)
    return by_tracer


def _settle(appraisals: list[Appraisal], studies: StudyPair | None) -> _Settled:
    if not appraisals:
        none_stated = studies is not None and studies.both_state_no_uptake
        return _Settled((0, 0), "P0", GROUPS[0], None) if none_stated else _Settled(None, None, None, None)
    low = max(appraisal.low for appraisal in appraisals)
    high = max(appraisal.high for appraisal in appraisals)
    group = GROUPS[low] if GROUPS[low] == GROUPS[high] else None
    if low != high:
        return _Settled((low, high), None, group, None)
    at_grade = _count(appraisals, low)
    suffix = _suffix(at_grade) if low in WITH_SUFFIX else ""
    return _Settled((low, high), f"P{low}{suffix}", group, at_grade)


def _count(appraisals: list[Appraisal], grade: int) -> tuple[int, int | None]:
    """How many lesions show the grade's own pattern: surely (at least), and possibly (at most, None is open)."""
    surely = sum(appraisal.lesion.count.min for appraisal in appraisals if appraisal.patterns == {grade})
    possible = [appraisal.lesion.count.max for appraisal in appraisals if grade in appraisal.patterns]
    return surely, None if None in possible else sum(most for most in possible if most is not None)


def _suffix(at_grade: tuple[int, int | None]) -> str:
    surely, possibly = at_grade
    if surely >= MANY:
        return "b"
    return "a" if possibly is not None and possibly < MANY else ""


def _outcome(settled: _Settled) -> Outcome:
    if settled.grade is not None:
        return Outcome.SCORED
    return Outcome.GROUP_ONLY if settled.group is not None else Outcome.NOT_SCORABLE


def _targets(settled: _Settled, appraisals: list[Appraisal]) -> tuple[str, ...]:
    """The lesions that set the grade or, where it is open, those that may still raise it."""
    if settled.bounds is None:
        return ()
    low, high = settled.bounds
    if low == high:
        return tuple(appraisal.lesion.id for appraisal in appraisals if appraisal.patterns == {low})
    return tuple(appraisal.lesion.id for appraisal in appraisals if appraisal.high > low)


def _judge_result(settled: _Settled, appraisals: list[Appraisal], studies: StudyPair | None) -> set[Reason]:
    """The reasons that arise only from the grade itself."""
    reasons: set[Reason] = set()
    present = studies.present if studies else ()
    if studies is None and not appraisals:
        reasons.add(Reason.LESION_LIST_COMPLETENESS_UNKNOWN)
    if settled.bounds in {(2, 2), (3, 3), (4, 4)} and settled.grade is not None and len(settled.grade) == 2:
        reasons.add(Reason.SUFFIX_UNDETERMINED)
    if settled.grade == "P0" and any(study.extent in KNOWN_DISEASE for study in present):
        reasons.add(Reason.P0_WITH_KNOWN_DISEASE)
    grades = [study.reader_grade for study in present if study.reader_grade is not None]
    if settled.grade == "P5" and _insignificant(appraisals) and "P5" not in grades:
        reasons.add(Reason.P5_SIGNIFICANCE_UNCONFIRMED)
    if len(set(grades)) > 1 or any(_disagrees(grade, settled) for grade in grades):
        reasons.add(Reason.READER_GRADE_DISAGREES)
    return reasons


def _insignificant(appraisals: list[Appraisal]) -> bool:
    """Does the P5 rest only on lesions under 10 mm or of unknown size?"""
    sizes = [appraisal.lesion.size_mm for appraisal in appraisals if appraisal.patterns == {5}]
    return all(size is None or size < SMALL_MM for size in sizes)


def _disagrees(reader: str, settled: _Settled) -> bool:
    """Does the reader's grade (with or without suffix) contradict what the lesions settle?"""
    if settled.bounds is None:
        return False
    low, high = settled.bounds
    if not low <= int(reader[1]) <= high:
        return True
    both_suffixed = settled.grade is not None and len(settled.grade) == len(reader) == 3
    return both_suffixed and settled.grade != reader
