"""Code systems, profiles and the standard codes that we send: only verified ones, never one invented."""

from dataclasses import dataclass

from adapter.fhir.identity import oid

SNOMED_CT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
DICOM = "http://dicom.nema.org/resources/ontology/DCM"
UCUM = "http://unitsofmeasure.org"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
PARTICIPANT_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
SECURITY_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
DICOM_UID = "urn:dicom:uid"
SUPPORTING_INFO = "http://hl7.org/fhir/StructureDefinition/workflow-supportingInfo"

TERMS = oid(1)
GRADES = oid(2)
REASONS = oid(3)
GROUPS = oid(4)

SCORE_PROFILE = oid(10)
LESION_PROFILE = oid(11)
SUMMARY_REPORT_PROFILE = oid(12)
PROVENANCE_PROFILE = oid(13)


@dataclass(frozen=True, slots=True)
class Code:
    """One code of one system; ``display`` is ours for our own codes and in plain words for others'."""

    system: str
    code: str
    display: str = ""

    @property
    def coding(self) -> dict[str, str]:
        """Turn the code into an R4 Coding."""
        element = {"system": self.system, "code": self.code}
        return element | ({"display": self.display} if self.display else {})


IMAGING = Code(CATEGORY, "imaging", "Imaging")
ACCESSION = Code(IDENTIFIER_TYPE, "ACSN", "Accession ID")
IMAGING_REPORT = Code(LOINC, "18748-4", "Diagnostic imaging study")
MEDICAL_RECORD = Code(IDENTIFIER_TYPE, "MR", "Medical record number")
DEVICE_ASSERTED = Code(SECURITY_VALUE, "DEVAST", "device asserted")
ASSEMBLER = Code(PARTICIPANT_TYPE, "assembler", "Assembler")
VERIFIER = Code(PARTICIPANT_TYPE, "verifier", "Verifier")

UNKNOWN = Code(ABSENT_REASON, "unknown", "Unknown")
TEMPORARILY_UNKNOWN = Code(ABSENT_REASON, "temp-unknown", "Temporarily Unknown")
NOT_PERFORMED = Code(ABSENT_REASON, "not-performed", "Not Performed")
NOT_APPLICABLE = Code(ABSENT_REASON, "not-applicable", "Not Applicable")
ERROR = Code(ABSENT_REASON, "error", "Error")
UNSUPPORTED = Code(ABSENT_REASON, "unsupported", "Unsupported")

LATERALITY = Code(SNOMED_CT, "272741003", "Laterality")
LONG_AXIS = Code(SNOMED_CT, "103339001", "Long axis")
MAXIMUM = Code(SNOMED_CT, "56851009", "Maximum")
PEAK = Code(DICOM, "126031", "Peak")

POSITIVE = Code(SNOMED_CT, "10828004", "Positive")
NEGATIVE = Code(SNOMED_CT, "260385009", "Negative")
EQUIVOCAL = Code(SNOMED_CT, "42425007", "Equivocal")

SIDES = {
    "right": Code(SNOMED_CT, "24028007", "Right"),
    "left": Code(SNOMED_CT, "7771000", "Left"),
    "bilateral": Code(SNOMED_CT, "51440002", "Bilateral"),
}
"""A side as the core names it, or as its SNOMED CT code (``SIDES_BY_CODE``)."""

SIDES_BY_CODE = {side.code: side for side in SIDES.values()}

SITES = {
    "10200004": "Liver",
    "15776009": "Pancreas",
    "39607008": "Lung",
    "272673000": "Bone",
    "59441001": "Lymph node",
    "279795009": "Mesenteric lymph node",
    "62683002": "Mediastinal lymph node",
    "91394001": "Retroperitoneal lymph node",
    "76838003": "Supraclavicular lymph node",
    "15425007": "Peritoneum",
    "69695003": "Stomach",
    "38848004": "Duodenum",
    "30315005": "Small intestine",
    "34516001": "Ileum",
    "66754008": "Appendix",
    "71854001": "Colon",
    "34402009": "Rectum",
    "9875009": "Thymus",
    "15497006": "Ovary",
    "72410000": "Mediastinum",
    "78961009": "Spleen",
}
"""SNOMED CT site code -> our words for it; a site code that is not here travels without words."""

TRACERS = {
    "18F-FDG": Code(SNOMED_CT, "35321007", "Fluorodeoxyglucose F-18"),
    "68Ga-DOTATATE": Code(SNOMED_CT, "724025002", "68Ga-DOTATATE"),
    "68Ga-DOTANOC": Code(TERMS, "68ga-dotanoc", "68Ga-DOTANOC"),
    "64Cu-DOTATATE": Code(TERMS, "64cu-dotatate", "64Cu-DOTATATE"),
    "18F-AlF-NOTA-octreotide": Code(TERMS, "18f-alf-nota-octreotide", "18F-AlF-NOTA-octreotide"),
    "68Ga-SiTATE": Code(TERMS, "68ga-sitate", "68Ga-SiTATE"),
}
"""Tracer as the core names it -> its verified code; the others travel in words alone."""
