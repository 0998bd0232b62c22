"""Paths into resources: each means what it means in FHIRPath, and what is no path of the subset is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.fhir.fhirpath import MAX_LENGTH, MAX_STEPS, FhirPathError, compile_path
from adapter.fhir.node import Node

REPORT = {
    "resourceType": "DiagnosticReport",
    "identifier": [
        {"system": "urn:a", "value": "A", "type": {"coding": [{"code": "ACSN"}, {"code": "X"}]}},
        {"value": "B", "type": {"coding": [{"code": "PLAC"}]}},
    ],
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2026-11-19",
    "valueQuantity": {"value": 3},
    "extension": [{"url": "urn:e", "valueString": "said"}, {"url": "urn:f", "valueBoolean": True}],
    "nothing": None,
}
PATIENT = {"resourceType": "Patient", "birthDate": "1960"}
NODE = Node(REPORT, "DiagnosticReport", REPORT, "DiagnosticReport")


def resolve(node):
    return Node(PATIENT, "Patient", PATIENT, "Patient") if node.value.get("reference") == "Patient/1" else None


def found(path, start=NODE):
    return [node.value for node in compile_path(path).find([start], resolve)]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("identifier.value", ["A", "B"]),
        ("identifier[1].value", ["B"]),
        ("identifier[7].value", []),
        ("identifier.first().value", ["A"]),
        ("identifier.where(system = 'urn:a').value", ["A"]),
        ("identifier.where(where(system = 'urn:a').empty()).value", ["B"]),
        ("identifier.where(type.coding.where(code = 'ACSN').exists()).value", ["A"]),
        ("identifier.where(type.coding.exists(code = 'PLAC')).value", ["B"]),
        ("identifier.where(type.coding.code = 'ACSN').value", []),
        ("identifier.where(type.coding.code = 'PLAC' and value = 'B').value", ["B"]),
        ("identifier.where(value = 'A' and value = 'B')", []),
        ("identifier.where(system.exists()).value", ["A"]),
        ("identifier.where(system.empty()).value", ["B"]),
        ("subject.resolve().birthDate", ["1960"]),
        ("subject.resolve().subject.resolve()", []),
        ("identifier.resolve()", []),
        ("effective", ["2026-11-19"]),
        ("effective.ofType(dateTime)", ["2026-11-19"]),
        ("effective.ofType(Period)", []),
        ("value.ofType(Quantity).value", [3]),
        ("valueQuantity.value", [3]),
        ("extension('urn:e').value", ["said"]),
        ("extension('urn:f').value.ofType(boolean)", [True]),
        ("DiagnosticReport.subject.reference", ["Patient/1"]),
        ("Patient.birthDate", []),
        ("subject.reference.anything", []),
        ("nothing", []),
        (" identifier . value ", ["A", "B"]),
    ],
)
def test_a_path_leads_to_its_elements(path, values):
    assert found(path) == values


def test_a_type_alone_is_the_resource():
    assert found("DiagnosticReport") == [REPORT]


def test_an_element_knows_where_it_stands():
    (node,) = compile_path("identifier[1].type.coding.code").find([NODE], resolve)

    assert node.path == "DiagnosticReport.identifier[1].type.coding[0].code"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a.",
        "a..b",
        "a[",
        "a[b]",
        "a[1",
        "where(",
        "a.where()",
        "a.where(b)",
        "a.where(b = c)",
        "a.where(b = 'c'",
        "a.where(b = 'c' or d = 'e')",
        "a.exists()",
        "Patient.a.empty()",
        "a.resolve(b)",
        "a.matches('.*')",
        "a.extension(b)",
        "a.ofType('x')",
        "a = 'b'",
        "a b",
        "'a'",
        "a.where(b = 'it''s')",
        "a-b",
        "%resource.a",
        "a" * (MAX_LENGTH + 1),
        ".".join("a" * (MAX_STEPS + 1)),
        "OBR-3",
    ],
)
def test_what_is_no_path_of_the_subset_is_refused(text):
    with pytest.raises(FhirPathError):
        compile_path(text)


@given(st.text(alphabet="aB.()[]='1 where resolve()exists", max_size=60))
def test_any_text_is_a_path_or_is_refused(text):
    with suppress(FhirPathError):
        compile_path(text).find([NODE], resolve)
