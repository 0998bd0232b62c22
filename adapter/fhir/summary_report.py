"""A DiagnosticReport of our own beside the hospital's, for sites whose reports may not be touched."""

from adapter.fhir.datatypes import concept, literal
from adapter.fhir.identity import SUMMARY_SYSTEM
from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import DEVICE_ASSERTED, IMAGING_REPORT, SUMMARY_REPORT_PROFILE, SUPPORTING_INFO

ADDENDUM_OF = "http://hl7.org/fhir/StructureDefinition/diagnosticReport-addendumOf"
"""R4 core extension, DiagnosticReport to DiagnosticReport: at most one, so the other report is named beside it."""

_STATUS = {"preliminary": "preliminary", "final": "final", "corrected": "corrected"}
"""Observation.status -> DiagnosticReport.status; all else that we send is withdrawn."""


def render_summary(score: Resource) -> Resource:
    """Turn a score's Observation into the report that names it and its lesions, an addendum of a hospital's report.

    It is a function of that Observation alone, so a correction or a withdrawal of the score is one of the report. It
    has the score's id, which is unique within a type.
    """
    lesions = [reference for reference in score["derivedFrom"] if str(reference.get("reference", "")).startswith("Obs")]
    timed: Element = {name: score[name] for name in ("effectiveDateTime", "effectivePeriod", "issued") if name in score}
    return {
        "resourceType": "DiagnosticReport",
        "id": score["id"],
        "meta": {"profile": [SUMMARY_REPORT_PROFILE], "security": [DEVICE_ASSERTED.coding]},
        "text": score["text"],
        "extension": _hospital_reports(score),
        "identifier": [{"use": "official", "system": SUMMARY_SYSTEM, "value": score["id"]}],
        "basedOn": score["basedOn"],
        "status": _STATUS.get(score["status"], "entered-in-error"),
        "code": concept(IMAGING_REPORT, text="NETPET summary, an addendum made by software"),
        "subject": score["subject"],
        **timed,
        "result": [_reference_to(score), *lesions],
    }


def _hospital_reports(score: Resource) -> list[Element]:
    """An addendum of the report that is listed last, FDG's where there are two: it is by that one that a pair is whole.

    Every report is named by ``workflow-supportingInfo``, which R4 lets stand on a DiagnosticReport any number of times.
    """
    supporting = [extension for extension in score["extension"] if extension["url"] == SUPPORTING_INFO]
    return [{"url": ADDENDUM_OF, "valueReference": supporting[-1]["valueReference"]}, *supporting]


def _reference_to(score: Resource) -> Element:
    return literal("Observation", score["id"], score["identifier"][0])
