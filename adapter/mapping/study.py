"""One OBR group's settled facts become one PetReport: its study, its rows, and what was tolerated on the way."""

from dataclasses import dataclass

from adapter.hl7v2.message import Segment
from adapter.hl7v2.oru import report_status
from adapter.mapping.errors import ExtractionError
from adapter.mapping.gathered import Gathered
from adapter.mapping.header import Clock, first_identifier, procedure
from adapter.mapping.paths import Position, Scope
from adapter.mapping.plan import Plan
from adapter.mapping.settled_study import SettledStudy, kind_of
from adapter.outcome import Place, Problem
from adapter.scoring.report import PatientIdentity, PetReport, ReportStatus


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
        settled = SettledStudy(self.plan, gathered, self.obr)
        status = settled.status(self.stated_status())
        facts = settled.facts(status)
        if self.plan.watch is not None:
            self.plan.watch.study(self.scope, self.plan.mapping, gathered.rows.values())
        study = settled.study(facts, status, clock.moment(self.scope, header.acquired))
        rows = settled.rows()
        accession = first_identifier(self.scope, header.accession)
        if accession is None:
            raise self._missing("header.accession", Position.of(header.accession[0]))
        return PetReport(
            patient=self.patient,
            accession=accession.value,
            study=study,
            kind=kind_of(study),
            rows=rows,
            accession_authority=accession.authority,
            order=order.value if order else None,
            order_authority=order.authority if order else "",
            procedure=procedure(self.obr),
            issued=clock.moment(self.scope, header.issued),
            notes=gathered.listed(),
            sent=clock.sent(),
        )

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
