"""Everything that the program says in FHIR passes three gates: fhir.resources R4B, the R4 schema, our own profiles."""

import json
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from fhir_bodies import canonical_fhir
from fhir_gates import faults
from fhir_scores import RENDERING, every_kind_of_score

from adapter.fhir.bundle import render_publication
from adapter.fhir.capability import capability_statement
from adapter.fhir.code_systems import code_systems
from adapter.fhir.json_text import from_json, to_json
from adapter.fhir.operation_outcome import information, operation_outcome
from adapter.fhir.profiles import profiles, value_sets
from adapter.fhir.summary_report import render_summary
from adapter.fhir.terminology import SCORE_PROFILE
from adapter.mapping.catalogue import MappingSet
from adapter.outcome import Place, Problem
from adapter.publication import Delivered, Site, desire
from adapter.reading import KeptMessage, Read, read
from adapter.scoring.report import KeptReport, Source
from adapter.scoring.result import Policy
from adapter.scoring.versions import current_reports
from adapter.web.fhir_metadata import served_types

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
RECEIVED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITE = Site(Policy(), RENDERING)
CASES = {case["name"]: case["files"] for case in json.loads((FIXTURES / "expected.json").read_text("utf-8"))}
SCORES = every_kind_of_score()


def kept_reports(raw, number, form):
    """A message's reports, read by the mappings that the program ships, or none."""
    mappings = MappingSet.load(ROOT / "mappings") if form == "hl7v2" else canonical_fhir()
    digest = sha256(raw).hexdigest()
    message = KeptMessage(f"m{number}", number, "test", form, raw, RECEIVED, f"C{number}", "P", "patient", digest)
    reading = read(message, mappings)
    if not isinstance(reading, Read):
        return []
    source = Source(
        message.id, message.control_id, digest, RECEIVED, reading.mapping_id, reading.mapping_version, digest
    )
    return [KeptReport(report, source, number) for report in reading.reports]


def published(files, form):
    """What is published after each message of a case: every resource that was ever visible, withdrawn ones too."""
    reports, standing = {}, {}
    for number, file in enumerate(files, start=1):
        for kept in kept_reports(file.read_bytes(), number, form):
            reports.setdefault(kept.report.patient.key, []).append(kept)
        for patient, theirs in reports.items():
            wanted = desire(patient, current_reports(theirs), standing.get(patient, []), SITE, RECEIVED)
            standing[patient] = [Delivered(one.score_id, one.digest, one.state, one.resources) for one in wanted]
            yield from with_summaries([resource for one in wanted for resource in one.resources])


def with_summaries(resources):
    """The resources, and the summary report of each score among them."""
    yield from resources
    for resource in resources:
        if SCORE_PROFILE in resource.get("meta", {}).get("profile", ()):
            yield render_summary(resource)


def all_faults(resources):
    """What the gates find: each resource is looked at once, however often it is published."""
    different = {to_json(resource): resource for resource in resources}
    return {f"{one['resourceType']}: {fault}" for one in different.values() for fault in faults(one)}


def v2_files():
    return {name: [FIXTURES / file for file in files] for name, files in CASES.items()}


def fhir_files():
    """The FHIR twins, a list of files a case."""
    places = sorted((FIXTURES / "fhir").iterdir())
    return {place.stem: sorted(place.glob("*.json")) if place.is_dir() else [place] for place in places}


@pytest.mark.slow
@pytest.mark.parametrize(("form", "files"), [("hl7v2", v2_files()), ("fhir", fhir_files())], ids=["v2", "fhir"])
def test_all_that_the_fixtures_and_the_demonstration_come_to_passes(form, files):
    resources = [one for case in files.values() for one in published(case, form)]
    types = {one["resourceType"] for one in resources}
    statuses = {one["status"] for one in resources if one["resourceType"] == "Observation"}

    assert types == {"Device", "DiagnosticReport", "Observation", "Provenance"}
    assert {"preliminary", "corrected", "entered-in-error"} <= statuses
    assert all_faults(resources) == set()


@pytest.mark.slow
def test_every_kind_of_score_passes_alone_and_with_all_that_belongs_to_it():
    publications = [render_publication(score, RENDERING) for score in SCORES.values()]
    together = [
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
        }
        for resources in publications
    ]

    assert all_faults([*together, *(one for each in publications for one in with_summaries(each))]) == set()


@pytest.mark.parametrize("resource", [*profiles(), *value_sets(), *code_systems()], ids=lambda one: one["id"])
def test_what_we_publish_of_our_own_terms_passes(resource):
    assert faults(resource) == []


@pytest.mark.parametrize("file", sorted((ROOT / "conformance" / "examples").glob("*.json")), ids=lambda file: file.stem)
def test_an_example_passes(file):
    assert faults(from_json(file.read_bytes())) == []


@pytest.mark.parametrize("takes_reports", [True, False])
def test_the_capability_statement_passes(takes_reports):
    base, served = "http://127.0.0.1:8080/fhir", served_types(takes_reports=takes_reports)
    statement = capability_statement("0.1.0", base, date(2026, 11, 22), served, ("transaction",))

    assert faults(statement) == []


@pytest.mark.parametrize("problem", Problem)
def test_the_answer_to_each_problem_passes(problem):
    plain = operation_outcome(problem)
    v2 = operation_outcome(problem, Place("OBX", 3, 5), "the unit is none that can be read")
    path = operation_outcome(problem, Place(path="Bundle.entry[2].resource.status"), "a rule")

    assert [fault for one in (plain, v2, path) for fault in faults(one)] == []


def test_an_answer_that_all_is_well_passes():
    assert faults(information("1 report kept")) == []
