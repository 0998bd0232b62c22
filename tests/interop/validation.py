"""HAPI's own validator reads, with our profiles, every resource that the fixtures lead to: each is without fault."""

import asyncio
import json
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from exchange import FIXTURES, Checks
from toolchain import PeerError, maven, tool

from adapter.fhir.code_systems import code_systems
from adapter.fhir.json_text import from_json, to_json
from adapter.fhir.profiles import profiles, value_sets
from adapter.fhir.summary_report import render_summary
from adapter.fhir.terminology import SCORE_PROFILE
from adapter.outbound.mllp_client import MllpClient
from bench.child_service import ChildService

WITHIN = 600
NOT_JUDGED = (
    "DiagnosticReport.code: Unable to expand ValueSet because CodeSystem could not be found: http://loinc.org",
    "CodeSystem is unknown and can't be validated: http://loinc.org for 'http://loinc.org#18748-4'",
)
"""LOINC does not come with the validator: of the one code of it that we send, 18748-4, it cannot say anything."""
EXAMPLES = FIXTURES.parent / "conformance" / "examples"
TYPES = ("Observation", "Device", "Provenance")


def check_resources(resources: Iterable[dict[str, Any]], folder: Path, checks: Checks) -> None:
    """Have the validator read resources; a fault or a warning counts as wrong, named by type and id."""
    sent = list(resources)
    for resource, finding in zip(sent, findings(sent, folder), strict=True):
        what = f"{resource['resourceType']}/{resource['id']}"
        faults = [one for one in finding.split("\t") if one != "ok" and not one.endswith(NOT_JUDGED)]
        checks.take("valid by HAPI", what, "; ".join(faults) or None)


def published(resources: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Turn what the service serves into what it publishes besides: the summary of each score, and the examples."""
    scores = [one for one in resources if SCORE_PROFILE in one.get("meta", {}).get("profile", ())]
    examples = [from_json(file.read_bytes()) for file in sorted(EXAMPLES.glob("*.json"))]
    return [*map(render_summary, scores), *examples]


def check_validator(resource: dict[str, Any], folder: Path, checks: Checks) -> None:
    """The validator must refuse what is wrong on purpose: one that finds nothing proves nothing."""
    summary = render_summary(resource)
    planted = {
        "a summary that is an addendum of two reports": summary
        | {"extension": [*summary["extension"], summary["extension"][0]]},
        "a summary of nothing": {key: value for key, value in summary.items() if key != "result"},
        "a status that does not exist": resource | {"status": "unknown-status"},
        "an element that does not exist": resource | {"verdict": "P2a"},
        "no method, which our profile requires": {key: value for key, value in resource.items() if key != "method"},
        "neither grade nor reason": {key: value for key, value in resource.items() if key not in _SAID},
        "a component of the score's own code": resource
        | {"component": [*resource["component"], {"code": resource["code"], "valueString": "P1"}]},
    }
    for what, finding in zip(planted, findings(planted.values(), folder), strict=True):
        checks.take("planted faults found", what, None if "ERROR" in finding else "not found")


_SAID = ("valueCodeableConcept", "dataAbsentReason")


def findings(resources: Iterable[dict[str, Any]], folder: Path) -> list[str]:
    """Turn resources into what the validator says of each: "ok", or its errors and warnings."""
    lines = [to_json(resource).replace(b"\n", b" ") for resource in resources]
    command = [tool("java", "HAPI needs a JDK, 17 or later"), "-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"]
    command += ["-cp", maven("hapi_server"), "FhirValidation", str(_definitions(folder))]
    done = subprocess.run(command, input=b"\n".join(lines) + b"\n", capture_output=True, timeout=WITHIN, check=False)
    said = done.stdout.decode().splitlines()
    if done.returncode or len(said) != len(lines):
        raise PeerError(f"the validator ended with {done.returncode}: {done.stderr.decode()[-1500:]}")
    return said


def _definitions(folder: Path) -> Path:
    """Write the profiles, value sets and code systems that we publish where the validator looks for them."""
    place = folder / "definitions"
    place.mkdir(exist_ok=True)
    for resource in (*profiles(), *value_sets(), *code_systems()):
        (place / f"{resource['resourceType']}-{resource['id']}.json").write_bytes(to_json(resource))
    return place


def served(service: ChildService) -> list[dict[str, Any]]:
    """Read every resource that the service's own FHIR endpoint holds, page after page."""
    found = [resource for kind in TYPES for resource in _all_of(service, kind)]
    if not Counter(resource["resourceType"] for resource in found)["Observation"]:
        raise PeerError("the service published nothing to validate")
    return found


def _all_of(service: ChildService, kind: str) -> Iterable[dict[str, Any]]:
    where = f"{service.http}/fhir/{kind}?_count=200"
    while where:
        with urllib.request.urlopen(where, timeout=60) as answer:
            bundle = from_json(answer.read())
        yield from (entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match")
        where = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")


def send_fixtures(service: ChildService) -> None:
    """Send the messages of every case that is written down with its expectation, and wait until all are read."""
    cases = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    files = [FIXTURES / file for case in cases for file in case["files"]]
    asyncio.run(_send(files, service.mllp))
    _settled(service)


async def _send(files: Iterable[Path], address: tuple[str, int]) -> None:
    """Send files on one connection; some of them are refused on purpose, so no answer is looked at here."""
    async with await MllpClient.connect(*address) as client:
        for file in files:
            await client.send(file.read_bytes())


def _settled(service: ChildService) -> None:
    """Wait until the number of scores no longer changes; raises PeerError when it does not come to rest."""
    until, before, still = time.monotonic() + WITHIN, -1, 0
    while time.monotonic() < until and still < 5:
        total = json.loads(service.get("/fhir/Observation?_count=1"))["total"]
        still = still + 1 if total == before else 0
        before = total
        time.sleep(1)
    if still < 5:
        raise PeerError("the service did not come to rest")
