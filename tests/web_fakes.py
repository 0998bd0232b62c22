"""What stands around the HTTP side in its tests: a reader on a dict, a health that can fail, a client on a socket."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import aiohttp
from fhir_scores import RENDERING, SCORE_ID, score
from multidict import CIMultiDictProxy
from yarl import URL

from adapter.fhir.bundle import render_publication
from adapter.fhir.check import check
from adapter.fhir.json_text import from_json
from adapter.fhir.resource_filter import Page
from adapter.outcome import StoreUnavailableError
from adapter.web.application import build_app
from adapter.web.parts import WebParts
from adapter.web.server import WebServer

MRN_SYSTEM = "urn:oid:1.2.276.0.76.3.1.999"
JANE_KEY = "6a3bfc0e-5d53-5ac2-8f0f-3f1b1f6f2a01"
JOHN_KEY = "0b1d6c52-8f4e-5b7a-9c3d-7e2a4b6c8d02"
UPDATED = datetime(2026, 11, 20, 10, 0, 0, 500_000, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One served resource with what it is found by."""

    resource: dict
    patient: str = JANE_KEY
    starts: datetime = datetime(2026, 11, 12, 8, 30, tzinfo=UTC)
    ends: datetime = datetime(2026, 11, 19, 9, 5, tzinfo=UTC)
    updated: datetime = UPDATED


def versioned(resource, version="1", updated=UPDATED):
    """A resource as a server gives it out: with its version and the time of its last change."""
    written = updated.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return resource | {"meta": resource.get("meta", {}) | {"versionId": version, "lastUpdated": written}}


def entry(resource, **facts):
    updated = facts.get("updated", UPDATED)
    return Entry(versioned(resource, facts.pop("version", "1"), updated), **facts)


def publication(score_id=SCORE_ID, **facts):
    """All resources of one score of Jane's."""
    return [entry(resource, **facts) for resource in render_publication(score(id=score_id), RENDERING)]


def observation(number, *, value="123456", system=MRN_SYSTEM, status="preliminary", code="netpet-score", **facts):
    """A score Observation by number, its id saying which; made small, so that a test can have hundreds."""
    identifier = {"value": value} | ({"system": system} if system else {})
    return entry(
        {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": status,
            "code": {"coding": [{"system": OUR_TERMS, "code": code}]},
            "subject": {"type": "Patient", "identifier": identifier},
        },
        **facts,
    )


OUR_TERMS = "urn:oid:2.25.54930188285360043366174129075465106905.1"


class FakeReader:
    """Serves entries, newest first as given, by the rules that the filter's own docstring states."""

    def __init__(self, *entries):
        self.entries = list(entries)
        self.asked = []
        self.failure = None

    async def read_resource(self, type_, id_, /):
        self._fail()
        for one in self.entries:
            if (one.resource["resourceType"], one.resource["id"]) == (type_, id_):
                return one.resource
        return None

    async def search_resources(self, type_, filters, limit, offset, /):
        self._fail()
        self.asked.append((type_, filters, limit, offset))
        found = [one.resource for one in self.entries if one.resource["resourceType"] == type_ and _fits(one, filters)]
        return Page(len(found), tuple(found[offset : offset + limit]))

    def _fail(self):
        if self.failure:
            raise self.failure


def _fits(one, filters):
    resource = one.resource
    span = filters.effective
    codings = resource.get("code", {}).get("coding", [])
    identifiers = [resource["subject"]["identifier"]] if "subject" in resource else []
    return (
        (not filters.ids or resource["id"] in filters.ids)
        and (not filters.patients or one.patient in filters.patients)
        and (not filters.statuses or resource.get("status") in filters.statuses)
        and (not filters.codes or _has(filters.codes, codings, "code"))
        and (not filters.identifiers or _has(filters.identifiers, identifiers, "value"))
        and _within(one.starts, span.starts_from, span.starts_before)
        and _within(one.ends, span.ends_from, span.ends_before)
        and _within(one.updated, filters.updated_from, filters.updated_before)
    )


def _has(tokens, elements, name):
    return any(
        element[name] == token.value and (token.system is None or element.get("system", "") == token.system)
        for token in tokens
        for element in elements
    )


def _within(moment, first, before):
    return (first is None or moment >= first) and (before is None or moment < before)


class FakeHealth:
    """Writes, or fails as told."""

    def __init__(self, failure=None):
        self.failure = failure
        self.asked = 0

    async def check(self):
        self.asked += 1
        if self.failure:
            raise self.failure


FULL_DISK = StoreUnavailableError("the disk is full: make room")


class Told(list):
    """Every event with its facts, as they were told."""

    def __init__(self):
        super().__init__()
        self.something = asyncio.Event()

    def __call__(self, event, **facts):
        self.append((event, facts))
        self.something.set()

    def named(self, event):
        return [facts for name, facts in self if name == event]


def parts(*entries, **facts):
    plain = WebParts(FakeReader(*entries), FakeHealth(), "0.1.0", lambda: b"netpet_messages_total 3.0\n")
    return replace(plain, **facts)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy
    body: bytes

    @property
    def resource(self):
        """The body as a resource with its digits, after the promise that every answer of ours keeps: it is sound R4."""
        assert self.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
        resource = from_json(self.body)
        check(resource)
        return resource

    @property
    def ids(self):
        """The ids of the matches of a search, in their order."""
        assert self.status == 200, self.body
        return [one["resource"]["id"] for one in self.resource.get("entry", ()) if one["search"]["mode"] == "match"]

    @property
    def links(self):
        return {link["relation"]: link["url"] for link in self.resource["link"]}

    @property
    def issue(self):
        """The one issue of a refusal."""
        assert self.resource["resourceType"] == "OperationOutcome"
        (issue,) = self.resource["issue"]
        return issue


@dataclass
class Client:
    """A client on a real socket, as an EHR has one."""

    session: aiohttp.ClientSession
    address: tuple[str, int]

    @property
    def root(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    async def get(self, path, **facts):
        return await self.ask("GET", path, **facts)

    async def search(self, form, path="/fhir/Observation/_search", **facts):
        return await self.ask("POST", path, data=form, **facts)

    async def ask(self, method, path, **facts):
        # A URL goes out as the test wrote it: the client must not mend what is broken on purpose.
        url = path if path.startswith("http") else f"{self.root}{path}"
        async with self.session.request(method, URL(url, encoded=True), **facts) as response:
            return Answer(response.status, response.headers, await response.read())


@asynccontextmanager
async def serving(*entries, **facts):
    """Serve entries (or the given ``parts``) on a free port of this machine."""
    given = facts.pop("web", None) or parts(*entries, **facts)
    server = WebServer(build_app(given), ("127.0.0.1", 0), tell=given.tell)
    address = await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(session, address)
    finally:
        await server.stop()
