"""A FHIR server that is not ours notifies the adapter by a rest-hook; the reports are fetched and scored."""

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exchange import FIXTURES, Checks
from fhir_servers import FhirServer, free_port, hapi
from toolchain import BUILD, PeerError

from adapter.fhir.json_text import from_json
from bench.child_service import ChildService

SUBSCRIPTION = (
    "active",
    "scored",
    "a correction arrives",
    "each version once",
    "missed while down",
    "switched on again",
)
SECRET = "interop-subscription-secret"
WITHIN = 60.0
BOTH = "fhir/both_studies_in_one_message.json"


def check_subscription(checks: Checks) -> None:
    """Subscribe at a HAPI server, put reports there, and look at what the adapter makes of them."""
    with tempfile.TemporaryDirectory(dir=BUILD) as place:
        folder = Path(place)
        try:
            with hapi(folder, free_port()) as server, _service(folder, server) as service:
                _try(server, service, checks)
        except PeerError as error:
            checks.take("active", "HAPI FHIR", str(error))


def _service(folder: Path, server: FhirServer) -> ChildService:
    secret, settings = folder / "secret", folder / "netpet.yaml"
    secret.write_text(SECRET)
    source = {
        "name": "hapi",
        "fhir_base_url": server.base,
        "subscription": {"secret": str(secret), "id": "netpet", "check": 2},
    }
    settings.write_text(json.dumps({"fhir_in": {"sources": [source]}}))
    port = free_port()
    return ChildService(folder / "service", settings={"NETPET_CONFIG": str(settings), "NETPET_HTTP__PORT": str(port)})


def _try(server: FhirServer, service: ChildService, checks: Checks) -> None:
    resources = [entry["resource"] for entry in from_json((FIXTURES / BOTH).read_bytes())["entry"]]
    reports = [one for one in resources if one["resourceType"] == "DiagnosticReport"]
    server.put(_subscription(service))
    active = _until(lambda: server.read("Subscription/netpet")["status"] == "active")
    checks.take("active", "the subscription", None if active else "not active")
    for resource in _in_order([one for one in resources if one not in reports]) + reports:
        server.put(_without_version(resource))
    scored = _until(lambda: len(_scores(service)) == 1 and "valueCodeableConcept" in _scores(service)[0])
    checks.take("scored", "both studies", None if scored else f"{len(_scores(service))} scores")
    server.put(_without_version(reports[0] | {"status": "corrected"}))
    corrected = _until(lambda: [one["status"] for one in _scores(service)] == ["corrected"])
    checks.take("a correction arrives", "the score", None if corrected else "not corrected")
    kept = _kept(service)
    checks.take("each version once", "messages", None if kept == 3 else f"{kept} instead of 3")
    _check_missed(server, service, reports[0], checks)


def _check_missed(server: FhirServer, service: ChildService, report: Mapping[str, Any], checks: Checks) -> None:
    """A report that changes while the subscription is off is found by the adapter's own look, which switches it on."""
    server.put(server.read("Subscription/netpet") | {"status": "off"})
    server.put(_without_version(report | {"status": "entered-in-error"}))
    found = _until(lambda: [one["status"] for one in _scores(service)] == ["entered-in-error"])
    checks.take("missed while down", "the score", None if found else "not withdrawn")
    active = _until(lambda: server.read("Subscription/netpet")["status"] == "active")
    checks.take("switched on again", "the subscription", None if active else "not active")


def _subscription(service: ChildService) -> dict[str, Any]:
    return {
        "resourceType": "Subscription",
        "id": "netpet",
        "status": "requested",
        "reason": "NETPET",
        "criteria": "DiagnosticReport?",
        "channel": {
            "type": "rest-hook",
            "endpoint": f"{service.http}/subscriptions/hapi",
            "payload": "application/fhir+json",
            "header": [f"X-Subscription-Secret: {SECRET}"],
        },
    }


def _in_order(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is referenced first: the server refuses references that lead nowhere."""
    rank = {"Patient": 0, "ServiceRequest": 1}
    return sorted(resources, key=lambda one: rank.get(one["resourceType"], 2))


def _without_version(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "meta"}


def _scores(service: ChildService) -> list[dict[str, Any]]:
    bundle = json.loads(service.get("/fhir/Observation?code=netpet-score"))
    return [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]


def _kept(service: ChildService) -> int:
    lines = service.get("/metrics").decode().splitlines()
    found = (line for line in lines if line.startswith("netpet_messages_total{") and 'answer="kept"' in line)
    return sum(int(float(line.rpartition(" ")[2])) for line in found)


def _until(holds: Any) -> bool:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.3)
    return False
