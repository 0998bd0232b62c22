"""Which version of a study's report counts now: by the report's own state and time, never by order of arrival."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from adapter.scoring.report import KeptReport, ReportStatus, TracerKind

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

Accession = tuple[str, str]

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def current_reports(reports: Iterable[KeptReport]) -> list[KeptReport]:
    """Turn all report versions of a patient into the one of each study that counts, ordered by accession and tracer.

    A study is an accession and a tracer kind: one order may hold both halves of a dual PET. A retraction that names no
    tracer retracts every study of its accession; a correction of the tracer itself replaces what stood under the other.
    """
    by_accession: dict[Accession, list[KeptReport]] = {}
    for kept in reports:
        by_accession.setdefault((kept.report.accession_authority, kept.report.accession), []).append(kept)
    return [current for accession in sorted(by_accession) for current in _current_of(by_accession[accession])]


def stale_reports(reports: Iterable[KeptReport]) -> list[KeptReport]:
    """Turn all report versions of a patient into those that a newer version of their study preceded in arrival.

    Such a version changes nothing, and whoever sent it so late should know: ``stale-message``.
    """
    arrived: dict[Accession, list[KeptReport]] = {}
    stale = []
    for kept in sorted(reports, key=lambda kept: kept.sequence):
        before = arrived.setdefault((kept.report.accession_authority, kept.report.accession), [])
        before.append(kept)
        if not _counts(kept, _current_of(before)):
            stale.append(kept)
    return stale


def _counts(kept: KeptReport, current: list[KeptReport]) -> bool:
    """Does a report say something now? A retraction without a tracer does under the tracer of what it retracts."""
    study = [one for one in current if one.report.kind is not None]
    if kept.report.kind is None and study:
        return any(one.sequence == kept.sequence for one in study)
    return any((one.sequence, one.report.kind) == (kept.sequence, kept.report.kind) for one in current)


def _current_of(versions: list[KeptReport]) -> list[KeptReport]:
    current: dict[TracerKind | None, KeptReport] = {}
    dated = [kept.report.issued for kept in versions if kept.report.issued is not None]
    newest = max(dated, default=_BEFORE_ALL)
    holds_both = _holds_both_halves(versions)
    for kept in sorted(versions, key=lambda kept: _version(kept, newest)):
        kind = kept.report.kind
        if kind is None and kept.report.study.status.is_retracted and current:
            current = {known: _retracts(kept, known) for known in current}
            continue
        if kind not in current and _changes(kept) and len(current) == 1 and not holds_both:
            current.clear()
        current[kind] = kept
    return [current[kind] for kind in sorted(current, key=lambda kind: kind.value if kind else "")]


def _holds_both_halves(versions: list[KeptReport]) -> bool:
    """Did one message report both halves under the accession? Then neither of them is the other's correction."""
    halves = {(kept.sequence, kept.report.kind) for kept in versions if kept.report.kind is not None}
    return len(halves) > len({sequence for sequence, _ in halves})


def _changes(kept: KeptReport) -> bool:
    """Does the report amend an earlier one, rather than being the first of its study?"""
    return kept.report.study.status.is_corrected


def _retracts(kept: KeptReport, kind: TracerKind | None) -> KeptReport:
    return replace(kept, report=replace(kept.report, kind=kind))


def _version(kept: KeptReport, newest: datetime) -> tuple[bool, datetime, int, int]:
    """A report that was once final is never replaced by a preliminary one, however late that was written.

    One without a time of its own is taken for as new as the newest: its state then decides, so that a retraction or a
    correction is never passed over.
    """
    status = kept.report.study.status
    once_final = _RANK[status] >= _RANK[ReportStatus.FINAL]
    return (once_final, kept.report.issued or newest, _RANK[status], kept.sequence)
