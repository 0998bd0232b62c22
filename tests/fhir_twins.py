"""The FHIR twin of a canonical ORU message: the same report in the canonical FHIR form (docs/formats.md).

Run as a program it writes the twins that stand in fixtures/fhir.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from fhir_twin_reports import groups
from fhir_twin_values import Json

from adapter.fhir.json_text import to_json
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.oru import patient_results

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPECTED = {case["name"]: case for case in json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))}

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
