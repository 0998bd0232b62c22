"""What one study's gathered values come to: its status, its facts, its rows; the same for every format they came in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapter.hl7v2.oru import Standing
from adapter.mapping.errors import ExtractionError
from adapter.mapping.gathered import Gathered, Row
from adapter.mapping.origin import Located
from adapter.mapping.plan import Plan
from adapter.mapping.settle import Settler
from adapter.scoring.lesion import Finding, Uptake
from adapter.scoring.report import ReportRow, ReportStatus, Study, SuvCutoff, TracerKind
from adapter.scoring.tracers import TRACERS

_FINDING_FACTS = frozenset(field.name for field in fields(Finding))
_UNKNOWN = Uptake.UNKNOWN
_EXHAUSTIVE = ("lesions_complete", "no_tumour_uptake")
"""Facts that make a report's silence a negative."""

_UNDER_WAY = frozenset({Standing.PRELIMINARY, Standing.REGISTERED})


@dataclass(frozen=True, slots=True)
class SettledStudy:
    """Turns what was gathered of one study into the parts of its report; ``owner`` is where the study is named."""

    plan: Plan
    gathered: Gathered
    owner: Located

    def status(self, stated: ReportStatus) -> ReportStatus:
        """A report is as final as the least final observation it rests on; where none stands, neither does it."""
        gathered = self.gathered
        if gathered.is_all_retracted and not stated.is_retracted:
            gathered.notes.append("every observation is retracted: the report no longer stands")
            return ReportStatus.ENTERED_IN_ERROR
        if stated.is_final and gathered.standings & _UNDER_WAY:
            gathered.notes.append("an observation is not final: the report is preliminary")
            return ReportStatus.PRELIMINARY
        corrected = stated is ReportStatus.FINAL and Standing.CORRECTED in gathered.standings
        return ReportStatus.CORRECTED if corrected else stated

    def facts(self, status: ReportStatus) -> dict[str, Any]:
        """The study's facts; a report that no longer stands, or states nothing yet, must only say which study it is.

        Raises ExtractionError.
        """
        gathered, settler = self.gathered, self._settler()
        if gathered.mapped and not status.is_retracted:
            facts = settler.settled(gathered.report, self.plan.report.required, self.owner)
            return _believed(facts, gathered) if gathered.is_partly_unread else facts
        return settler.settled(gathered.withdrawn | gathered.report, {}, self.owner)

    def study(self, facts: dict[str, Any], status: ReportStatus, acquired: datetime | None) -> Study:
        """Turn the facts, the status and the acquisition into the study."""
        kind = _kind(facts.get("tracer"))
        cutoff = self._cutoff(kind)
        return Study(**facts, status=status, acquired=acquired, suv_cutoff=cutoff, from_prose=self.plan.is_prose)

    def rows(self) -> tuple[ReportRow, ...]:
        """The study's rows, in the order of their keys; raises ExtractionError."""
        return tuple(self._rows())

    def _settler(self) -> Settler:
        return Settler(self.plan.mapping.doubts.equal_repeat, self.gathered.trace, self.plan.watch)

    def _cutoff(self, kind: TracerKind | None) -> SuvCutoff | None:
        cutoff = getattr(self.plan.mapping.suv_cutoffs, kind.value) if kind else None
        return SuvCutoff(Decimal(cutoff.value), cutoff.signed_by) if cutoff else None

    def _rows(self) -> Iterator[ReportRow]:
        """A row that exists is mentioned: what it does not say of its uptake is unknown, never silent."""
        settler, required = self._settler(), self.plan.lesion.required
        for key in sorted(self.gathered.rows, key=_natural):
            row = self.gathered.rows[key]
            finding: dict[str, Any] = {"uptake": _UNKNOWN}
            facts: dict[str, Any] = {"nature": self.plan.absent_nature}
            for fact, value in _settled_row(settler, row, required).items():
                (finding if fact in _FINDING_FACTS else facts)[fact] = value
            yield ReportRow(key, Finding(**finding), **facts)


def kind_of(study: Study) -> TracerKind | None:
    """Turn a study into the half of a dual PET that its tracer images, as far as a tracer is stated."""
    return _kind(study.tracer)


def _kind(tracer: str | None) -> TracerKind | None:
    return None if tracer is None else TRACERS[tracer][0]


def _believed(facts: dict[str, Any], gathered: Gathered) -> dict[str, Any]:
    """What a report says of all its lesions cannot be used where not all of it was understood."""
    doubted = [fact for fact in _EXHAUSTIVE if facts.get(fact)]
    gathered.notes.extend(f"not believed, because prose is unread: report.{fact}" for fact in doubted)
    return {fact: value for fact, value in facts.items() if fact not in doubted}


def _settled_row(settler: Settler, row: Row, required: Mapping[str, str]) -> dict[str, object]:
    try:
        return settler.settled(row.facts, required, row.first, row.number)
    except ExtractionError as error:
        raise error.within(row.where) if row.where else error from None


def _natural(key: str) -> tuple[tuple[bool, int, str], ...]:
    """Row 2 before row 10, numbers before letters, whatever order the sender chose."""
    if key.isascii() and key.isdigit():
        return ((False, len(key), key),)
    parts = [part for part in re.split(r"([0-9]+)", key) if part]
    return tuple((part[0] not in "0123456789", len(part), part) for part in parts)
