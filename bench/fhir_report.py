"""A synthetic FHIR report in the canonical form: one DiagnosticReport with an Observation for each lesion."""

import json
from typing import Any

BASE = "http://fhir.hosp.example/r4/"
_OURS = "urn:oid:2.25.54930188285360043366174129075465106905.1"
_SCT = "http://snomed.info/sct"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TRACERS = {"S": "724025002", "F": "35321007"}
_DAYS = {"S": "12", "F": "16"}
_SITES = ("10200004", "272673000", "59441001")
_SUBJECT = {"reference": "Patient/p1"}

Json = dict[str, Any]


def fhir_report(study: str, lesions: int) -> bytes:
    """Turn a study (S: SSTR, F: FDG) and a number of lesions into the bytes of a collection."""
    tracer = _observation("tracer", "123001", _DCM, {"valueCodeableConcept": _concept(_TRACERS[study], _SCT)})
    complete = _observation("complete", "lesions-complete", _OURS, {"valueString": "yes"})
    results = [tracer, complete, *(_lesion(number, study) for number in range(1, lesions + 1))]
    patient = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:oid:1.2.3", "value": "P1"}]}
    report = {
        "resourceType": "DiagnosticReport",
        "id": f"r{study}",
        "identifier": [{"type": _concept("ACSN", "v2-0203"), "system": "urn:oid:1.2.4", "value": f"ACC-{study}"}],
        "status": "final",
        "code": _concept("44139-4", "http://loinc.org"),
        "subject": _SUBJECT,
        "effectiveDateTime": f"2026-11-{_DAYS[study]}T09:00:00+01:00",
        "issued": f"2026-11-{_DAYS[study]}T15:00:00+01:00",
        "result": [{"reference": f"Observation/{one['id']}"} for one in results],
    }
    entries = [
        {"fullUrl": f"{BASE}{one['resourceType']}/{one['id']}", "resource": one} for one in (report, patient, *results)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def _concept(code: str, system: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _observation(name: str, code: str, system: str, more: Json) -> Json:
    head = {"resourceType": "Observation", "id": name, "status": "final", "code": _concept(code, system)}
    return head | {"subject": _SUBJECT} | more


def _lesion(number: int, study: str) -> Json:
    suv = f"{20 + number}.5" if study == "S" else f"{number}.5"
    parts = (
        (_concept("uptake", _OURS), {"valueCodeableConcept": _concept("10828004", _SCT)}),
        (_concept("krenning", _OURS), {"valueInteger": 4}),
        (_concept("126401", _DCM), {"valueQuantity": {"value": float(suv), "code": "g/mL{SUVbw}"}}),
        (_concept("103339001", _SCT), {"valueQuantity": {"value": 10 + number, "code": "mm"}}),
        (_concept("paired", _OURS), {"valueBoolean": True}),
    )
    more = {
        "identifier": [{"value": f"L{number}"}],
        "bodySite": _concept(_SITES[number % len(_SITES)], _SCT),
        "component": [{"code": code} | value for code, value in parts],
    }
    return _observation(f"l{number}", "lesion", _OURS, more)
