"""What the two studies themselves allow: tracers, report status, interval, therapy, population."""

from dataclasses import dataclass

from adapter.scoring.reasons import FORBIDS_A_SCORE, Reason
from adapter.scoring.report import ReportStatus, Study, TracerKind
from adapter.scoring.result import Policy
from adapter.scoring.tracers import judge_tracer

_GASTROENTEROPANCREATIC = frozenset(
    {
        "15776009",  # pancreas
        "69695003",  # stomach
        "38848004",  # duodenum
        "30315005",  # small intestine
        "34516001",  # ileum
        "66754008",  # appendix
        "71854001",  # colon
        "34402009",  # rectum
    }
)
"""Primary sites (SNOMED CT) of the validated cohort: gastroenteropancreatic neoplasms (Chan 2023)."""

KNOWN_DISEASE = frozenset({"metastatic", "unresectable"})
"""Extents of the validated cohort; also what makes a P0 worth a second look."""


@dataclass(frozen=True, slots=True)
class StudyPair:
    """The two studies that a lesion table comes from; one that is None is missing.

    ``contested``: of one of them there are two versions of the same time and state that say different things.
    """

    sstr: Study | None
    fdg: Study | None
    contested: bool = False

    @property
    def present(self) -> tuple[Study, ...]:
        """The studies that are there."""
        return tuple(study for study in (self.sstr, self.fdg) if study is not None)

    @property
    def interval_days(self) -> int | None:
        """Whole calendar days between the two acquisitions, None where one is missing."""
        if self.sstr is None or self.fdg is None or self.sstr.acquired is None or self.fdg.acquired is None:
            return None
        return abs((self.sstr.acquired.date() - self.fdg.acquired.date()).days)

    @property
    def both_state_no_uptake(self) -> bool:
        """Do both reports, final, say that there is no tumour-related uptake?"""
        return len(self.present) == 2 and all(
            study.no_tumour_uptake and study.status.is_final for study in self.present
        )


def judge_studies(pair: StudyPair, policy: Policy) -> set[Reason]:
    """Turn a pair of studies into the reasons they raise, whatever the lesions say."""
    reasons: set[Reason] = set()
    for study, kind, missing in (
        (pair.sstr, TracerKind.SSTR, Reason.MISSING_SSTR_STUDY),
        (pair.fdg, TracerKind.FDG, Reason.MISSING_FDG_STUDY),
    ):
        if study is None:
            reasons.add(missing)
        else:
            reasons |= _judge_study(study, kind)
    if len(pair.present) == 2:
        reasons |= _judge_interval(pair, policy)
    reasons |= _judge_lists(pair)
    return reasons | ({Reason.DUPLICATE_CONFLICT} if pair.contested else set())


def forbidding(reasons: set[Reason], pair: StudyPair | None) -> set[Reason]:
    """Turn reasons into those for which two studies are not scored at all, whatever the lesions say.

    Which of two contradicting versions is true nobody knows: a conflict of whole reports forbids, one of rows does not.
    """
    contested = {Reason.DUPLICATE_CONFLICT} if pair is not None and pair.contested else set()
    return (reasons & FORBIDS_A_SCORE) | contested


def _judge_study(study: Study, kind: TracerKind) -> set[Reason]:
    reasons = {_judge_status(study.status), judge_tracer(study.tracer, kind)}
    if study.therapy:
        reasons.add(Reason.INTERVENING_THERAPY)
    if study.from_prose:
        reasons.add(Reason.READ_FROM_NARRATIVE)
    if _is_outside_population(study):
        reasons.add(Reason.OUTSIDE_VALIDATED_POPULATION)
    return {reason for reason in reasons if reason is not None}


def _judge_status(status: ReportStatus) -> Reason | None:
    if status.is_retracted:
        return Reason.PARENT_RETRACTED
    if not status.is_final:
        return Reason.REPORT_NOT_FINAL
    return Reason.PARENT_CORRECTED if status.is_corrected else None


def _judge_interval(pair: StudyPair, policy: Policy) -> set[Reason]:
    days = pair.interval_days
    if days is None:
        return {Reason.ACQUISITION_DATE_MISSING}
    if days > policy.interval_limit_days:
        return {Reason.INTERVAL_EXCEEDED}
    return {Reason.INTERVAL_EXTENDED} if days > policy.interval_days else set()


def _judge_lists(pair: StudyPair) -> set[Reason]:
    """The list is complete when a report says so and none denies it."""
    said = any(study.is_exhaustive for study in pair.present)
    denied = any(study.lesions_complete is False for study in pair.present)
    return set() if said and not denied else {Reason.LESION_LIST_COMPLETENESS_UNKNOWN}


def _is_outside_population(study: Study) -> bool:
    other_extent = study.extent is not None and study.extent not in KNOWN_DISEASE
    other_primary = study.primary_site is not None and study.primary_site not in _GASTROENTEROPANCREATIC
    return other_extent or other_primary
