"""Which version of a study's report counts now: by the report's own state and time, never by order of arrival."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from adapter.scoring.report import KeptReport, ReportStatus, TracerKind

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)

_RANK = {
    ReportStatus.UNKNOWN: 0,
    ReportStatus.REGISTERED: 1,
    ReportStatus.PARTIAL: 2,
    ReportStatus.PRELIMINARY: 3,
    ReportStatus.FINAL: 4,
    ReportStatus.APPENDED: 5,
    ReportStatus.AMENDED: 6,
    ReportStatus.CORRECTED: 7,
    ReportStatus.CANCELLED: 8,
    ReportStatus.ENTERED_IN_ERROR: 9,
}
"""Settles two versions of the same time: the one that is further along in a report's life."""

StudyKey = tuple[str, str, str]
"""(accession's assigning authority, accession, tracer kind): one study of one patient."""


def study_key(kept: KeptReport) -> StudyKey:
    """Turn a report into the study that it is a version of; one accession may hold both halves of a dual PET."""
    report = kept.report
    return (report.accession_authority, report.accession, report.kind.value if report.kind else "")


def current_reports(reports: Iterable[KeptReport]) -> list[KeptReport]:
    """Turn all report versions of a patient into the one of each study that counts, ordered by study.

    A retraction that names no tracer retracts every study of its accession.
    """
    reports = list(reports)
    current: dict[StudyKey, KeptReport] = {}
    for kept in reports:
        for key in _studies_meant(kept, reports):
            version = kept if study_key(kept) == key else _retraction_of(kept, key)
            if key not in current or _version(version) > _version(current[key]):
                current[key] = version
    return [current[key] for key in sorted(current)]


def _studies_meant(kept: KeptReport, reports: Iterable[KeptReport]) -> set[StudyKey]:
    own = study_key(kept)
    if kept.report.kind is not None or not kept.report.study.status.is_retracted:
        return {own}
    of_accession = {study_key(other) for other in reports if study_key(other)[:2] == own[:2]}
    return {key for key in of_accession if key[2]} or {own}


def _retraction_of(kept: KeptReport, key: StudyKey) -> KeptReport:
    return replace(kept, report=replace(kept.report, kind=TracerKind(key[2])))


def is_stale(kept: KeptReport, reports: Iterable[KeptReport]) -> bool:
    """Did the report arrive after a newer version of its study?"""
    earlier = [other for other in reports if study_key(other) == study_key(kept) and other.sequence < kept.sequence]
    return any(_version(other) > _version(kept) for other in earlier)


def _version(kept: KeptReport) -> tuple[bool, datetime, int, int]:
    """A report that was once final is never replaced by a preliminary one, however late that was written."""
    status = kept.report.study.status
    once_final = _RANK[status] >= _RANK[ReportStatus.FINAL]
    return (once_final, kept.report.issued or _BEFORE_ALL, _RANK[status], kept.sequence)
