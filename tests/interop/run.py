"""``make interop``: programs that are not ours send the samples to a running service; a table says how it went.

Exit code 1 when any check of any peer failed, 3 when a program that a peer needs is not on this machine.
"""

import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from answers import check
from exchange import Checks, check_answers, check_scores, demo_files
from fhir_servers import hapi, medplum
from peers import Peer, peers, send
from plans import Trial, check_plan
from toolchain import BUILD, MissingToolError, PeerError, tool
from validation import check_resources, check_validator, send_fixtures, served

from bench.child_service import ChildService

CHECKS = ("answers", "control IDs", "addresses swapped", "scores over HTTP", "answers read back")
VALIDATION = ("valid by HAPI", "planted faults found")
PLANS = ("each score once", "as computed", "nothing else", "something to compare")
TRIALS = [
    *(
        Trial(hapi, plan, ids, range(1, 21))
        for plan in ("transaction", "sequential")
        for ids in ("identifiers", "client-ids")
    ),
    *(Trial(medplum, plan, "identifiers", range(1, 10)) for plan in ("transaction", "sequential")),
]
NEEDED = {"node": "Node.js 20.15 or later", "npm": "Node.js", "java": "a JDK, 17 or later", "mvn": "Maven 3"}


def main() -> int:
    """Run every peer against a service of its own, then read our answers back; print the table and what was wrong."""
    try:
        for name, need in NEEDED.items():
            tool(name, f"make interop needs {need}")
    except MissingToolError as error:
        print(error)
        return 3
    BUILD.mkdir(parents=True, exist_ok=True)
    results: dict[str, Checks] = {}
    for peer in peers():
        print(f"== {peer.name} {peer.version}", file=sys.stderr, flush=True)
        results[f"{peer.name} ({peer.version})"] = _exchange(peer)
    print("== our answers read back", file=sys.stderr, flush=True)
    results |= _read_back()
    _print_table(results, CHECKS)
    print("== every resource of every fixture, read by HAPI's validator", file=sys.stderr, flush=True)
    validated = {"HAPI FHIR validator": _validate()}
    _print_table(validated, VALIDATION)
    print(
        "== every write plan against FHIR servers that are not ours, 20 random histories each",
        file=sys.stderr,
        flush=True,
    )
    planned = {trial.name: _try(trial) for trial in TRIALS}
    _print_table(planned, PLANS)
    results |= validated | planned
    failed = [line for name, checks in results.items() for line in _complaints(name, checks)]
    for line in failed:
        print(line)
    print(f"{len(failed)} failed" if failed else "all as it should be")
    return 1 if failed else 0


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


def _read_back() -> dict[str, Checks]:
    found = {"hl7apy": Checks(), "python-hl7": Checks()}
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, ChildService(Path(folder)) as service:
        check(service.mllp, found)
    packages = {"hl7apy": "hl7apy", "python-hl7": "hl7"}
    return {f"{name} as a reader ({version(packages[name])})": checks for name, checks in found.items()}


def _validate() -> Checks:
    checks = Checks()
    with tempfile.TemporaryDirectory(dir=BUILD) as place:
        folder = Path(place)
        with ChildService(folder) as service:
            send_fixtures(service)
            resources = served(service)
        check_resources(resources, folder, checks)
        check_validator(
            next(one for one in resources if "method" in one and "valueCodeableConcept" in one), folder, checks
        )
    return checks


def _try(trial: Trial) -> Checks:
    checks, since = Checks(), time.monotonic()
    try:
        check_plan(trial, checks)
    except PeerError as error:
        checks.take("each score once", trial.name, str(error))
    print(f"   {trial.name}: {time.monotonic() - since:.0f} s", file=sys.stderr, flush=True)
    return checks


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
