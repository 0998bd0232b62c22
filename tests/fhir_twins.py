"""The FHIR twin of a canonical ORU message: the same report in the canonical FHIR form (docs/formats.md).

Run as a program it writes the twins that stand in fixtures/fhir.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from adapter.fhir.json_text import to_json
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.datatypes import sub_id
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.moments import Precision, parse_timestamp
from adapter.hl7v2.oru import ObservationGroup, patient_results

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPECTED = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))}

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
REPORT_STATUS = {
    "F": "final",
    "C": "corrected",
    "X": "cancelled",
    "P": "preliminary",
    "R": "partial",
    "I": "registered",
}
STATUS = {"F": "final", "C": "corrected", "P": "preliminary", "D": "entered-in-error", "W": "entered-in-error"}
STATUS |= {"X": "cancelled", "N": "final"}
TRACKING = {"112039": None, "112040": "urn:dicom:uid"}
SITE = "363698007"
TEST_LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}

Json = dict[str, Any]

KEPT = (
    "vector_p0_both_reports_say_no_uptake",
    "vector_nothing_stated",
    "vector_p1_nine_lesions",
    "vector_p2a_one_lesion",
    "vector_p2b_three_lesions",
    "vector_p3a_equal",
    "vector_p4b_three_lesions",
    "vector_p5_beside_twenty_of_pattern_1",
    "vector_both_positive_no_suv_no_relation",
    "vector_fdg_range_straddles",
    "vector_innumerable_pattern_2",
    "aggregate_at_least_three_sn",
    "interval_61_days",
    "intervening_therapy_as_text",
    "match_by_uid",
    "match_by_unique_site_and_laterality",
    "duplicate_lesion_other_call",
    "suv_less_than",
    "suv_not_a_number",
    "suv_unit_kbq_per_ml",
    "suv_withdrawn_by_obx11",
    "tracer_dotatoc",
    "tracer_177lu_dotatate",
    "reader_grade_disagrees",
    "preliminary_fdg",
    "corrected_fdg",
    "stale_preliminary_after_final",
    "retracted_fdg",
    "retracted_row",
    "patient_mismatch",
    "held_uptake_value_unknown",
    "held_observation_code_unknown",
    "held_report_status_unknown",
    "chest_x_ray",
    "processing_id_t",
    "both_studies_in_one_message",
    "iso_2022_jp",
    "patient_with_two_identifiers",
)
"""The cases of fixtures/expected.json whose twins stand in fixtures/fhir."""


def twin(file: str) -> bytes:
    """Turn a v2 fixture into its twin: a Bundle, of the kind that its name chooses."""
    payload = (FIXTURES / file).read_bytes()
    decoded = decode_text(payload, read_header(payload))
    return pretty(bundle(Message.parse(decoded.text, charset=decoded.charset), kind_of(file)))


def kind_of(file: str) -> str:
    """One after the other: the kinds of Bundle in which reports come."""
    kinds = ("collection", "transaction", "message", "history", "searchset", "contained", "notification")
    return kinds[sum(file.encode()) % len(kinds)]


def bundle(message: Message, kind: str) -> Json:
    """Turn a message into a Bundle of all its reports; ``contained`` is a collection of reports that contain theirs."""
    reports = [one for result in patient_results(message) for one in groups(message, result.pid, result.groups)]
    if kind == "contained" and len(reports) == 1:
        return with_contained(reports[0])
    entries = [entry for resource in unique(chain.from_iterable(reports)) for entry in [entry_of(resource, kind)]]
    if kind == "message":
        header = {"resourceType": "MessageHeader", "id": "header", "eventUri": "urn:example:report"}
        entries.insert(0, entry_of(header | {"source": {"name": "RIS", "endpoint": "urn:example:ris"}}, kind))
    if kind == "notification":
        entries.insert(0, {"fullUrl": "urn:uuid:5a1b8f0e-8a0e-4a5c-9a34-6b3f4d1c2e70", "resource": notice(reports)})
    name = {"contained": "collection", "notification": "history"}.get(kind, kind)
    return {"resourceType": "Bundle", "type": name, "entry": entries}


def notice(reports: list[list[Json]]) -> Json:
    """What a subscription says first: which resources its notification is about (R4, Subscriptions R5 Backport)."""
    focus = [{"name": "focus", "valueReference": {"reference": f"DiagnosticReport/{one[0]['id']}"}} for one in reports]
    events = [{"name": "notification-event", "part": [{"name": "event-number", "valueString": "1"}, *focus]}]
    kind = {"name": "type", "valueCode": "event-notification"}
    return {"resourceType": "Parameters", "id": "status", "parameter": [kind, *events]}


def unique(resources: Iterator[Json]) -> list[Json]:
    found = {f"{one['resourceType']}/{one['id']}": one for one in resources}
    return list(found.values())


def entry_of(resource: Json, kind: str) -> Json:
    name = f"{resource['resourceType']}/{resource['id']}"
    entry: Json = {"fullUrl": f"http://fhir.hosp.example/r4/{name}", "resource": resource}
    request = {"request": {"method": "PUT", "url": name}} if kind in ("transaction", "history") else {}
    return entry | request | ({"response": {"status": "200"}} if kind == "history" else {})


def with_contained(resources: list[Json]) -> Json:
    """Turn a report and its resources into the report that contains them."""
    report, *others = resources
    names = {f"{one['resourceType']}/{one['id']}": f"#{one['id']}" for one in others}
    text = to_json(report | {"contained": others}).decode()
    for name, local in names.items():
        text = text.replace(f'"reference":"{name}"', f'"reference":"{local}"')
    found: Json = json.loads(text, parse_float=Decimal)
    return found


def groups(message: Message, pid: Segment | None, found: tuple[ObservationGroup, ...]) -> Iterator[list[Json]]:
    assert pid is not None
    for number, group in enumerate(found, start=1):
        if group.obr is not None:
            yield report(message, pid, group.obr, group.observations, number)


def report(message: Message, pid: Segment, obr: Segment, observations: tuple[Segment, ...], number: int) -> list[Json]:
    """Turn one OBR group into a DiagnosticReport, its patient, its order and its Observations, the report first."""
    header = message.segments[0]
    stem = re.sub(r"[^A-Za-z0-9.-]", "-", obr.value(3) or obr.value(2) or f"study-{number}")[:40]
    patient = patient_of(pid)
    subject = {"reference": f"Patient/{patient['id']}"}
    order = {"resourceType": "ServiceRequest", "id": f"{stem}-order", "status": "active", "intent": "order"}
    order |= {"identifier": identifiers(obr, 2, "PLAC"), "subject": subject} if obr.value(2) else {"subject": subject}
    results = list(results_of(observations, stem, subject))
    resource: Json = {"resourceType": "DiagnosticReport", "id": stem, "meta": {"versionId": "1"}}
    if header.value(11) == "T":
        resource["meta"]["tag"] = [TEST_LABEL]
    resource |= {"identifier": accession} if (accession := identifiers(obr, 3, "ACSN")) else {}
    resource |= {"basedOn": [{"reference": f"ServiceRequest/{order['id']}"}]}
    resource |= {"status": REPORT_STATUS.get(obr.value(25), "unknown")} if obr.value(25) else {}
    resource |= {"code": concept(obr, 4), "subject": subject} if obr.value(4) else {"subject": subject}
    resource |= {"effectiveDateTime": moment(obr.value(7))} if obr.value(7) else {}
    resource["issued"] = moment(obr.value(22) or header.value(7))
    named = [one for one in results if not one["id"].endswith("-member")]
    resource |= {"result": [{"reference": f"Observation/{one['id']}"} for one in named]} if named else {}
    return [resource, patient, order, *results]


def patient_of(pid: Segment) -> Json:
    resource: Json = {"resourceType": "Patient", "id": f"p-{pid.value(3)}"}
    resource["identifier"] = [
        one for number in range(1, len(pid.repetitions(3)) + 1) for one in identifiers(pid, 3, "", number, 4)
    ]
    resource |= {"name": [{"family": pid.value(5), "given": [pid.value(5, component=2)]}]} if pid.value(5) else {}
    born = pid.value(7)[:8]
    return resource | ({"birthDate": f"{born[:4]}-{born[4:6]}-{born[6:]}"} if len(born) == 8 else {})


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


def results_of(observations: tuple[Segment, ...], stem: str, subject: Json) -> Iterator[Json]:
    """Turn the OBX of a group into Observations: one each of the whole report, and one for each row."""
    rows: dict[str, list[Segment]] = {}
    for obx in observations:
        parts = sub_id(obx)
        if parts.parts:
            rows.setdefault(parts.projection(1), []).append(obx)
        else:
            yield observation(obx, f"{stem}-{obx.sequence}", subject)
    for row, of_row in rows.items():
        yield from lesion(row, of_row, stem, subject)


def lesion(row: str, of_row: list[Segment], stem: str, subject: Json) -> Iterator[Json]:
    """Turn the OBX of a row into its Observation; one that has a status of its own becomes a member."""
    name = f"{stem}-lesion-{row}"
    found: Json = {"resourceType": "Observation", "id": name, "status": "final"}
    found |= {"code": {"coding": [{"system": SYSTEMS["99NETPET"], "code": "lesion"}]}, "subject": subject}
    standing = {obx.value(11) for obx in of_row}
    common = standing.pop() if len(standing) == 1 else "F"
    found |= {"status": STATUS.get(common, "unknown")} if common else {}
    members, components = [], []
    for obx in of_row:
        if obx.value(11) != common:
            members.append(observation(obx, f"{name}-{obx.sequence}-member", subject))
        elif obx.value(3) in TRACKING and obx.value(5):
            found.setdefault("identifier", []).append(tracking(obx))
        elif obx.value(3) == SITE and "bodySite" not in found and obx.value(2) in ("CWE", "CE"):
            found["bodySite"] = concept(obx, 5)
        else:
            components.append({"code": concept(obx, 3)} | value(obx))
    found |= {"component": components} if components else {}
    found |= {"hasMember": [{"reference": f"Observation/{one['id']}"} for one in members]} if members else {}
    yield from (found, *members)


def tracking(obx: Segment) -> Json:
    system = TRACKING[obx.value(3)]
    return {"system": system, "value": f"urn:oid:{obx.value(5)}"} if system else {"value": obx.value(5)}


def observation(obx: Segment, name: str, subject: Json) -> Json:
    found: Json = {"resourceType": "Observation", "id": name}
    found |= {"status": STATUS.get(obx.value(11), "unknown")} if obx.value(11) else {}
    return found | {"code": concept(obx, 3), "subject": subject} | value(obx)


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


def pretty(resource: Json) -> bytes:
    """Turn a resource into JSON for a person to read, each number with its digits."""
    return (_lines(resource, "") + "\n").encode()


def _lines(value: Any, indent: str) -> str:
    flat = to_json({"": value}).decode()[4:-1]
    if len(flat) + len(indent) < 118 or not isinstance(value, dict | list):
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        inner = [f"{deeper}{json.dumps(key)}: {_lines(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    return "[\n" + ",\n".join(f"{deeper}{_lines(item, deeper)}" for item in value) + f"\n{indent}]"


def fixture_of(file: str) -> Path:
    """Turn a v2 fixture's name into its twin's path."""
    return FIXTURES / "fhir" / Path(file).relative_to("oru_r01").with_suffix(".json")


def write() -> None:
    """Write the twins that stand in fixtures/fhir."""
    for file in (file for name in KEPT for file in EXPECTED[name]["files"]):
        path = fixture_of(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(twin(file))


if __name__ == "__main__":
    write()
