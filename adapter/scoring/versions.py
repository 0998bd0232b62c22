"""Which version of a study's report counts now: by the report's own state and time, never by order of arrival."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from adapter.scoring.reasons import Reason
from adapter.scoring.report import KeptReport, PetReport, ReportStatus, TracerKind

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
Standing = tuple[bool, datetime, int, datetime]
"""What orders versions: once final, the report's time, how far along it is, the message's time."""

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def current_reports(reports: Iterable[KeptReport]) -> list[KeptReport]:
    """Turn all report versions of a patient into the one of each study that counts, ordered by accession and tracer.

    A study is an accession and a tracer kind: one order may hold both halves of a dual PET. A retraction that names no
    tracer retracts every study of its accession; a correction of the tracer itself replaces what stood under the other.
    Of versions that stand equally high and say different things one is given, the same in every order of arrival, with
    the sources of all of them as its ``rivals``.
    """
    by_accession: dict[Accession, list[KeptReport]] = {}
    for kept in reports:
        by_accession.setdefault(_accession(kept), []).append(kept)
    return [current for accession in sorted(by_accession) for current in _Versions(by_accession[accession]).current()]


def remarkable_reports(reports: Iterable[KeptReport]) -> list[tuple[KeptReport, Reason]]:
    """Turn all report versions of a patient into those that need a person's eye on their arrival, and why.

    ``stale-message``: a newer version of the study preceded it, so it changes nothing. ``duplicate-conflict``: a
    version that stands as high preceded it and says something else. Whoever sent either should know.
    """
    arrived: dict[Accession, list[KeptReport]] = {}
    found = []
    for kept in sorted(reports, key=lambda kept: kept.sequence):
        before = arrived.setdefault(_accession(kept), [])
        before.append(kept)
        reason = _Versions(before).remark(kept)
        if reason is not None:
            found.append((kept, reason))
    return found


def _accession(kept: KeptReport) -> Accession:
    return kept.report.accession_authority, kept.report.accession


class _Versions:
    """The versions of the reports under one accession."""

    def __init__(self, versions: list[KeptReport]) -> None:
        self.newest = max((kept.report.issued for kept in versions if kept.report.issued), default=_BEFORE_ALL)
        self.last_sent = max((kept.report.sent for kept in versions if kept.report.sent), default=_BEFORE_ALL)
        self.versions = sorted(versions, key=self._place)

    def current(self) -> list[KeptReport]:
        """The one of each tracer kind that counts."""
        current: dict[TracerKind | None, KeptReport] = {}
        holds_both = _holds_both_halves(self.versions)
        for kept in self.versions:
            kind = kept.report.kind
            rival = current.get(kind)
            if kind is None and kept.report.study.status.is_retracted and current:
                current = {known: _retracts(kept, known) for known in current}
                continue
            if kind not in current and _changes(kept) and len(current) == 1 and not holds_both:
                rival = current.popitem()[1]
            current[kind] = self._beside(kept, rival)
        return [current[kind] for kind in sorted(current, key=lambda kind: kind.value if kind else "")]

    def remark(self, kept: KeptReport) -> Reason | None:
        """What is to be said of the version that arrived last; a retraction without a tracer is of what it retracts."""
        current = self.current()
        study = [one for one in current if one.report.kind is not None]
        is_bare = kept.report.kind is None and bool(study)
        mine = study if is_bare else [one for one in current if one.report.kind == kept.report.kind]
        counting = [one for one in mine if self._standing(one) == self._standing(kept)]
        if not counting:
            return Reason.STALE_MESSAGE
        return Reason.DUPLICATE_CONFLICT if any(kept.source in one.rivals for one in counting) else None

    def _beside(self, kept: KeptReport, rival: KeptReport | None) -> KeptReport:
        """A version that takes another's place is contested by it when neither is newer and they differ."""
        if rival is None or self._standing(rival) != self._standing(kept) or kept.report.study.status.is_retracted:
            return kept
        if not rival.rivals and _content(rival.report) == _content(kept.report):
            return kept
        sources = {one.sha256: one for one in (*rival.rivals, rival.source, kept.source)}
        return replace(kept, rivals=tuple(sources[sha256] for sha256 in sorted(sources)))

    def _standing(self, kept: KeptReport) -> Standing:
        """A report that was once final is never replaced by a preliminary one, however late that was written.

        One without a time of its own is taken for as new as the newest: its state then decides, so that a retraction or
        a correction is never passed over.
        """
        rank = _RANK[kept.report.study.status]
        once_final = rank >= _RANK[ReportStatus.FINAL]
        return once_final, kept.report.issued or self.newest, rank, kept.report.sent or self.last_sent

    def _place(self, kept: KeptReport) -> tuple[Standing, str, int]:
        """Of two that stand equally high neither is newer; their bytes order them, so that arrival does not."""
        return self._standing(kept), kept.source.sha256, kept.sequence


def _content(report: PetReport) -> tuple[object, ...]:
    """What a score rests on; how a sender numbers its rows and orders them is no part of it."""
    rows = sorted(repr(replace(row, row="")) for row in report.rows)
    return report.kind, report.study, report.patient.birth_date, rows


def _holds_both_halves(versions: Iterable[KeptReport]) -> bool:
    """Did one message report both halves under the accession? Then neither of them is the other's correction."""
    halves = {(kept.sequence, kept.report.kind) for kept in versions if kept.report.kind is not None}
    return len(halves) > len({sequence for sequence, _ in halves})


def _changes(kept: KeptReport) -> bool:
    """Does the report amend an earlier one, rather than being the first of its study?"""
    return kept.report.study.status.is_corrected


def _retracts(kept: KeptReport, kind: TracerKind | None) -> KeptReport:
    return replace(kept, report=replace(kept.report, kind=kind))
