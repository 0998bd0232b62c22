"""What R4 binds and the models of fhir.resources do not hold: required codes, and what a Reference may point to."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


REQUIRED_CODES: dict[tuple[str, str], frozenset[str]] = {
    ("Observation", "status"): _words(
        "registered preliminary final amended corrected cancelled entered-in-error unknown"
    ),
    ("DiagnosticReport", "status"): _words(
        "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"
    ),
    ("Device", "status"): _words("active inactive entered-in-error unknown"),
    ("List", "status"): _words("current retired entered-in-error"),
    ("List", "mode"): _words("working snapshot changes"),
    ("Bundle", "type"): _words(
        "document message transaction transaction-response batch batch-response history searchset collection"
    ),
    ("CodeSystem", "status"): _words("draft active retired unknown"),
    ("CodeSystem", "content"): _words("not-present example fragment complete supplement"),
    ("StructureDefinition", "status"): _words("draft active retired unknown"),
    ("CapabilityStatement", "status"): _words("draft active retired unknown"),
    ("CapabilityStatement", "kind"): _words("instance capability requirements"),
    ("ProvenanceEntity", "role"): _words("derivation revision quotation source removal"),
    ("Narrative", "status"): _words("generated extensions additional empty"),
    ("Identifier", "use"): _words("usual official temp secondary old"),
    ("Quantity", "comparator"): _words("< <= >= >"),
    ("DeviceDeviceName", "type"): _words(
        "udi-label-name user-friendly-name patient-reported-name manufacturer-name model-name other"
    ),
    ("OperationOutcomeIssue", "severity"): _words("fatal error warning information"),
    ("OperationOutcomeIssue", "code"): _words(
        "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
        "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
        "business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational"
    ),
}
"""(Type, element) -> the codes of its required value set (R4 4.0.1)."""

_PART_OF = _words("MedicationAdministration MedicationDispense MedicationStatement Procedure Immunization ImagingStudy")
_BASED_ON = _words("CarePlan DeviceRequest ImmunizationRecommendation MedicationRequest NutritionOrder ServiceRequest")
_AGENT = _words("Practitioner PractitionerRole RelatedPerson Patient Device Organization")

REFERENCE_TARGETS: dict[tuple[str, str], frozenset[str]] = {
    ("Observation", "derivedFrom"): _words(
        "DocumentReference ImagingStudy Media QuestionnaireResponse Observation MolecularSequence"
    ),
    ("Observation", "hasMember"): _words("Observation QuestionnaireResponse MolecularSequence"),
    ("Observation", "partOf"): _PART_OF,
    ("Observation", "basedOn"): _BASED_ON,
    ("Observation", "subject"): _words("Patient Group Device Location"),
    ("Observation", "device"): _words("Device DeviceMetric"),
    ("Observation", "encounter"): _words("Encounter"),
    ("Observation", "performer"): _words("Practitioner PractitionerRole Organization CareTeam Patient RelatedPerson"),
    ("DiagnosticReport", "result"): _words("Observation"),
    ("DiagnosticReport", "subject"): _words("Patient Group Device Location"),
    ("ProvenanceAgent", "who"): _AGENT,
    ("ProvenanceAgent", "onBehalfOf"): _AGENT,
}
"""(Type, element) -> types that its Reference may point to (R4 4.0.1); else any type."""
