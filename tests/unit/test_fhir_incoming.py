"""What of a FHIR body is one message: each report with all that it references, and nothing that is another's."""

import json
from copy import deepcopy

import pytest
from fhir_bodies import (
    ACCESSION,
    ONE,
    PATIENT,
    bundle,
    ids,
    incoming,
    lesion,
    observation,
    report,
    sent,
    text,
    tracer,
    unit,
    units,
)
from fhir_bodies import concept as concept_of

from adapter.fhir.incoming import parse_incoming
from adapter.fhir.json_text import from_json, to_json
from adapter.fhir.shapes import IncomingError
from adapter.outcome import Problem


@pytest.mark.parametrize("kind", ["collection", "document", "message", "transaction", "batch", "searchset", "history"])
def test_a_bundle_of_any_kind_gives_its_report_with_what_it_references(kind):
    (found,) = units(bundle(report(tracer(), ONE), PATIENT, tracer(), ONE, kind=kind))

    assert (found.report.id, ids(found.observations), found.patient.id) == ("r1", ["tracer", "l1"], "p1")
    assert found.missing == ()


def test_a_report_alone_gives_what_it_contains():
    inner = {"contained": [PATIENT, tracer(), ONE], "subject": {"reference": "#p1"}}
    found = unit(report(**inner, result=[{"reference": "#tracer"}, {"reference": "#l1"}]))

    assert (ids(found.observations), found.patient.id) == (["tracer", "l1"], "p1")
    assert found.observations[1].path == "DiagnosticReport.contained[2]"


def test_a_contained_resource_may_name_its_container():
    inner = observation("o", concept_of("x"), text("y"), derivedFrom=[{"reference": "#"}])
    found = unit(report(contained=[inner], result=[{"reference": "#o"}]))

    assert ids(found.observations) == ["o"]


def test_each_report_of_a_body_is_a_message_of_its_own():
    other = observation("o2", concept_of("x"), text("y"))
    body = bundle(report(tracer()), report(other, id="r2"), PATIENT, tracer(), other)
    first, second = units(body)

    assert (ids(first.observations), ids(second.observations)) == (["tracer"], ["o2"])
    assert (first.loose, second.loose) == ((), ())
    assert ids(unit(first.raw).observations) == ["tracer"]
    assert ids(unit(second.raw).roots) == ["r2", "p1", "o2"]


def test_what_is_kept_of_a_single_report_are_the_bytes_that_were_sent():
    body = b" " + to_json(sent(tracer()))

    assert unit(body).raw == body


def test_what_is_kept_of_one_among_several_has_all_digits_as_they_came():
    body = bundle(report(ONE), report(id="r2", result=[]), PATIENT, lesion("l1", {"valueQuantity": {"value": 1}}))
    raw = to_json(body).replace(b'"value":1}', b'"value":1.50}')

    assert b'"value":1.50}' in parse_incoming(raw).units[0].raw


def test_an_observation_without_report_that_was_sent_on_purpose_stays_with_the_report():
    found = unit(sent(tracer(), others=(ONE,)))

    assert (ids(found.observations), ids(found.loose)) == (["tracer"], ["l1"])
    assert ids(unit(found.raw).loose) == ["l1"]


def test_an_observation_without_report_in_a_servers_answer_is_another_reports():
    found = incoming(bundle(report(tracer()), PATIENT, tracer(), ONE, kind="searchset"))

    assert (found.units[0].loose, found.unclaimed) == ((), 1)
    assert found.notes == ("1 Observations of no report",)


def test_a_contained_observation_that_nothing_names_stays_with_the_report():
    found = unit(report(contained=[ONE], result=[]))

    assert (found.observations, ids(found.loose)) == ((), ["l1"])


def test_what_a_finding_was_derived_from_is_of_another_report():
    before = observation("before", concept_of("x"), text("y"))
    found = unit(
        sent(
            observation("o", concept_of("x"), None, derivedFrom=[{"reference": "Observation/before"}]), others=(before,)
        )
    )

    assert (ids(found.observations), found.loose) == (["o"], ())
    assert "before" in ids(found.entries)


def test_members_are_results_too_and_circles_end():
    one = observation("a", concept_of("x"), None, hasMember=[{"reference": "Observation/b"}])
    other = observation("b", concept_of("x"), text("y"), hasMember=[{"reference": "Observation/a"}])

    assert ids(unit(bundle(report(one), one, other)).observations) == ["a", "b"]


def test_the_header_of_a_message_is_at_hand():
    header = {"resourceType": "MessageHeader", "id": "h", "source": {"name": "RIS"}}
    found = unit(bundle(header, report(tracer()), PATIENT, tracer(), kind="message"))

    assert found.header.id == "h"
    assert [node.type for node in found.nodes][:2] == ["MessageHeader", "DiagnosticReport"]


def test_a_body_without_a_report_has_no_message():
    assert incoming(bundle(PATIENT)).units == ()
    assert incoming({"resourceType": "Bundle", "type": "collection"}).units == ()


def test_numbers_keep_their_digits_through_all_of_it():
    body = bundle(report(), report(id="r2"), lesion("l1"))
    raw = json.dumps(body).replace('"id": "l1"', '"id": "l1", "x": 0.10')

    assert b'"x":0.10' in parse_incoming(raw.encode()).units[1].raw
    assert from_json(parse_incoming(raw.encode()).units[0].raw)["entry"][0]["resource"]["identifier"] == [ACCESSION]


def test_a_large_body_is_refused_before_it_is_read():
    with pytest.raises(IncomingError) as refused:
        parse_incoming(b" " * 11, max_bytes=10)
    assert refused.value.problem is Problem.BLOCK_TOO_LARGE

    many = bundle(*[report(id=f"r{number}") for number in range(201)])
    with pytest.raises(IncomingError, match="more than 200 reports"):
        incoming(deepcopy(many))
