"""Whom and which studies a score is about: logical References, since the hospital's own ids are not known to us."""

from adapter.fhir.datatypes import accession_identifier, assigned, concept, date_time, effective, logical
from adapter.fhir.resource import Element, RenderError
from adapter.fhir.terminology import MEDICAL_RECORD, SUPPORTING_INFO
from adapter.scoring.report import PatientIdentity, PetReport, TracerKind
from adapter.scoring.result import Score

_KIND_NAMES: dict[TracerKind | None, str] = {TracerKind.SSTR: "SSTR PET", TracerKind.FDG: "FDG PET"}


def reports(score: Score) -> list[PetReport]:
    """Give the one or two reports of a score, SSTR first; raises RenderError when there is none."""
    found = [kept.report for kept in score.reports]
    if not found:
        raise RenderError("a score without a report is about nobody")
    return found


def subject(score: Score) -> Element:
    """Turn the reports' patient into ``subject``, a logical Reference; raises RenderError when they name two."""
    first, *others = (report.patient for report in reports(score))
    if any(other.key != first.key for other in others):
        raise RenderError("the reports of a score name different patients")
    return logical("Patient", _patient_identifier(first))


def _patient_identifier(patient: PatientIdentity) -> Element:
    return assigned(_identifier_type(patient.type), patient.value, patient.authority, patient.authority_oid)


def _identifier_type(type_as_sent: str) -> Element:
    """PID-3.5 is HL7 table 0203, which sites extend: only what is surely in the table gets a coding."""
    return concept(MEDICAL_RECORD) if type_as_sent == MEDICAL_RECORD.code else concept(text=type_as_sent)


def acquisitions(score: Score) -> Element:
    """Turn the two acquisitions into ``effective[x]``."""
    return effective(report.study.acquired for report in reports(score))


def order_references(score: Score) -> list[Element]:
    """Turn the accessions into References to the orders (``basedOn``)."""
    return [logical("ServiceRequest", identifier) for identifier, _ in _accessions(score)]


def study_references(score: Score) -> list[Element]:
    """Turn the accessions into References to the ImagingStudies (``partOf``, ``derivedFrom``)."""
    return [logical("ImagingStudy", identifier) for identifier, _ in _accessions(score)]


def supporting_reports(score: Score) -> list[Element]:
    """Turn the accessions into ``workflow-supportingInfo`` extensions.

    R4 lets no native element of an Observation point to a DiagnosticReport; this core extension may.
    """
    references = [logical("DiagnosticReport", identifier, f"{name} report") for identifier, name in _accessions(score)]
    return [{"url": SUPPORTING_INFO, "valueReference": reference} for reference in references]


def report_version(report: PetReport) -> Element:
    """Turn a report into a Reference to its DiagnosticReport that says which version of it was read."""
    issued = f", issued {date_time(report.issued)}" if report.issued else ""
    words = f"{_KIND_NAMES.get(report.kind, 'PET')} report, {report.study.status.value}{issued}"
    return logical("DiagnosticReport", accession_identifier(report), words)


def _accessions(score: Score) -> list[tuple[Element, str]]:
    """Each accession with the name of its study; both studies under one accession are named once, together."""
    first, *others = reports(score)
    identifier = accession_identifier(first)
    found = [(identifier, _KIND_NAMES.get(first.kind, "PET"))]
    for other in others:
        if accession_identifier(other) == identifier:
            return [(identifier, "SSTR and FDG PET")]
        found.append((accession_identifier(other), _KIND_NAMES.get(other.kind, "PET")))
    return found
