"""Synthetic FHIR bodies, and the mappings that read them, for the tests of FHIR reports."""

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from fhir_twin_values import AUTHORITIES, SYSTEMS

from adapter.fhir.incoming import Incoming, parse_incoming
from adapter.fhir.json_text import to_json
from adapter.fhir.shelf import Entry
from adapter.fhir.unit import Unit
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.fhir_reading import read_units
from adapter.mapping.message_reading import Extraction
from adapter.mapping.site_mapping import SiteMapping, site_mapping
from adapter.outcome import Held, Ignored
from adapter.scoring.report import PetReport, ReportRow

MAPPINGS = Path(__file__).parents[2] / "mappings"
CANONICAL = (MAPPINGS / "canonical_fhir.yaml").read_text(encoding="utf-8")
BASE = "http://fhir.hosp.example/r4/"
OURS = SYSTEMS["99NETPET"]
SCT, DCM, LN = SYSTEMS["SCT"], SYSTEMS["DCM"], SYSTEMS["LN"]

Json = dict[str, Any]


def with_authorities(text: str) -> str:
    """The mapping's text, with the names that the site's v2 messages have for its identifier systems."""
    lines = "".join(f"    {name}: [{system}]\n" for name, system in AUTHORITIES.items())
    return text.replace("rows:\n  kind: fhir\n", f"rows:\n  kind: fhir\n  authorities:\n{lines}")


@cache
def canonical_fhir() -> MappingSet:
    return MappingSet((site(with_authorities(CANONICAL)),))


def site(text: str) -> SiteMapping:
    return site_mapping(text.encode(), "site.yaml")


def essence(report: PetReport) -> str:
    """What a report says, without the names of its rows, its message's time and what was noted beside it."""
    rows = sorted(repr(replace(row, row="")) for row in report.rows)
    return repr((replace(report, rows=(), notes=(), sent=None), rows))


def concept(code: str, system: str = OURS, *others: tuple[str, str]) -> Json:
    return {"coding": [{"system": its, "code": one} for one, its in ((code, system), *others)]}


def quantity(value: Any, code: str | None = "g/mL{SUVbw}", **more: Any) -> Json:
    number = Decimal(value) if isinstance(value, str) else value
    return {"valueQuantity": {"value": number} | ({"code": code} if code else {}) | more}


def coded(code: str, system: str = SCT) -> Json:
    return {"valueCodeableConcept": concept(code, system)}


def text(words: str) -> Json:
    return {"valueString": words}


POSITIVE, NEGATIVE = coded("10828004"), coded("260385009")


def component(code: str, value: Json, system: str = OURS) -> Json:
    return {"code": concept(code, system)} | value


def observation(its_id: str, code: Json, value: Json | None = None, status: str | None = "final", **more: Any) -> Json:
    resource: Json = {"resourceType": "Observation", "id": its_id, "code": code} | (value or {}) | more
    return resource | ({"status": status} if status else {})


def tracer(code: str = "35321007", **more: Any) -> Json:
    return observation("tracer", concept("123001", DCM), coded(code), **more)


def lesion(its_id: str, *components: Json, **more: Any) -> Json:
    return observation(
        its_id, concept("lesion"), None, **(more | ({"component": list(components)} if components else {}))
    )


UPTAKE = component("uptake", POSITIVE)
PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": AUTHORITIES["HOSP"], "value": "123456"}],
    "birthDate": "1960-01-01",
}
ACCESSION: Json = {"type": concept("ACSN", "v2-0203"), "system": AUTHORITIES["RIS"], "value": "ACC-1"}


def report(*results: Json, **more: Any) -> Json:
    """A DiagnosticReport of these results; what is None is left out."""
    resource: Json = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "identifier": [ACCESSION],
        "status": "final",
        "code": concept("81555-5", LN),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-19T10:05:00+01:00",
        "issued": "2026-11-20T10:15:00+01:00",
        "result": [{"reference": f"Observation/{one['id']}"} for one in results],
    }
    resource |= more
    return {key: value for key, value in resource.items() if value is not None and value != []}


def bundle(*resources: Json, kind: str = "collection", base: str = BASE) -> Json:
    entries = [
        {"fullUrl": f"{base}{one['resourceType']}/{one['id']}", "resource": one} if base else {"resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def sent(*results: Json, patient: Json = PATIENT, others: tuple[Json, ...] = (), **more: Any) -> Json:
    """A collection of one report with its results."""
    return bundle(report(*results, **more), patient, *results, *others)


def units(body: Json | bytes) -> tuple[Unit, ...]:
    return parse_incoming(body if isinstance(body, bytes) else to_json(body)).units


def unit(body: Json | bytes) -> Unit:
    (found,) = units(body)
    return found


def read(body: Json | bytes, *mappings: SiteMapping) -> Extraction | Held | Ignored:
    return read_units(units(body), MappingSet(mappings) if mappings else canonical_fhir())


def read_report(body: Json | bytes, *mappings: SiteMapping) -> PetReport:
    found = read(body, *mappings)
    assert isinstance(found, Extraction), found
    (one,) = found.reports
    return one


def row(*components: Json, **more: Any) -> ReportRow:
    """The only row of a canonical report with one lesion."""
    (found,) = read_report(sent(tracer(), lesion("l1", *components, **more))).rows
    return found


def held(body: Json | bytes, *mappings: SiteMapping) -> tuple[str, str]:
    """The problem and the place for which a report is held."""
    found = read(body, *mappings)
    assert isinstance(found, Held), found
    return found.problem.value, str(found.place)


def dumped(body: Any) -> bytes:
    """Any JSON at all, also what is no resource."""
    return json.dumps(body).encode()


def changed(*pairs: tuple[str, str]) -> SiteMapping:
    """The canonical mapping with some of its words exchanged."""
    words = CANONICAL
    for old, new in pairs:
        assert old in words, old
        words = words.replace(old, new)
    return site(words)


def suv(value: Json) -> Json:
    return component("126401", value, DCM)


def number(value: Any, **more: Any) -> Json:
    return quantity(value, "1", **more)


def incoming(body: Json) -> Incoming:
    return parse_incoming(to_json(body))


def ids(entries: Iterable[Entry]) -> list[str]:
    return [entry.id for entry in entries]


def meta(version: str, changed: str = "2026-11-20T10:00:00Z") -> Json:
    return {"versionId": version, "lastUpdated": changed}


ONE = lesion("l1", component("krenning", text("3")))
"""One lesion."""
