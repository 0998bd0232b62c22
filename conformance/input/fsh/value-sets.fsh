RuleSet: ValueSetOf(branch)
* ^url = "urn:oid:2.25.54930188285360043366174129075465106905.{branch}"
* ^version = "1.0.0"
* ^status = #active
* ^experimental = false

ValueSet: NetpetGrades
Id: netpet-grades
Title: "NETPET grades"
Description: "Every grade of the NETPET scale."
* insert ValueSetOf(30)
* include codes from system $grades

ValueSet: NetpetReasons
Id: netpet-reasons
Title: "NETPET reasons"
Description: "Every reason that qualifies a NETPET score or forbids one."
* insert ValueSetOf(31)
* include codes from system $reasons

ValueSet: NetpetGroups
Id: netpet-groups
Title: "NETPET groups"
Description: "The prognostic groups of the NETPET scale."
* insert ValueSetOf(32)
* include codes from system $groups

ValueSet: NetpetOutcomes
Id: netpet-outcomes
Title: "NETPET outcomes"
Description: "How far the data settle a score."
* insert ValueSetOf(33)
* $terms#scored
* $terms#group-only
* $terms#not-scorable
