"""Of a history the newest version stands, and a notification names the reports that it does not carry."""

import pytest
from fhir_bodies import BASE, ONE, PATIENT, bundle, ids, incoming, lesion, meta, report, sent, tracer, unit, units

from adapter.fhir.shapes import IncomingError


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


def test_entries_without_a_resource_that_delete_nothing_are_passed():
    body = sent(tracer())
    body["entry"].append({"request": {"method": "PATCH", "url": "Patient/p1"}})
    body["entry"].append({"response": {"status": "200"}})

    assert (incoming(body).deleted, len(incoming(body).units)) == ((), 1)


def test_a_notification_about_nothing_names_nothing():
    event = {"name": "notification-event", "part": [{"name": "focus", "valueString": "x"}, {"name": "focus"}]}
    body = bundle({"resourceType": "Parameters", "id": "s", "parameter": [event]}, kind="history")

    assert incoming(body).named == ()
