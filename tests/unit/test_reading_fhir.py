"""A kept FHIR message becomes what it says, is held with its place, or is let go; a test report is never scored."""

import hashlib
from datetime import UTC, datetime

from fhir_bodies import (
    CANONICAL,
    LN,
    PATIENT,
    POSITIVE,
    bundle,
    canonical_fhir,
    concept,
    observation,
    read,
    report,
    sent,
    site,
    text,
    tracer,
)

from adapter.fhir.json_text import to_json
from adapter.outcome import Held, Ignored, Problem
from adapter.reading import KeptMessage, Read, Reading
from adapter.reading import read as read_kept

LABEL = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]}


def kept(raw: bytes, processing_id: str = "P") -> Reading:
    digest = hashlib.sha256(raw).hexdigest()
    at = datetime(2026, 11, 20, tzinfo=UTC)
    message = KeptMessage("m1", 1, "fhir", "fhir", raw, at, "r1", processing_id, "lane", digest)
    return read_kept(message, canonical_fhir())


def test_a_fhir_message_is_read_by_the_mapping_that_owns_it():
    found = kept(to_json(sent(tracer())))

    assert isinstance(found, Read)
    assert ([one.accession for one in found.reports], found.mapping_id) == (["ACC-1"], "canonical_fhir")


def test_a_test_report_is_read_and_not_scored():
    for found in (kept(to_json(sent(tracer(), meta=LABEL))), kept(to_json(sent(tracer())), "T")):
        assert isinstance(found, Read)
        assert (found.reports, found.notes) == ((), ("a test message (HTEST): read, and not scored",))


def test_what_cannot_be_read_is_held_with_its_place():
    assert kept(to_json(sent(tracer(status="unknown")))) == Held(
        Problem.STATUS_UNKNOWN, read_place("status"), "the status is not one that can be read"
    )
    found = kept(b"{}")
    assert isinstance(found, Held)
    assert found.problem is Problem.MESSAGE_TYPE


def read_place(element):
    found = read(sent(tracer(status="unknown")))
    assert isinstance(found, Held)
    assert str(found.place) == f"Bundle.entry[2].resource.{element}"
    return found.place


def test_what_is_none_of_ours_is_let_go():
    chest = observation("c", concept("59776-5", LN), text("No finding."))

    assert kept(to_json(sent(chest, code=concept("36643-5", LN)))) == Ignored()


def test_what_stands_beside_the_report_is_noted():
    body = bundle(report(tracer()), PATIENT, tracer(), observation("o", concept("x"), POSITIVE), kind="searchset")
    found = kept(to_json(body))

    assert isinstance(found, Read)
    assert found.notes == ("1 Observations of no report",)


def test_reports_of_one_body_that_two_mappings_own_hold_it():
    match = "in: [123001^Radiopharmaceutical^DCM, ^^99NETPET]"
    fdg = site(CANONICAL.replace("path: Observation.code", "path: Observation.value").replace(match, "in: [35321007]"))
    other = CANONICAL.replace("id: canonical_fhir", "id: other").replace(
        "path: Observation.code", "path: Observation.value"
    )
    sstr = site(other.replace(match, "in: [724025002]"))
    second = tracer("724025002", id="t2")
    body = bundle(report(tracer()), report(second, id="r2"), PATIENT, tracer(), second)

    found = read(body, fdg, sstr)
    assert isinstance(found, Held)
    assert (found.problem, str(found.place)) == (Problem.SEVERAL_MAPPINGS, "")
