Alias: $terms = urn:oid:2.25.54930188285360043366174129075465106905.1
Alias: $grades = urn:oid:2.25.54930188285360043366174129075465106905.2
Alias: $reasons = urn:oid:2.25.54930188285360043366174129075465106905.3
Alias: $groups = urn:oid:2.25.54930188285360043366174129075465106905.4
Alias: $category = http://terminology.hl7.org/CodeSystem/observation-category
Alias: $security = http://terminology.hl7.org/CodeSystem/v3-ObservationValue
Alias: $supportingInfo = http://hl7.org/fhir/StructureDefinition/workflow-supportingInfo
Alias: $addendumOf = http://hl7.org/fhir/StructureDefinition/diagnosticReport-addendumOf
