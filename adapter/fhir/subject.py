"""Whom and which studies a score is about: logical References, since the hospital's own ids are not known to us."""

from adapter.fhir.datatypes import accession_identifier, authority, concept, effective, logical
from adapter.fhir.resource import Element, RenderError
from adapter.fhir.terminology import MEDICAL_RECORD, SUPPORTING_INFO
from adapter.fhir.text import clean, exact
from adapter.scoring.report import PatientIdentity, PetReport, TracerKind
from adapter.scoring.result import Score

_KIND_NAMES = {TracerKind.SSTR: "SSTR PET", TracerKind.FDG: "FDG PET"}


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
    kind = {"type": _identifier_type(patient.type)} if clean(patient.type) else {}
    value = {"value": exact(patient.value, "the patient's identifier")}
    return kind | value | authority(patient.authority, patient.authority_oid)


def _identifier_type(type_as_sent: str) -> Element:
    """PID-3.5 is HL7 table 0203, which sites extend: only what is surely in the table gets a coding."""
    return concept(MEDICAL_RECORD) if type_as_sent == MEDICAL_RECORD.code else concept(text=type_as_sent)


def acquisitions(score: Score) -> Element:
    """Turn the two acquisitions into ``effective[x]``."""
    return effective(report.study.acquired for report in reports(score))


def order_references(score: Score) -> list[Element]:
    """Turn the accessions into References to the orders (``basedOn``)."""
    return _by_accession(score, "ServiceRequest", "")


def study_references(score: Score) -> list[Element]:
    """Turn the accessions into References to the ImagingStudies (``partOf``, ``derivedFrom``)."""
    return _by_accession(score, "ImagingStudy", "")


def report_references(score: Score) -> list[Element]:
    """Turn the accessions into References to the DiagnosticReports."""
    return _by_accession(score, "DiagnosticReport", " report")


def supporting_reports(score: Score) -> list[Element]:
    """Turn the accessions into ``workflow-supportingInfo`` extensions.

    R4 lets no native element of an Observation point to a DiagnosticReport; this core extension may.
    """
    return [{"url": SUPPORTING_INFO, "valueReference": reference} for reference in report_references(score)]


def _by_accession(score: Score, kind: str, ending: str) -> list[Element]:
    """Two studies under one accession are one order and one report: named once."""
    references: list[Element] = []
    seen: list[Element] = []
    for report in reports(score):
        identifier = accession_identifier(report)
        if identifier not in seen:
            seen.append(identifier)
            name = _KIND_NAMES[report.kind] if report.kind else "PET"
            references.append(logical(kind, identifier, name + ending if ending else ""))
    return references
