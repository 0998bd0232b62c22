"""A parsed message becomes the reports that it carries: one a study, every observation accounted for."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter.hl7v2.message import Message, MessageError, Segment
from adapter.hl7v2.oru import ObservationGroup, PatientResult, patient_results
from adapter.mapping.errors import ExtractionError
from adapter.mapping.gather import Gatherer
from adapter.mapping.gathered import Gathered
from adapter.mapping.header import first_identifier, patient_identity
from adapter.mapping.paths import Scope
from adapter.mapping.plan import Plan
from adapter.mapping.study import StudyReader
from adapter.outcome import NOWHERE, Place, Problem
from adapter.scoring.report import PatientIdentity, PetReport


@dataclass(frozen=True, slots=True)
class Extracted:
    """The reports of one message, and what was noted of it that belongs to none of them."""

    reports: tuple[PetReport, ...]
    notes: tuple[str, ...] = ()


def extract(message: Message, plan: Plan) -> Extracted:
    """Turn a message into its reports, one an OBR group that carries facts; several groups are several studies.

    A group without facts whose report is not final is a report too: of a study that was cancelled or is not read yet.
    Raises ExtractionError or MessageError, with problem, place and rule, for what cannot be read with certainty.
    """
    results = patient_results(message)
    extraction = _Extraction(message, plan, _one_patient(results, plan))
    for result in results:
        extraction.notes += result.deviations
        for group in result.groups:
            extraction.take(group, result.pid)
    return extraction.finished()


def _one_patient(results: Iterable[PatientResult], plan: Plan) -> PatientIdentity:
    """Turn the PIDs of a message into the one patient that all of them name."""
    found: list[PatientIdentity] = []
    for result in results:
        if result.pid is None:
            raise ExtractionError(Problem.SEGMENT_MISSING, Place("PID"), "a result names its patient")
        identity = patient_identity(result.pid, plan.mapping.header.patient)
        if any(not _same(identity, other) for other in found):
            rule = "PID: the message names two patients"
            raise ExtractionError(Problem.PATIENT_MISMATCH, result.pid.place(3), rule)
        found.append(identity)
    if not found:
        raise ExtractionError(Problem.SEGMENT_MISSING, Place("PID"), "a result names its patient")
    return found[0]


def _same(one: PatientIdentity, other: PatientIdentity) -> bool:
    births = {one.birth_date, other.birth_date} - {None}
    return one.key == other.key and len(births) < 2


@dataclass(slots=True)
class _Extraction:
    """The reports of one message under way."""

    message: Message
    plan: Plan
    patient: PatientIdentity
    reports: list[PetReport] = field(default_factory=list)
    bare: list[tuple[StudyReader, Gatherer]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    accounted: int = 0

    def take(self, group: ObservationGroup, pid: Segment | None) -> None:
        """Read one group: into a report, or into notes when it states nothing of a dual PET."""
        scope = Scope(self.message, pid, group)
        gatherer = Gatherer(self.plan, scope)
        gathered = gatherer.take(group.observations)
        self.accounted += gathered.accounted
        self.notes += group.deviations
        if group.obr is None:
            self._take_nobodys(gathered, group.observations)
        elif gathered.carries_facts:
            gatherer.take_fixed()
            self._add(StudyReader(self.plan, scope, group.obr, self.patient).report(gathered), group.obr)
        else:
            self.bare.append((StudyReader(self.plan, scope, group.obr, self.patient), gatherer))

    def _take_nobodys(self, gathered: Gathered, observations: tuple[Segment, ...]) -> None:
        if gathered.carries_facts:
            raise ExtractionError(Problem.SEGMENT_MISSING, observations[0].place(), "an observation belongs to an OBR")
        self.notes += gathered.listed()

    def _add(self, report: PetReport, obr: Segment) -> None:
        """Two groups that are the same half of the same study would replace one another, so neither is taken."""
        identity = _study(report)
        if any(_study(other) == identity for other in self.reports):
            rule = "OBR: two groups are the same study with the same tracer"
            raise ExtractionError(Problem.VALUE_CONFLICT, obr.place(3), rule)
        self.reports.append(report)

    def finished(self) -> Extracted:
        """Turn what was read into the answer, once every observation is accounted for."""
        balanced(len(self.message.all("OBX")), self.accounted)
        accessions = {_study(report)[:2] for report in self.reports}
        for reader, gatherer in self.bare:
            self._take_bare(reader, gatherer, accessions)
        if not self.reports:
            raise ExtractionError(Problem.SEGMENT_MISSING, Place("OBX"), "no observation states a fact of a study")
        return Extracted(tuple(self.reports), tuple(self.notes))

    def _take_bare(self, reader: StudyReader, gatherer: Gatherer, accessions: set[tuple[str, str]]) -> None:
        """A group without facts says how its study stands, unless a group with facts says it of the same study."""
        accession = first_identifier(reader.scope, self.plan.mapping.header.accession)
        known = accession is None or (accession.authority, accession.value) in accessions
        if known or not _is_unfinished(reader) or not _is_of_the_mapping(gatherer):
            self.notes += [f"no fact {reader.obr.place()}", *gatherer.gathered.listed()]
        else:
            self._add(reader.report(gatherer.gathered), reader.obr)


def _is_unfinished(reader: StudyReader) -> bool:
    """Does the group say that its report is not final, or no longer stands?"""
    try:
        return not reader.stated_status().is_final
    except (MessageError, ExtractionError):
        return False


def _is_of_the_mapping(gatherer: Gatherer) -> bool:
    """Can what the mapping reads from fields (a tracer from the procedure) be read of this group too?"""
    try:
        gatherer.take_fixed()
    except ExtractionError:
        return False
    return True


def _study(report: PetReport) -> tuple[str, str, object]:
    return report.accession_authority, report.accession, report.kind


def balanced(sent: int, accounted: int) -> None:
    """Check that every observation was mapped, listed or named; raises ExtractionError when one was not."""
    if sent != accounted:
        raise ExtractionError(Problem.INTERNAL, NOWHERE, "an observation is not accounted for: this is our fault")
