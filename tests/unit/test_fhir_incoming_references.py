"""A reference finds its resource by server, name or version; what is not in the body is named and never fetched."""

import pytest
from fhir_bodies import BASE, ONE, PATIENT, bundle, ids, lesion, meta, report, sent, tracer, unit

from adapter.fhir.incoming import completed


def test_another_report_is_not_followed():
    found = unit(sent(tracer(), extension=[{"url": "urn:x", "valueReference": {"reference": "DiagnosticReport/r1"}}]))

    assert found.missing == ()


@pytest.mark.parametrize(
    "reference",
    ["Observation/x", f"{BASE}Observation/x", "urn:uuid:1", "Patient?identifier=1", "#x", "Observation/x/_history/2"],
)
def test_a_result_that_is_not_in_the_body_is_named_and_never_fetched(reference):
    found = unit(sent(tracer(), result=[{"reference": "Observation/tracer"}, {"reference": reference}]))
    (missing,) = found.missing

    assert (missing.reference, missing.is_result) == (reference, True)
    assert missing.path == "Bundle.entry[0].resource.result[1]"


def test_a_patient_or_order_that_is_not_in_the_body_is_named():
    found = unit(bundle(report(tracer(), basedOn=[{"reference": "ServiceRequest/s"}]), tracer()))

    assert [(one.reference, one.is_result) for one in found.missing] == [
        ("Patient/p1", False),
        ("ServiceRequest/s", False),
    ]


def test_what_a_fetcher_found_completes_the_report():
    found = unit(bundle(report(tracer(), ONE), tracer()))
    whole = completed(found, [(f"{BASE}Patient/p1", PATIENT), (f"{BASE}Observation/l1", ONE)])

    assert (ids(whole.observations), whole.missing, whole.patient.id) == (["tracer", "l1"], (), "p1")
    assert ids(unit(whole.raw).observations) == ["tracer", "l1"]


def test_a_name_is_looked_for_on_the_referring_resources_own_server():
    body = bundle(report(tracer()), tracer())
    body["entry"].append({"fullUrl": "http://other.example/Observation/tracer", "resource": ONE | {"id": "tracer"}})

    assert unit(body).observations[0].full_url == f"{BASE}Observation/tracer"


def test_a_name_that_two_servers_have_is_nobodys():
    body = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": report(tracer())}]}
    body["entry"] += (
        bundle(tracer(), base="http://a.example/")["entry"] + bundle(tracer(), base="http://b.example/")["entry"]
    )

    assert [one.reference for one in unit(body).missing] == ["Patient/p1", "Observation/tracer"]


def test_a_name_is_found_where_no_addresses_are_given():
    assert ids(unit(bundle(report(tracer()), PATIENT, tracer(), base="")).observations) == ["tracer"]


def test_entries_may_be_named_by_uuids():
    body = bundle(report(tracer(), result=[{"reference": "urn:uuid:7"}]), PATIENT)
    body["entry"].append({"fullUrl": "urn:uuid:7", "resource": tracer()})

    assert ids(unit(body).observations) == ["tracer"]


def test_a_reference_to_a_version_finds_that_version():
    new, old = ONE | {"meta": meta("2")}, lesion("l1") | {"meta": meta("1")}
    results = [{"reference": "Observation/l1/_history/1"}]

    assert unit(bundle(report(ONE, result=results), new, old, kind="history")).observations[0].version == "1"
    assert unit(bundle(report(ONE, result=results), ONE | {"meta": meta("1")})).observations[0].version == "1"
