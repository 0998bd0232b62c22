"""A fact may stand at a path, and a rule may ask what stands at one; what is no value there holds the report."""

import pytest
from fhir_bodies import SCT, UPTAKE, changed, concept, held, lesion, read_report, sent, tracer

from adapter.scoring.lesion import Nature, Uptake


def with_rule(line, tables=""):
    return changed(("  in_field:", f"  {line}\n  in_field:"), ("tables:\n", f"tables:\n{tables}"))


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("method", {"method": concept("PET", "urn:m")}, "PET"),
        ("method.coding", {"method": concept("PET", "urn:m")}, "PET"),
        ("method.text", {"method": {"text": " by eye "}}, "by eye"),
        ("extension('urn:r').value", {"extension": [{"url": "urn:r", "valueDecimal": 1}]}, "1"),
        ("extension('urn:r').value", {"extension": [{"url": "urn:r", "valueBoolean": True}]}, "yes"),
        ("component[0].value", {}, "10828004"),
        ("component[0].code", {}, "uptake"),
        ("component[7].code", {}, None),
        ("method", {"method": {"coding": [{"system": "urn:m"}]}}, None),
        ("Patient.birthDate", {}, "1960-01-01"),
        ("Observation.status", {}, "final"),
    ],
)
def test_a_fact_may_stand_at_a_path(path, more, expected):
    mapping = with_rule(f'cross_reference: {{fhirpath: "{path}"}}')
    (found,) = read_report(sent(tracer(), lesion("l1", UPTAKE, **more)), mapping).rows

    assert found.cross_reference == expected


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("subject", {"subject": {"reference": "Patient/p1"}}),
        ("subject.resolve()", {"subject": {"reference": "Patient/p1"}}),
        ("derivedFrom.resolve()", {"derivedFrom": [{"reference": "Observation/tracer"}]}),
        ("extension('urn:r')", {"extension": [{"url": "urn:r", "extension": [{"url": "x"}]}]}),
        ("extension('urn:r').value", {"extension": [{"url": "urn:r", "valuePeriod": {"start": "2026"}}]}),
    ],
)
def test_a_path_to_what_is_no_value_holds_the_report(path, more):
    mapping = with_rule(f'cross_reference: {{fhirpath: "{path}"}}')

    assert held(sent(tracer(), lesion("l1", UPTAKE, **more)), mapping)[0] == "value-unreadable"


def test_a_rule_may_have_conditions():
    line = 'nature: [{{const: uncertain, when: {{"{path}": [{value}]}}}}, {{const: tumour}}]'

    def nature_of(path, value, **more):
        words = line.format(path=path, value=value)
        mapping = changed(("nature: {code: [nature^Nature of the lesion^99NETPET], absent: tumour}", words))
        (found,) = read_report(sent(tracer(), lesion("l1", UPTAKE, **more)), mapping).rows
        return found.nature

    assert nature_of("status", "final") is Nature.UNCERTAIN
    assert nature_of("status", "amended") is Nature.TUMOUR
    assert nature_of("DiagnosticReport.code", "81555-5^^LN") is Nature.UNCERTAIN
    assert nature_of("DiagnosticReport.code", "^^LN") is Nature.UNCERTAIN
    assert nature_of("DiagnosticReport.code.coding", "81555-5") is Nature.UNCERTAIN
    assert nature_of("DiagnosticReport.code", "^^SCT") is Nature.TUMOUR
    assert (
        nature_of("extension('urn:b').value", "true", extension=[{"url": "urn:b", "valueBoolean": True}])
        is Nature.UNCERTAIN
    )
    assert (
        nature_of("extension('urn:b').value", "false", extension=[{"url": "urn:b", "valueBoolean": True}])
        is Nature.TUMOUR
    )
    assert nature_of("extension('urn:b').value", "x", extension=[{"url": "urn:b", "valueInteger": 1}]) is Nature.TUMOUR
    assert nature_of("method", "x^^y", method={"text": "x"}) is Nature.TUMOUR
    assert nature_of("extension('urn:b')", "x", extension=[{"url": "urn:b", "coding": "x"}]) is Nature.TUMOUR


def test_a_rule_on_a_code_may_have_conditions():
    line = "uptake: {code: [uptake^Uptake^99NETPET], lookup: calls}"
    mapping = changed((line, line.replace("lookup", "when: {bodySite: [10200004^^SCT]}, lookup")))

    def uptake(code):
        (found,) = read_report(sent(tracer(), lesion("l1", UPTAKE, bodySite=concept(code, SCT))), mapping).rows
        return found.finding.uptake

    assert (uptake("10200004"), uptake("39607008")) == (Uptake.POSITIVE, Uptake.UNKNOWN)


def test_the_reports_own_facts_may_stand_at_a_path():
    mapping = changed(
        ("report:\n", "report:\n  extent: {fhirpath: conclusionCode, lookup: extents}\n"),
        ("  extent: {code: [extent^Extent of disease^99NETPET]}\n", ""),
        ("tables:\n", "tables:\n  extents: {M1: metastatic}\n"),
    )

    body = sent(tracer(), conclusionCode=[{"coding": [{"code": "M1"}]}])

    assert read_report(body, mapping).study.extent == "metastatic"


def test_paths_of_other_resources_may_stand_in_many_rules():
    mapping = changed(
        ("  in_field:", "  cross_reference: {fhirpath: Patient.birthDate}\n  in_field:"),
        ("  ki67:", "  who_grade: {fhirpath: Patient.id}\n  ki67:"),
        ("  who_grade: {code: [who-grade^WHO grade^99NETPET]}\n", ""),
    )
    found = read_report(sent(tracer(), lesion("l1", UPTAKE)), mapping)

    assert (found.study.who_grade, found.rows[0].cross_reference) == ("p1", "1960-01-01")
