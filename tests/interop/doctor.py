"""``netpet-adapter doctor`` in front of a FHIR server that is not ours: what it finds, writes and leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from exchange import Checks
from fhir_servers import FhirServer

from adapter.cli.doctor_score import made_up_publication

PLANS = ("transaction", "sequential")
WITHIN = 120


def check_doctor(server: FhirServer, folder: Path, checks: Checks) -> None:
    """Let it look, then write twice, under each plan; the made-up score stands once, withdrawn."""
    before = _count(server)
    for plan in PLANS:
        seen, code = _run(server, folder, plan)
        checks.take("looks", f"{plan}, exit code", None if code == 0 else f"{code}")
        for area in ("server", "plan", "access"):
            state = "note" if (plan, area) == ("sequential", "plan") else "ok"
            checks.take("looks", f"{plan}, {area}", _wrong(seen, area, state))
    checks.take("leaves all as it was", "without --write-test", None if _count(server) == before else "it wrote")
    for plan in (*PLANS, *PLANS):
        seen, code = _run(server, folder, plan, "--write-test")
        checks.take("writes and reads back", f"{plan}, exit code", None if code == 0 else f"{code}")
        for area in ("kept", "write"):
            checks.take("writes and reads back", f"{plan}, {area}", _wrong(seen, area, "ok"))
    _check_left(server, checks)
    seen, code = _run(None, folder, "transaction")
    problem = _wrong(seen, "server", "finding") or (None if code == 1 else f"exit code {code}")
    checks.take("says who is not there", "a port that nobody listens on", problem)


def _run(server: FhirServer | None, folder: Path, plan: str, *options: str) -> tuple[dict[str, list[str]], int]:
    """Area -> the states found there, and the exit code; without a server the address is nobody's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NETPET_")} | {
        "NETPET_STORE__URL": f"sqlite:///{folder}/doctor.db",
        "NETPET_DESTINATION__PLAN": plan,
        "NETPET_DESTINATION__FHIR_BASE_URL": server.base if server else "http://127.0.0.1:9/fhir",
    }
    command = [sys.executable, "-m", "adapter", "doctor", "--json", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=WITHIN, check=False)
    found: dict[str, list[str]] = {}
    for finding in json.loads(done.stdout or '{"findings": []}')["findings"]:
        found.setdefault(finding["area"], []).append(finding["state"])
    return found, done.returncode


def _wrong(found: dict[str, list[str]], area: str, state: str) -> str | None:
    states = found.get(area, [])
    return None if states == [state] else f"{states} instead of {state}"


def _check_left(server: FhirServer, checks: Checks) -> None:
    """Every resource of the made-up score stands once; the Observations are withdrawn."""
    for resource in made_up_publication().resources:
        identifier = next(iter(resource.get("identifier", ())), None)
        if identifier is None:
            continue
        query = f"{resource['resourceType']}?identifier={identifier['system']}|{identifier['value']}"
        found = [entry["resource"] for entry in server.read(query).get("entry", ())]
        statuses = [one.get("status") for one in found]
        is_right = statuses == ["entered-in-error"] or (len(found) == 1 and resource["resourceType"] != "Observation")
        checks.take("stands once, withdrawn", resource["resourceType"], None if is_right else f"{statuses}")


def _count(server: FhirServer) -> Any:
    return server.read("Observation?_summary=count")["total"]
