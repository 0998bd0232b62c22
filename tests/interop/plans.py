"""Every write plan against a server that is not ours: after random histories it holds each score once, as it should."""

import asyncio
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from exchange import Checks
from fhir_servers import FhirServer, free_port
from histories import Step, history
from toolchain import BUILD

from adapter.outbound.mllp_client import MllpClient, MllpClientError
from bench.child_service import ChildService

SETTLED_WITHIN = 240.0
OURS = "urn:oid:2.25.54930188285360043366174129075465106905.1|"
STANDING = ("status", "code", "valueCodeableConcept", "dataAbsentReason", "effectivePeriod")
"""What must agree, besides the components: a server writes ids, versions, references and narratives its own way."""

Scores = dict[str, list[dict[str, Any]]]
"""The identifier of each observation of ours -> what stands under it; more than one is one too many."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan to be tried: at which server, by whose ids, and the seeds of the histories."""

    make: Callable[[Path, int], FhirServer]
    plan: str
    identity: str
    seeds: Sequence[int]

    @property
    def name(self) -> str:
        """What the trial is called in the results."""
        return f"{self.plan}, {self.identity}, {self.make.__name__}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the service, less the server's address."""
        return {"NETPET_DESTINATION__PLAN": self.plan, "NETPET_DESTINATION__IDENTITY": self.identity}


def check_plan(trial: Trial, checks: Checks) -> None:
    """Run histories through the service with a plan's settings, and compare the server with a plain run beside it."""
    with tempfile.TemporaryDirectory(dir=BUILD) as place:
        folder = Path(place)
        expected = _plain(tuple(trial.seeds))
        server = trial.make(folder, free_port())
        with server:
            found = _run(folder / "service", server, trial, expected)
        _compare(found, expected, checks)


@cache
def _plain(seeds: tuple[int, ...]) -> Scores:
    """What the adapter itself serves after the same messages, nothing restarted, each sent once: once for all plans."""
    with tempfile.TemporaryDirectory(dir=BUILD) as folder, ChildService(Path(folder)) as service:
        for seed in seeds:
            sent: set[bytes] = set()
            for step in history(seed):
                if step.payload and step.payload not in sent:
                    send_message(service, step.payload)
                    sent.add(step.payload)
        return _at_rest(lambda: _scores(lambda path: json.loads(service.get(f"/fhir/{path}"))))


def _run(folder: Path, server: FhirServer, trial: Trial, expected: Scores) -> Scores:
    environment = {"NETPET_DESTINATION__FHIR_BASE_URL": server.base, **trial.settings}
    service = ChildService(folder, settings=environment)
    service.__enter__()
    try:
        for seed in trial.seeds:
            for step in history(seed):
                _take(step, service, server)
        return _until_equal(lambda: _scores(server.read), expected)
    finally:
        service.__exit__()


def _take(step: Step, service: ChildService, server: FhirServer) -> None:
    if step.kind == "adapter dies":
        service.kill()
        service.__enter__()
    elif step.kind == "server dies":
        server.kill()
        server.start()
    else:
        send_message(service, step.payload)


def send_message(service: ChildService, payload: bytes) -> None:
    """Send a message and hold the service to taking it; raises MllpClientError."""
    asyncio.run(_sent(service.mllp, payload))


async def _sent(address: tuple[str, int], payload: bytes) -> None:
    async with await MllpClient.connect(*address) as client:
        answer = await client.send(payload)
    if b"|AA|" not in answer:
        raise MllpClientError("a history's message was not accepted")


def _scores(read: Callable[[str], Any]) -> Scores:
    """Read every observation of ours from a server, page after page."""
    found: Scores = {}
    path = f"Observation?code={OURS}netpet-score&_count=100"
    while path:
        bundle = read(path)
        for entry in bundle.get("entry", ()):
            if entry.get("search", {}).get("mode", "match") == "match":
                found.setdefault(entry["resource"]["identifier"][0]["value"], []).append(_content(entry["resource"]))
        following = next((link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"), "")
        path = following.partition("/fhir/")[2] or (f"?{following.partition('?')[2]}" if following else "")
    return found


def _content(resource: dict[str, Any]) -> dict[str, Any]:
    """What of an observation must agree."""
    kept = {name: resource[name] for name in STANDING if name in resource}
    return kept | {"component": resource.get("component", [])}


def _at_rest(read: Callable[[], Scores]) -> Scores:
    """Read until nothing changes for three seconds."""
    before, since, until = read(), time.monotonic(), time.monotonic() + SETTLED_WITHIN
    while time.monotonic() - since < 3 and time.monotonic() < until:
        time.sleep(0.5)
        now = read()
        before, since = now, (since if now == before else time.monotonic())
    return before


def _until_equal(read: Callable[[], Scores], expected: Scores) -> Scores:
    """Read until the server says what is expected, or the time is over; then once more: it must stay so."""
    until = time.monotonic() + SETTLED_WITHIN
    found = read()
    while found != {name: [one[0]] for name, one in expected.items()} and time.monotonic() < until:
        time.sleep(1)
        found = read()
    time.sleep(2)
    return read()


def _compare(found: Scores, expected: Scores, checks: Checks) -> None:
    for name, contents in expected.items():
        held = found.get(name, [])
        checks.take("each score once", name, None if len(held) == 1 else f"{len(held)} at the server")
        same = len(held) == 1 and held[0] == contents[0]
        checks.take("as computed", name, None if same else _difference(held, contents[0]))
    surplus = set(found) - set(expected)
    checks.take("nothing else", "the server", f"{len(surplus)} more" if surplus else None)
    checks.take("something to compare", "scores", None if len(expected) > 5 else "too few scores: the check is idle")


def _difference(held: Sequence[Mapping[str, Any]], expected: Mapping[str, Any]) -> str:
    if not held:
        return "missing"
    differing = [name for name in expected if held[0].get(name) != expected[name]]
    statuses = Counter(str(one.get("status")) for one in held)
    return f"differs in {', '.join(differing)}; status {dict(statuses)} instead of {expected['status']}"
