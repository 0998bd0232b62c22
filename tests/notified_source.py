"""Notifications as servers send them, and the reports that they are about."""

import json

from fhir_bodies import PATIENT, lesion, report, tracer

LESION = lesion("l1")


def fill(server, *numbers):
    for one in (PATIENT, tracer(), LESION):
        server.put(one)
    for number in numbers:
        server.put(report(tracer(), LESION, id=f"r{number}"), minutes=number)


def versioned(number, **more):
    return report(id=f"r{number}", meta={"versionId": "1"}, **more)


def notified(kind, *events, count=None, subscription="s1", status="active", carried=()):
    """A notification as R4 has it; an event is (number, id), or (number, None) where content is empty."""
    parameters = [
        {"name": "subscription", "valueReference": {"reference": f"Subscription/{subscription}"}},
        {"name": "status", "valueCode": status},
        {"name": "type", "valueCode": kind},
    ]
    if count is not None:
        parameters.append({"name": "events-since-subscription-start", "valueString": str(count)})
    for number, id_ in events:
        part = [{"name": "event-number", "valueString": str(number)}]
        if id_:
            part.append({"name": "focus", "valueReference": {"reference": f"DiagnosticReport/{id_}"}})
        parameters.append({"name": "notification-event", "part": part})
    status_entry = {"resource": {"resourceType": "Parameters", "parameter": parameters}}
    entries = [status_entry, *({"resource": one} for one in carried)]
    return json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries}).encode()


def as_r4b(kind, number, id_):
    """The same as R4B and R5 have it."""
    status = {
        "resourceType": "SubscriptionStatus",
        "status": "active",
        "type": kind,
        "subscription": {"reference": "Subscription/s1"},
        "eventsSinceSubscriptionStart": number,
        "notificationEvent": [{"eventNumber": number, "focus": {"reference": f"DiagnosticReport/{id_}"}}],
    }
    bundle = {"resourceType": "Bundle", "type": "subscription-notification", "entry": [{"resource": status}]}
    return json.dumps(bundle).encode()


async def settled(one):
    """All that is due, done."""
    one.keeper._gap_since = -1000.0
    for _ in range(3):
        await one.source.work()
        await one.keeper._recover()
        if one.keeper._gap_since is not None:
            one.keeper._gap_since = -1000.0


async def begun(one):
    await one.door.bundle(notified("handshake", count=0))
