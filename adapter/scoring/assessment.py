"""A pair of reports becomes a score: rows are matched, the table is scored, and what it rests on stays with it."""

from adapter.scoring.matching import match_lesions
from adapter.scoring.netpet import score
from adapter.scoring.pairing import Pair
from adapter.scoring.report import KeptReport, ReportRow, Study
from adapter.scoring.result import Policy, Score
from adapter.scoring.studies import StudyPair


def assess(pair: Pair, policy: Policy) -> Score:
    """Turn a pair of current reports (one may be missing) into its score; the same reports give the same score."""
    lesions, matched = match_lesions(_rows(pair.sstr), _rows(pair.fdg))
    contested = any(kept.rivals for kept in pair.reports)
    studies = StudyPair(_study(pair.sstr), _study(pair.fdg), contested)
    result = score(lesions, studies, policy, frozenset(matched) | pair.reasons)
    issued = [kept.report.issued or kept.source.received for kept in pair.reports]
    grades = [study.reader_grade for study in studies.present if study.reader_grade]
    return Score(
        id=pair.id,
        sstr=pair.sstr,
        fdg=pair.fdg,
        lesions=lesions,
        result=result,
        issued=max(issued),
        corrected=any(kept.report.study.status.is_corrected for kept in pair.reports),
        retracted=any(kept.report.study.status.is_retracted for kept in pair.reports),
        reader_grade=grades[0] if len(set(grades)) == 1 else None,
    )


def _rows(kept: KeptReport | None) -> tuple[ReportRow, ...]:
    """Of a study whose versions contradict each other no row is believed."""
    return kept.report.rows if kept and not kept.rivals else ()


def _study(kept: KeptReport | None) -> Study | None:
    """Of a study whose versions contradict each other no statement is believed, its list of lesions least of all."""
    if kept is None or not kept.rivals:
        return kept.report.study if kept else None
    stated = kept.report.study
    return Study(tracer=stated.tracer, acquired=stated.acquired, status=stated.status)
