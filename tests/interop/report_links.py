"""Each way in which a hospital's report comes to name the score, at a server that is not ours: nothing else changes."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from exchange import Checks
from fhir_servers import FhirServer
from histories import message
from plans import OURS, send_message

from adapter.fhir.identity import SUMMARY_SYSTEM
from adapter.fhir.summary_report import ADDENDUM_OF
from adapter.fhir.terminology import SUPPORTING_INFO
from bench.child_service import ChildService

REPORT_SYSTEM = "http://ris.hospital.example/accessions"
WITHIN = 90.0
SERVERS_OWN = ("versionId", "lastUpdated", "source")
"""What of ``meta`` a server changes with every version."""


@dataclass(frozen=True, slots=True)
class LinkTrial:
    """A way to be tried under a plan; its patient is nobody else's, so trials may share a server."""

    plan: str
    way: str

    @property
    def name(self) -> str:
        """What the trial is called in the results."""
        return f"{self.way}, {self.plan}, HAPI FHIR"

    @property
    def patient(self) -> str:
        """Her identifier."""
        return f"LINK{self.plan[0]}{self.way}".upper()

    def settings(self, server: FhirServer) -> dict[str, str]:
        """The settings of the service."""
        facts = {"PLAN": self.plan, "FHIR_BASE_URL": server.base, "REPORT_LINK": self.way}
        facts["REPORT_SYSTEM"] = REPORT_SYSTEM
        return {f"NETPET_DESTINATION__{name}": value for name, value in facts.items()}


class Hospital:
    """A patient's two reports at the server, as the hospital put them there: one with a result of its own."""

    def __init__(self, server: FhirServer, patient: str) -> None:
        self._server = server
        self.accessions = {study: f"ACC-{patient}{study}" for study in "SF"}
        own = {
            "resourceType": "Observation",
            "id": f"own-{patient}".lower(),
            "status": "final",
            "code": {"text": "TSH"},
        }
        server.put(own)
        results = {"S": [{"reference": f"Observation/{own['id']}"}], "F": []}
        self._ids = {study: f"report-{accession}".lower() for study, accession in self.accessions.items()}
        for study, accession in self.accessions.items():
            server.put(_report(self._ids[study], accession, results[study]))
        self.before = self.now()

    def now(self) -> dict[str, str]:
        """Study -> the text of its report as the server gives it, every digit as it stands there."""
        return {study: self._server.text(f"DiagnosticReport/{its_id}") for study, its_id in self._ids.items()}


def _report(its_id: str, accession: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    activity = {"value": Decimal("1.50"), "unit": "MBq/kg", "system": "http://unitsofmeasure.org", "code": "MBq/kg"}
    report = {
        "resourceType": "DiagnosticReport",
        "id": its_id,
        "extension": [
            {"url": "http://hospital.example/activity", "valueQuantity": activity},
            {"url": "http://hospital.example/factor", "valueDecimal": Decimal("0.1000")},
        ],
        "identifier": [{"system": REPORT_SYSTEM, "value": accession}],
        "status": "final",
        "code": {"text": "PET/CT"},
        "conclusion": 'Größe 1.50 cm; "result": []',
    }
    return report | ({"result": results} if results else {})


def check_link(trial: LinkTrial, server: FhirServer, folder: Path, checks: Checks) -> None:
    """Publish a score, publish it again from an empty store, correct it; look at the reports each time."""
    hospital = Hospital(server, trial.patient)
    first, second = [message(trial.patient, study, "F", 1, suv) for study, suv in (("S", 14), ("F", 3))]
    with ChildService(folder / "first", settings=trial.settings(server)) as service:
        for payload in (first, second):
            send_message(service, payload)
        score = _score_when(server, hospital, lambda score: "valueCodeableConcept" in score)
        _compare(trial, server, hospital, score, checks)
        _at_rest(service)
        linked = hospital.now()
    with ChildService(folder / "second", settings=trial.settings(server)) as service:
        for payload in (first, second):
            send_message(service, payload)
        _at_rest(service)
        same = hospital.now() == linked
        checks.take("twice is once", trial.name, None if same else "a report has another version")
        send_message(service, message(trial.patient, "F", "C", 2, 30))
        score = _score_when(server, hospital, lambda score: score["status"] == "corrected")
        _at_rest(service)
        same = hospital.now() == linked
        checks.take("a correction is one entry", trial.name, None if same else "a report has another version")
        _compare(trial, server, hospital, score, checks)


def _compare(trial: LinkTrial, server: FhirServer, hospital: Hospital, score: dict[str, Any], checks: Checks) -> None:
    """Hold the reports to what they were, and to the one entry more that they may have."""
    entry = {"reference": f"Observation/{score.get('id')}"}
    expected = [] if trial.way == "summary" else [entry]
    for study, after in _when_named(hospital, trial.way, entry).items():
        before = _content(hospital.before[study])
        wanted = before | {"result": before.get("result", []) + expected} if expected else before
        problem = None if score and _content(after) == wanted else "it is not the report and one entry"
        checks.take("nothing but result", f"{trial.name}, {study}", problem)
        checks.take("digits as documented", f"{trial.name}, {study}", _digits_problem(trial, after))
    if trial.way == "summary":
        _compare_summary(trial, server, score, checks)


def _digits_problem(trial: LinkTrial, after: str) -> str | None:
    """HAPI's JSON Patch writes all decimals anew, as docs/destinations/hapi.md says; else they are kept."""
    text = "".join(after.split())
    is_kept = '"value":1.50,' in text and '"valueDecimal":0.1000}' in text
    if trial.way == "patch":
        return "the server keeps digits by now: the page on HAPI has to say so" if is_kept else None
    return None if is_kept else "a decimal lost its digits"


def _compare_summary(trial: LinkTrial, server: FhirServer, score: dict[str, Any], checks: Checks) -> None:
    """Exactly one report of ours names the score, as what the score is."""
    query = f"DiagnosticReport?identifier={SUMMARY_SYSTEM}|&_count=500"
    found = [one for one in _matches(server, query) if _names(one.get("result"), f"Observation/{score.get('id')}")]
    said = [(one["status"], [part["url"] for part in one["extension"]]) for one in found]
    wanted = [(score.get("status"), [ADDENDUM_OF, SUPPORTING_INFO, SUPPORTING_INFO])]
    problem = None if said == wanted else f"{said} instead of {wanted}"
    checks.take("one summary", f"{trial.name}, {score.get('status')}", problem)


def _names(results: Any, address: str) -> bool:
    return any(one.get("reference") == address for one in results or ())


def _content(text: str) -> dict[str, Any]:
    """A resource without what its server writes into it with each version."""
    resource: dict[str, Any] = json.loads(text, parse_float=Decimal)
    meta = {name: value for name, value in resource.pop("meta", {}).items() if name not in SERVERS_OWN}
    return resource | {"meta": meta}


def _score_when(server: FhirServer, hospital: Hospital, is_reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait for the only score of the hospital's two reports to be so; an empty one when it does not come to it."""
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        scores = _matches(server, f"Observation?code={OURS}netpet-score&_count=500")
        found = [one for one in scores if _accessions(one) == set(hospital.accessions.values())]
        if len(found) == 1 and is_reached(found[0]):
            return found[0]
        time.sleep(0.5)
    return {}


def _accessions(score: dict[str, Any]) -> set[str]:
    supporting = [one for one in score.get("extension", ()) if one["url"] == SUPPORTING_INFO]
    return {one["valueReference"]["identifier"]["value"] for one in supporting}


def _when_named(hospital: Hospital, way: str, entry: dict[str, str]) -> dict[str, str]:
    """Wait for both reports to name the score, where the way is one by which they do."""
    until, texts = time.monotonic() + WITHIN, hospital.now()
    while (
        way != "summary" and time.monotonic() < until and not all(entry["reference"] in one for one in texts.values())
    ):
        time.sleep(0.5)
        texts = hospital.now()
    return texts


def _matches(server: FhirServer, query: str) -> list[dict[str, Any]]:
    bundle = server.read(query)
    return [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]


def _at_rest(service: ChildService) -> None:
    """Wait until scores were brought to the destination, and no more are for three seconds."""
    until, before, since = time.monotonic() + WITHIN, -1.0, time.monotonic()
    while time.monotonic() < until and (before <= 0 or time.monotonic() - since < 3):
        now = service.counter("netpet_publications_total")
        before, since = now, (since if now == before else time.monotonic())
        time.sleep(0.3)
