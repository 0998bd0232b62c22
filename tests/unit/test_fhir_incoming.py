"""What of a FHIR body is one message: each report with all that it references, and nothing that is another's."""

import hashlib
import json
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from fhir_bodies import (
    ACCESSION,
    AUTHORITIES,
    BASE,
    PATIENT,
    bundle,
    component,
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

from adapter.fhir.incoming import completed, parse_incoming
from adapter.fhir.json_text import from_json, to_json
from adapter.fhir.shapes import IncomingError
from adapter.outcome import Problem
from adapter.scoring.report import patient_key

ONE = lesion("l1", component("krenning", text("3")))


def incoming(body):
    return parse_incoming(to_json(body))


def ids(entries):
    return [entry.id for entry in entries]


def meta(version, changed="2026-11-20T10:00:00Z"):
    return {"versionId": version, "lastUpdated": changed}


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


def test_an_entry_that_stands_twice_is_one_and_two_that_differ_are_refused():
    body = bundle(report(tracer()), PATIENT, tracer(), tracer())
    assert ids(unit(body).observations) == ["tracer"]

    body["entry"][3]["resource"] = tracer(status="preliminary")
    with pytest.raises(IncomingError, match="the same resource and differ"):
        units(body)


def test_of_a_history_only_the_newest_version_stands():
    new, old = ONE | {"meta": meta("2")}, lesion("l1") | {"meta": meta("1", "2026-11-19T10:00:00Z")}
    for entries in ((new, old), (old, new)):
        found = incoming(bundle(report(ONE, meta=meta("2")), report(ONE, meta=meta("1")), *entries, kind="history"))

        assert (len(found.units), found.superseded) == (1, 1)
        assert (found.units[0].report.version, found.units[0].observations[0].version) == ("2", "2")
        assert found.notes == ("1 older versions of its reports",)


def test_a_reference_to_a_version_finds_that_version():
    new, old = ONE | {"meta": meta("2")}, lesion("l1") | {"meta": meta("1")}
    results = [{"reference": "Observation/l1/_history/1"}]

    assert unit(bundle(report(ONE, result=results), new, old, kind="history")).observations[0].version == "1"
    assert unit(bundle(report(ONE, result=results), ONE | {"meta": meta("1")})).observations[0].version == "1"


def test_what_a_history_deleted_does_not_stand():
    body = bundle(report(ONE), ONE, kind="history")
    gone = {"fullUrl": f"{BASE}Observation/l1", "request": {"method": "DELETE", "url": "Observation/l1"}}
    body["entry"].insert(1, gone)
    found = incoming(body)
    assert (found.deleted, [one.reference for one in found.units[0].missing]) == (
        ("Observation/l1",),
        ["Patient/p1", "Observation/l1"],
    )

    body["entry"].append(body["entry"].pop(1))
    assert (incoming(body).deleted, ids(incoming(body).units[0].observations)) == ((), ["l1"])


def test_a_notification_names_the_reports_that_it_does_not_carry():
    focus = [
        {"name": "focus", "valueReference": {"reference": f"{BASE}DiagnosticReport/{one}"}} for one in ("r1", "r2")
    ]
    events = [
        {"name": "notification-event", "part": [{"name": "event-number", "valueString": "4"}, *focus]},
        {"name": "type"},
    ]
    body = bundle({"resourceType": "Parameters", "id": "s", "parameter": events}, report(), kind="history")

    assert incoming(body).named == (f"{BASE}DiagnosticReport/r2",)


def test_a_notification_of_r4b_is_read_as_well():
    status = {
        "resourceType": "SubscriptionStatus",
        "id": "s",
        "notificationEvent": [{"focus": {"reference": "DiagnosticReport/r9"}}],
    }

    assert incoming(bundle(status, kind="subscription-notification")).named == ("DiagnosticReport/r9",)


def test_the_header_of_a_message_is_at_hand():
    header = {"resourceType": "MessageHeader", "id": "h", "source": {"name": "RIS"}}
    found = unit(bundle(header, report(tracer()), PATIENT, tracer(), kind="message"))

    assert found.header.id == "h"
    assert [node.type for node in found.nodes][:2] == ["MessageHeader", "DiagnosticReport"]


def test_a_body_without_a_report_has_no_message():
    assert incoming(bundle(PATIENT)).units == ()
    assert incoming({"resourceType": "Bundle", "type": "collection"}).units == ()


def test_a_version_of_a_report_is_named_by_server_id_and_version():
    found = unit(sent(tracer(), meta=meta("3")))

    assert found.control_id == f"{BASE}DiagnosticReport/r1/_history/3"


def test_a_report_without_version_is_named_by_its_content_whatever_it_came_in():
    one, other = unit(sent(tracer())), unit(bundle(report(tracer()), PATIENT, tracer(), kind="batch"))

    assert one.control_id == other.control_id == f"sha256:{one.sha256}"
    assert unit(sent(tracer("724025002"))).sha256 != one.sha256
    assert len(one.sha256) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"meta": meta("1")}, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ({"meta": {"lastUpdated": "2026-11-20"}}, datetime(2026, 11, 20, tzinfo=UTC)),
        ({"meta": {"lastUpdated": "yesterday"}}, None),
        ({}, None),
    ],
)
def test_a_report_was_changed_when_its_server_says_so(more, expected):
    assert unit(sent(tracer(), **more)).changed == expected


def label(**more):
    return {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"} | more


def test_what_is_labelled_as_test_data_is_a_test():
    assert unit(sent(tracer())).processing_id == "P"
    assert unit(sent(tracer(), meta={"tag": [label()]})).processing_id == "T"
    assert unit(sent(tracer(), meta={"security": [label()]})).processing_id == "T"
    assert unit(sent(tracer(), meta={"tag": [label(code="TRAIN")]})).processing_id == "P"
    assert unit(sent(tracer(), meta={"tag": [label(system="urn:x")]})).processing_id == "P"


def identifier(value="123456", system="urn:oid:1.2.3", **more):
    return {"value": value, "system": system} | more


def patient(*identifiers):
    return PATIENT | {"identifier": list(identifiers)}


def test_a_patient_has_the_key_that_v2_gives_to_the_same_identifier():
    by_oid = unit(sent(tracer(), patient=patient(identifier()))).lane()
    by_name = unit(sent(tracer())).lane({AUTHORITIES["HOSP"]: "HOSP"})
    by_named_oid = unit(sent(tracer())).lane({AUTHORITIES["HOSP"]: "1.2.3"})

    assert by_oid == by_named_oid == patient_key("1.2.3", "123456")
    assert by_name == patient_key("HOSP", "123456")
    assert unit(sent(tracer())).lane() == patient_key(AUTHORITIES["HOSP"], "123456")


def test_an_identifier_out_of_use_and_one_without_value_name_nobody():
    found = unit(sent(tracer(), patient=patient(identifier("9", use="old"), {"system": "urn:x"}, identifier(" 7 "))))

    assert [one.value for one in found.identities()] == ["7"]


def test_the_reports_own_reference_may_hold_the_identifier():
    found = unit(bundle(report(tracer(), subject={"type": "Patient", "identifier": identifier()}), tracer()))

    assert (found.patient, found.lane(), found.missing) == (None, patient_key("1.2.3", "123456"), ())


def test_a_report_that_names_nobody_has_no_lane():
    assert unit(report(subject=None)).lane() is None
    assert unit(bundle(report(tracer(), subject={"reference": "Observation/tracer"}), tracer())).lane() is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"coding": [{"display": "x"}, {"code": "MR"}], "text": "y"}, "MR"),
        ({"text": "Medical record"}, "Medical record"),
        ({"coding": [{"display": "x"}]}, ""),
    ],
)
def test_an_identifiers_type_is_its_code_or_its_words(kind, expected):
    (found,) = unit(sent(tracer(), patient=patient(identifier(type=kind)))).identities()

    assert found.type == expected


@pytest.mark.parametrize(("born", "expected"), [("1960-01-01", "19600101"), ("1960-01", None), ("soon", None)])
def test_a_birth_date_is_a_day(born, expected):
    (found,) = unit(sent(tracer(), patient=PATIENT | {"birthDate": born})).identities()

    assert found.birth_date == expected


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


def test_entries_without_a_resource_that_delete_nothing_are_passed():
    body = sent(tracer())
    body["entry"].append({"request": {"method": "PATCH", "url": "Patient/p1"}})
    body["entry"].append({"response": {"status": "200"}})

    assert (incoming(body).deleted, len(incoming(body).units)) == ((), 1)


def test_a_notification_about_nothing_names_nothing():
    event = {"name": "notification-event", "part": [{"name": "focus", "valueString": "x"}, {"name": "focus"}]}
    body = bundle({"resourceType": "Parameters", "id": "s", "parameter": [event]}, kind="history")

    assert incoming(body).named == ()
