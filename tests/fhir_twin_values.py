"""The values of a FHIR twin: what stands in the fields of a segment, in the elements of a resource."""

import re
from decimal import Decimal
from typing import Any

from adapter.hl7v2.message import Segment
from adapter.hl7v2.moments import Precision, parse_timestamp

SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "SNM": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "UCUM": "http://unitsofmeasure.org",
    "99NETPET": "urn:oid:2.25.54930188285360043366174129075465106905.1",
    "UMLS": "http://terminology.hl7.org/CodeSystem/umls",
}
AUTHORITIES = {
    "HOSP": "http://hosp.example/identifiers",
    "RIS": "http://ris.example/identifiers",
    "PRAXIS": "http://praxis.example/identifiers",
}
"""What a site's mapping says of its identifier systems (`rows.authorities`)."""

IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"

Json = dict[str, Any]


def identifiers(segment: Segment, field: int, kind: str, repetition: int = 1, authority: int = 2) -> list[Json]:
    value = segment.value(field, repetition)
    if not value:
        return []
    kind = kind or segment.value(field, repetition, 5)
    found: Json = {"type": {"coding": [{"system": IDENTIFIER_TYPES, "code": kind}]}} if kind else {}
    name = segment.value(field, repetition, authority)
    oid = segment.value(field, repetition, authority, 2) if segment.value(field, repetition, authority, 3) else ""
    system = f"urn:oid:{oid}" if oid else AUTHORITIES.get(name, name)
    return [found | ({"system": system} if system else {}) | {"value": value}]


def concept(segment: Segment, field: int) -> Json:
    components = (*segment.components(field), *[""] * 6)
    codings = [
        {
            key: text
            for key, text in (("system", SYSTEMS.get(system, system)), ("code", code), ("display", words))
            if text
        }
        for code, words, system in (components[:3], components[3:6])
    ]
    return {"coding": [coding for coding in codings if coding]}


def value(obx: Segment) -> Json:
    """Turn OBX-2, OBX-5 and OBX-6 into value[x], or into the reason why there is none."""
    kind, text = obx.value(2), obx.value(5)
    if not obx.field(5) or obx.value(11) == "N":
        return {"dataAbsentReason": {"coding": [{"code": "unknown"}]}}
    if kind in ("CWE", "CE"):
        return {"valueCodeableConcept": concept(obx, 5)}
    if kind == "SN":
        return structured(obx)
    if kind == "NM" and text.lower() == "nan":
        return {"dataAbsentReason": {"coding": [{"code": "not-a-number"}]}}
    if kind == "NM":
        return {"valueQuantity": quantity(text, obx)} if re.fullmatch(r"-?[0-9.]+", text) else {"valueString": text}
    return {"valueString": text}


def structured(obx: Segment) -> Json:
    comparator, first, separator, second = (*obx.components(5), *[""] * 4)[:4]
    if separator == "-":
        return {"valueRange": {"low": quantity(first, obx), "high": quantity(second, obx)}}
    return {"valueQuantity": quantity(first, obx) | ({"comparator": comparator} if comparator else {})}


def quantity(text: str, obx: Segment) -> Json:
    found: Json = {"value": Decimal(text) if "." in text else int(text)}
    unit = obx.value(6)
    return found | ({"unit": unit, "system": SYSTEMS["UCUM"], "code": unit} if unit else {})


def moment(text: str) -> str:
    parsed = parse_timestamp(text)
    if parsed.precision in (Precision.YEAR, Precision.MONTH):
        return text[:4] if parsed.precision is Precision.YEAR else f"{text[:4]}-{text[4:6]}"
    if parsed.precision is Precision.DAY:
        return parsed.datetime.date().isoformat()
    return parsed.datetime.isoformat()
