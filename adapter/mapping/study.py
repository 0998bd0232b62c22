"""One OBR group's settled facts become one PetReport: its study, its rows, and what was tolerated on the way."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from adapter.hl7v2.message import Segment
from adapter.hl7v2.oru import Standing, report_status
from adapter.mapping.errors import ExtractionError
from adapter.mapping.gathered import Gathered, Row
from adapter.mapping.header import Clock, first_identifier, procedure
from adapter.mapping.paths import Position, Scope
from adapter.mapping.plan import Plan
from adapter.mapping.settle import Settler
from adapter.outcome import Place, Problem
from adapter.scoring.lesion import Finding, Uptake
from adapter.scoring.report import PatientIdentity, PetReport, ReportRow, ReportStatus, Study, SuvCutoff, TracerKind
from adapter.scoring.tracers import TRACERS

_FINDING_FACTS = frozenset(field.name for field in fields(Finding))
_UNKNOWN = Uptake.UNKNOWN
_EXHAUSTIVE = frozenset({"lesions_complete", "no_tumour_uptake"})
"""Facts that make a report's silence a negative."""

_UNDER_WAY = frozenset({Standing.PRELIMINARY, Standing.REGISTERED})


@dataclass(frozen=True, slots=True)
class StudyReader:
    """Turns the groups of one message into reports by one plan."""

    plan: Plan
    scope: Scope
    obr: Segment
    patient: PatientIdentity

    def report(self, gathered: Gathered) -> PetReport:
        """Turn what the group's observations say into its report; raises ExtractionError or MessageError."""
        header = self.plan.mapping.header
        clock = Clock(self.scope.message, header, gathered.notes)
        order = first_identifier(self.scope, header.order)
        status = self._status(gathered)
        facts = self._report_facts(gathered, status)
        if self.plan.watch is not None:
            self.plan.watch.study(self.scope, self.plan.mapping, gathered.rows.values())
        kind = TRACERS[facts["tracer"]][0] if "tracer" in facts else None
        acquired = clock.moment(self.scope, header.acquired)
        study = Study(
            **facts, status=status, acquired=acquired, suv_cutoff=self._cutoff(kind), from_prose=self.plan.is_prose
        )
        rows = tuple(self._rows(gathered))
        accession = first_identifier(self.scope, header.accession)
        if accession is None:
            raise self._missing("header.accession", Position.of(header.accession[0]))
        return PetReport(
            patient=self.patient,
            accession=accession.value,
            study=study,
            kind=kind,
            rows=rows,
            accession_authority=accession.authority,
            order=order.value if order else None,
            order_authority=order.authority if order else "",
            procedure=procedure(self.obr),
            issued=clock.moment(self.scope, header.issued),
            notes=gathered.listed(),
        )

    def _status(self, gathered: Gathered) -> ReportStatus:
        """A report is as final as the least final observation it rests on; where none stands, neither does it."""
        stated = self.stated_status()
        if gathered.is_all_retracted and not stated.is_retracted:
            gathered.notes.append("every observation is retracted: the report no longer stands")
            return ReportStatus.ENTERED_IN_ERROR
        if stated.is_final and gathered.standings & _UNDER_WAY:
            gathered.notes.append("an observation is not final: the report is preliminary")
            return ReportStatus.PRELIMINARY
        corrected = stated is ReportStatus.FINAL and Standing.CORRECTED in gathered.standings
        return ReportStatus.CORRECTED if corrected else stated

    def stated_status(self) -> ReportStatus:
        """The report's own state, as its OBR says, or as the mapping's table reads it."""
        if self.plan.statuses is None:
            return report_status(self.obr)
        position = Position.of(self.plan.mapping.header.status.field)
        segment = self.scope.segment(position.segment)
        value = position.value(segment) if segment else None
        if value is None:
            raise self._missing("header.status", position)
        status = self.plan.statuses.find(value)
        if not isinstance(status, ReportStatus):
            place = Place(position.segment, 0, position.field)
            raise ExtractionError(Problem.STATUS_UNKNOWN, place, "header.status: the value is not in its table")
        return status

    def _missing(self, name: str, position: Position) -> ExtractionError:
        segment = self.scope.segment(position.segment)
        place = segment.place(position.field) if segment else Place(position.segment, 0, position.field)
        return ExtractionError(Problem.FIELD_MISSING, place, f"{name}: required and not stated")

    def _report_facts(self, gathered: Gathered, status: ReportStatus) -> dict[str, Any]:
        """The study's facts; a report that no longer stands, or states nothing yet, must only say which study it is."""
        settler = self._settler(gathered)
        if gathered.mapped and not status.is_retracted:
            facts = settler.settled(gathered.report, self.plan.report.required, self.obr)
            return _believed(facts, gathered) if gathered.is_partly_unread else facts
        return settler.settled(gathered.withdrawn | gathered.report, {}, self.obr)

    def _settler(self, gathered: Gathered) -> Settler:
        return Settler(self.plan.mapping.doubts.equal_repeat, gathered.trace, self.plan.watch)

    def _cutoff(self, kind: TracerKind | None) -> SuvCutoff | None:
        cutoff = getattr(self.plan.mapping.suv_cutoffs, kind.value) if kind else None
        return SuvCutoff(Decimal(cutoff.value), cutoff.signed_by) if cutoff else None

    def _rows(self, gathered: Gathered) -> Iterator[ReportRow]:
        """A row that exists is mentioned: what it does not say of its uptake is unknown, never silent."""
        settler, required = self._settler(gathered), self.plan.lesion.required
        for key in sorted(gathered.rows, key=_natural):
            row = gathered.rows[key]
            finding: dict[str, Any] = {"uptake": _UNKNOWN}
            facts: dict[str, Any] = {"nature": self.plan.absent_nature}
            for fact, value in _settled_row(settler, row, required).items():
                (finding if fact in _FINDING_FACTS else facts)[fact] = value
            yield ReportRow(key, Finding(**finding), **facts)


def _believed(facts: dict[str, Any], gathered: Gathered) -> dict[str, Any]:
    """What a report says of all its lesions cannot be used where not all of it was understood."""
    for fact in _EXHAUSTIVE & facts.keys():
        gathered.notes.append(f"not believed, because prose is unread: report.{fact}")
    return {fact: value for fact, value in facts.items() if fact not in _EXHAUSTIVE}


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
