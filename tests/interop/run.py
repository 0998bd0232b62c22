"""``make interop``: programs that are not ours send the samples to a running service; a table says how it went.

Exit code 1 when any check of any peer failed, 3 when a program that a peer needs is not on this machine.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from answers import check
from doctor import check_doctor
from exchange import Checks, check_answers, check_scores, demo_files
from fhir_servers import free_port, hapi, medplum
from peers import Peer, peers, send
from plans import Trial, check_plan
from report_links import LinkTrial, check_link
from subscriptions import SUBSCRIPTION, check_subscription
from toolchain import BUILD, MissingToolError, PeerError, tool
from validation import check_resources, check_validator, published, send_fixtures, served

from bench.child_service import ChildService

CHECKS = ("answers", "control IDs", "addresses swapped", "scores over HTTP", "answers read back")
VALIDATION = ("valid by HAPI", "planted faults found")
DOCTOR = ("looks", "leaves all as it was", "writes and reads back", "stands once, withdrawn", "says who is not there")
LINKS = ("nothing but result", "digits as documented", "twice is once", "a correction is one entry", "one summary")
PLANS = ("each score once", "as computed", "nothing else", "something to compare")
WRITING = ("transaction", "sequential")
HISTORIES = int(os.environ.get("HISTORIES", "20"))
"""Random histories a plan: CI runs a few of them, since each tenth one waits for a server that starts anew."""
TRIALS = [
    *(Trial(hapi, plan, "identifiers", range(1, HISTORIES + 1)) for plan in WRITING),
    *(Trial(hapi, plan, "client-ids", range(1, min(HISTORIES, 6) + 1)) for plan in WRITING),
    *(Trial(medplum, plan, "identifiers", range(1, min(HISTORIES, 9) + 1)) for plan in WRITING),
]
LINK_TRIALS = [LinkTrial(plan, way) for plan in WRITING for way in ("patch", "put", "summary")]
NEEDED = {"node": "Node.js 20.15 or later", "npm": "Node.js", "java": "a JDK, 17 or later", "mvn": "Maven 3"}

Results = dict[str, Checks]


def main() -> int:
    """Try every peer, or the parts that are named; print the tables and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"some of {', '.join(PARTS)}; all unless named")
    parts = parser.parse_args().parts or list(PARTS)
    if unknown := set(parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    try:
        for name, need in NEEDED.items():
            tool(name, f"make interop needs {need}")
    except MissingToolError as error:
        print(error)
        return 3
    BUILD.mkdir(parents=True, exist_ok=True)
    results: Results = {}
    for part in parts:
        title, columns, take = PARTS[part]
        _say(f"== {title}")
        found = take()
        _print_table(found, columns)
        results |= found
    failed = [line for name, checks in results.items() for line in _complaints(name, checks)]
    for line in failed:
        print(line)
    print(f"{len(failed)} failed" if failed else "all as it should be")
    return 1 if failed else 0


def _say(text: str) -> None:
    """Progress; the tables go elsewhere."""
    print(text, file=sys.stderr, flush=True)


def _exchanges() -> Results:
    found: Results = {}
    for peer in peers():
        _say(f"   {peer.name} {peer.version}")
        found[f"{peer.name} ({peer.version})"] = _exchange(peer)
    return found


def _exchange(peer: Peer) -> Checks:
    checks = Checks()
    try:
        command = peer.prepare()
        with tempfile.TemporaryDirectory(dir=BUILD) as folder, ChildService(Path(folder)) as service:
            check_answers(send(command, service.mllp, demo_files()), checks)
            check_scores(service, checks)
    except PeerError as error:
        checks.take("answers", "the peer", str(error))
    return checks


def _read_back() -> Results:
    found = {"hl7apy": Checks(), "python-hl7": Checks()}
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, ChildService(Path(folder)) as service:
        check(service.mllp, found)
    packages = {"hl7apy": "hl7apy", "python-hl7": "hl7"}
    return {f"{name} as a reader ({version(packages[name])})": checks for name, checks in found.items()}


def _validate() -> Results:
    checks = Checks()
    with tempfile.TemporaryDirectory(dir=BUILD) as place:
        folder = Path(place)
        with ChildService(folder) as service:
            send_fixtures(service)
            resources = served(service)
        check_resources([*resources, *published(resources)], folder, checks)
        check_validator(
            next(one for one in resources if "method" in one and "valueCodeableConcept" in one), folder, checks
        )
    return {"HAPI FHIR validator": checks}


def _at_one_server() -> Results:
    """Doctor and links at one HAPI process: nothing here ends it, and each has a patient of its own."""
    found: Results = {}
    with tempfile.TemporaryDirectory(dir=BUILD) as place:
        folder = Path(place)
        server = hapi(folder, free_port())
        with server:
            checks = found["doctor, HAPI FHIR"] = Checks()
            check_doctor(server, folder, checks)
            for number, trial in enumerate(LINK_TRIALS, start=1):
                _say(f"   {number} of {len(LINK_TRIALS)}: {trial.name}")
                checks = found[trial.name] = Checks()
                check_link(trial, server, folder / f"link{number}", checks)
    return found


def _subscriptions() -> Results:
    checks = Checks()
    check_subscription(checks)
    return {"rest-hook, HAPI FHIR": checks}


def _plans() -> Results:
    return {trial.name: _try(trial, number) for number, trial in enumerate(TRIALS, start=1)}


def _try(trial: Trial, number: int) -> Checks:
    checks, since = Checks(), time.monotonic()
    _say(f"   {number} of {len(TRIALS)}: {trial.name}")
    try:
        check_plan(trial, checks)
    except PeerError as error:
        checks.take("each score once", trial.name, str(error))
    _say(f"      {time.monotonic() - since:.0f} s")
    return checks


PARTS: dict[str, tuple[str, tuple[str, ...], Callable[[], Results]]] = {
    "peers": ("senders of HL7 v2 that are not ours", CHECKS, _exchanges),
    "answers": ("our answers read back", CHECKS, _read_back),
    "validator": ("every resource of every fixture, read by HAPI's validator", VALIDATION, _validate),
    "links": ("doctor, and each way to a hospital's report, at a HAPI server", (*DOCTOR, *LINKS), _at_one_server),
    "subscriptions": ("reports that a HAPI server notifies of, fetched and scored", SUBSCRIPTION, _subscriptions),
    "plans": ("every write plan at FHIR servers that are not ours, random histories", PLANS, _plans),
}
"""Name -> title, what is checked, and what checks it."""


def _print_table(results: dict[str, Checks], columns: tuple[str, ...]) -> None:
    print(f"| peer | {' | '.join(columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for name, checks in results.items():
        print(f"| {name} | {' | '.join(_cell(checks, check_name) for check_name in columns)} |")


def _cell(checks: Checks, name: str) -> str:
    if name not in checks.right:
        return ""
    right, wrong = checks.right[name], len(checks.wrong.get(name, ()))
    return f"{right} of {right + wrong}" + (" FAILED" if wrong else "")


def _complaints(name: str, checks: Checks) -> list[str]:
    return [f"{name}: {check_name}: {one}" for check_name, wrong in checks.wrong.items() for one in wrong]


if __name__ == "__main__":
    sys.exit(main())
