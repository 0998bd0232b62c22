"""A message that only cancels orders, and does not say what they were for: what each mapping would call the studies."""

from adapter.hl7v2.message import Message, MessageError
from adapter.hl7v2.oru import ObservationGroup, PatientResult, patient_results
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import ExtractionError
from adapter.mapping.header import Clock, first_identifier, patient_identity, procedure
from adapter.mapping.message_reading import Extraction
from adapter.mapping.paths import Scope
from adapter.mapping.site_mapping import SiteMapping
from adapter.mapping.study import StudyReader
from adapter.outcome import Place, Problem
from adapter.scoring.report import PetReport, Study

NOTE = "a cancellation that does not say of what: taken for the study of its accession"


def cancelled(message: Message, mappings: MappingSet) -> Extraction | None:
    """Turn a message of nothing but cancelled orders into retractions without tracer; None for any other message.

    Every active mapping names patient and accession in its own way: each name is given once. An order of which no
    mapping can read the status, the patient or the number is no cancellation that could be matched.
    """
    if message.all("OBX") or not message.all("OBR"):
        return None
    try:
        results = patient_results(message)
    except MessageError:
        return None
    found = [(mapping, named) for mapping in mappings.active if (named := _reports(message, results, mapping))]
    if not found:
        return None
    owner = found[0][0]
    reports = {_name(report): report for _, named in reversed(found) for report in named}
    return Extraction(tuple(reports.values()), owner.form.id, owner.form.version, owner.sha256, (NOTE,))


def _reports(message: Message, results: tuple[PatientResult, ...], mapping: SiteMapping) -> list[PetReport]:
    """All orders as one mapping names them; none when it cannot read one of them, or one is not cancelled."""
    if mapping.fhir is not None:
        return []
    try:
        return [_retraction(message, result, group, mapping) for result in results for group in result.groups]
    except (MessageError, ExtractionError):
        return []


def _retraction(message: Message, result: PatientResult, group: ObservationGroup, mapping: SiteMapping) -> PetReport:
    """Turn one order into its retraction; raises MessageError or ExtractionError where nothing can be matched."""
    header, scope = mapping.form.header, Scope(message, result.pid, group)
    clock = Clock(message, header, [])
    if result.pid is None or group.obr is None:
        raise MessageError(Problem.SEGMENT_MISSING, Place("PID"), "a cancellation names its patient and its order")
    patient = patient_identity(result.pid, header.patient)
    status = StudyReader(mapping.plan, scope, group.obr, patient).stated_status()
    accession = first_identifier(scope, header.accession)
    if accession is None or not status.is_retracted:
        raise MessageError(Problem.FIELD_MISSING, group.obr.place(25), "not the cancellation of a numbered order")
    return PetReport(
        patient=patient,
        accession=accession.value,
        study=Study(status=status),
        kind=None,
        accession_authority=accession.authority,
        procedure=procedure(group.obr),
        issued=clock.moment(scope, header.issued),
        sent=clock.sent(),
    )


def _name(report: PetReport) -> tuple[str, str, str]:
    return report.patient.key, report.accession_authority, report.accession
