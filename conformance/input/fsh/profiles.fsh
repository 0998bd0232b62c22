RuleSet: ProfileOf(branch)
* ^url = "urn:oid:2.25.54930188285360043366174129075465106905.{branch}"
* ^version = "1.0.0"
* ^status = #active
* ^experimental = false
* ^abstract = false

RuleSet: MadeBySoftware
* meta.security 1..
* meta.security = $security#DEVAST

RuleSet: OfTheScore
* insert MadeBySoftware
* identifier 1..
* basedOn 1..
* category 1..
* category = $category#imaging
* subject 1..
* device 1..
* component 1..

Invariant: netpet-1
Description: "A score has a grade or says why there is none, never both."
Severity: #error
Expression: "value.exists() xor dataAbsentReason.exists()"

Invariant: netpet-2
Description: "What is known of a lesion is in its components."
Severity: #error
Expression: "value.exists().not()"

Invariant: netpet-3
Description: "No component has the code of the Observation itself."
Severity: #error
Expression: "component.code.coding.where(system = 'urn:oid:2.25.54930188285360043366174129075465106905.1' and (code = 'netpet-score' or code = 'lesion')).empty()"

Invariant: netpet-4
Description: "A score says in exactly one component how far the data settle it."
Severity: #error
Expression: "component.where(code.coding.where(system = 'urn:oid:2.25.54930188285360043366174129075465106905.1' and code = 'outcome').exists()).count() = 1"

Invariant: netpet-5
Description: "A score that is withdrawn, corrected, final or preliminary is in no other state."
Severity: #error
Expression: "status = 'preliminary' or status = 'final' or status = 'corrected' or status = 'entered-in-error'"

Profile: NetpetScore
Parent: Observation
Id: netpet-score
Title: "NETPET score"
Description: "A NETPET score proposed by software."
* insert ProfileOf(10)
* obeys netpet-1 and netpet-3 and netpet-4 and netpet-5
* insert OfTheScore
* extension contains $supportingInfo named supportingInfo 1..
* code = $terms#netpet-score
* value[x] only CodeableConcept
* value[x] from NetpetGrades (required)
* method 1..

Profile: NetpetLesion
Parent: Observation
Id: netpet-lesion
Title: "NETPET lesion"
Description: "One lesion as the two PET reports describe it."
* insert ProfileOf(11)
* obeys netpet-2 and netpet-3 and netpet-5
* insert OfTheScore
* code = $terms#lesion

Profile: NetpetSummaryReport
Parent: DiagnosticReport
Id: netpet-summary-report
Title: "NETPET summary report"
Description: "A report of this software beside the hospital's, which names a score and its lesions."
* insert ProfileOf(12)
* insert MadeBySoftware
* extension contains $addendumOf named addendumOf 1..1 and $supportingInfo named supportingInfo 1..
* identifier 1..
* basedOn 1..
* subject 1..
* result 1..

Profile: NetpetProvenance
Parent: Provenance
Id: netpet-provenance
Title: "NETPET provenance"
Description: "What a NETPET score was made from."
* insert ProfileOf(13)
* target ..1
* entity 1..
