"""Where scores go in a trial: the service's own endpoint, or a FHIR server that is slow, dies and comes back."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import urlopen

from aiohttp import web
from fakes import FakeFhirServer

CODE = "netpet-score"
COMPARED = ("status", "code", "valueCodeableConcept", "dataAbsentReason", "effectivePeriod", "component")
"""What must agree, besides the identifier: ids, versions and references are the server's own."""

Scores = dict[str, list[Mapping[str, Any]]]
"""The identifier of each score -> what stands under it; more than one is one too many."""


def content(resource: Mapping[str, Any]) -> dict[str, Any]:
    """What of an Observation must agree, numbers as they are written."""
    kept = {name: resource[name] for name in COMPARED if name in resource}
    return json.loads(json.dumps(kept, default=float), parse_int=float)


def gathered(observations: list[Mapping[str, Any]]) -> Scores:
    """Turn Observations into the scores among them."""
    found: Scores = {}
    for one in observations:
        if any(coding["code"] == CODE for coding in one["code"]["coding"]):
            found.setdefault(one["identifier"][0]["value"], []).append(content(one))
    return found


def is_set_aside(resource: Mapping[str, Any]) -> bool:
    """A double that the service found and withdrew; servers that create without a condition cannot be spared it."""
    return resource.get("status") == "entered-in-error" and ".duplicate." in resource["identifier"][0]["value"]


def served(http: str) -> Scores:
    """Read every score from the service's own endpoint, page after page."""
    found: list[Mapping[str, Any]] = []
    address = f"{http}/fhir/Observation?code={CODE}&_count=100"
    while address:
        with urlopen(address, timeout=30) as answer:
            bundle = json.load(answer)
        found += [one["resource"] for one in bundle.get("entry", ()) if one["search"]["mode"] == "match"]
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    return gathered(found)


class FhirSide:
    """A FHIR server of one kind; what it holds outlives it. ``listeners`` hear of each write, before and after it."""

    def __init__(self, kind: str, chance: random.Random, slowest: float) -> None:
        self.server = FakeFhirServer(kind)
        self.listeners: list[Callable[[str], None]] = []
        self._chance = chance
        self._slowest = slowest
        self._port = 0

    async def __aenter__(self) -> "FhirSide":
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.die()

    async def start(self) -> None:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.server.base = f"http://127.0.0.1:{self._port}/fhir"

    async def die(self) -> None:
        await self._runner.cleanup()

    def _tell(self, moment: str) -> None:
        for tell in list(self.listeners):
            tell(moment)

    def recover(self) -> None:
        """Answer at once from now on."""
        self._slowest = 0.0

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET" or request.path.endswith("_search"):
            return await self.server.handle(request)
        await request.read()  # so that it is on its way even when the sender dies now
        self.server.log.clear()
        await asyncio.sleep(self._slowest * self._chance.random() ** 2)
        self._tell("before")
        answer = await asyncio.shield(self.server.handle(request))
        self._tell("after")
        return answer

    def scores(self) -> Scores:
        held = self.server.store.of_type("Observation")
        return gathered(held if self.server.store.conditions else [one for one in held if not is_set_aside(one)])

    def set_aside(self) -> int:
        """Count the doubles that the service withdrew."""
        return sum(map(is_set_aside, self.server.store.of_type("Observation")))

    def doubles(self) -> list[str]:
        """Identifiers of ours that more than one resource of a type bears."""
        seen: set[tuple[str, str]] = set()
        doubled = []
        for (kind, _id), resource in self.server.store.held.items():
            for identifier in resource.get("identifier", ()):
                key = (kind, identifier.get("value", ""))
                doubled += [f"{kind} {key[1]}"] if key in seen else []
                seen.add(key)
        return doubled
