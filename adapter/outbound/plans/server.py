"""The FHIR server as the plans see it: what it allows, what it holds, each question with its answer understood."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from adapter.delivery import Answer, DeliveryError
from adapter.fhir.identity import DEVICE_SYSTEM
from adapter.fhir.json_text import to_json
from adapter.fhir.resource import Resource
from adapter.fhir.terminology import PROVENANCE_PROFILE
from adapter.outbound.answers import ServerAnswer, Verdict, refusal, safe_id, verdict_of
from adapter.outbound.fhir_client import FhirClient, Request
from adapter.outbound.plans.naming import identifier_of

SEARCHED_AT_ONCE = 25
"""Identifiers in one search; it keeps the URL below 4 kB, which every proxy takes."""
_MOST_FOUND = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """What the server allows. ``client_ids``: it takes our ids; ``max_entries`` None: a transaction of any size."""

    client_ids: bool = False
    conditional_create: bool = False
    conditional_update: bool = False
    max_entries: int | None = None
    provenance: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """One resource found at the server."""

    server_id: str
    version: str | None
    updated: str
    resource: Resource


def by_identifier(resource: Resource) -> str | None:
    """Turn a resource into the search that finds it and nothing else (``identifier=...``), None where there is none."""
    identifier = identifier_of(resource)
    return None if identifier is None else f"identifier={quote('|'.join(identifier), safe=':')}"


class FhirServer:
    """Asks and writes; raises DeliveryError for answers that are neither yes nor no."""

    def __init__(self, client: FhirClient) -> None:
        self._client = client

    @property
    def base(self) -> str:
        """The base address."""
        return self._client.base

    async def send(
        self, method: str, path: str, resource: Resource | None = None, headers: Mapping[str, str] | None = None
    ) -> ServerAnswer:
        """Send a resource and give the answer; raises DeliveryError for what a later attempt may change."""
        body = None if resource is None else to_json(resource)
        answer = await self._client.send(Request(method, path, body=body, headers=headers))
        if verdict_of(answer) in (Verdict.TRANSIENT, Verdict.AUTH):
            raise refusal(answer)
        return answer

    async def read(self, type_: str, server_id: str) -> Match | None:
        """Read one resource back; None when the server has it no more."""
        answer = await self.send("GET", f"{type_}/{server_id}")
        if verdict_of(answer) is Verdict.GONE:
            return None
        if verdict_of(answer) is not Verdict.OK or (answer.resource or {}).get("resourceType") != type_:
            raise refusal(answer, "a resource could not be read back")
        resource = answer.resource or {}
        return Match(server_id, answer.version, _updated(resource), resource)

    async def find(self, resources: Sequence[Resource]) -> dict[tuple[str, str], list[Match]]:
        """Find resources of ours: identifier -> what the server holds under it, the oldest first."""
        found: dict[tuple[str, str], list[Match]] = {}
        for type_ in sorted({resource["resourceType"] for resource in resources}):
            wanted = [identifier_of(resource) for resource in resources if resource["resourceType"] == type_]
            named = [identifier for identifier in wanted if identifier is not None]
            for start in range(0, len(named), SEARCHED_AT_ONCE):
                found |= await self._find_named(type_, named[start : start + SEARCHED_AT_ONCE])
        return found

    async def _find_named(
        self, type_: str, identifiers: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], list[Match]]:
        """What a server finds without our identifier in it (it may not know the parameter) is not ours."""
        matches = await self._search(type_, {"identifier": ",".join("|".join(one) for one in identifiers)})
        return {one: [match for match in matches if _has(match.resource, one)] for one in identifiers}

    async def find_provenance(self, target: str) -> list[Match]:
        """Find our Provenance of an Observation (``Observation/<server id>``), the oldest first."""
        matches = await self._search("Provenance", {"target": target})
        return [match for match in matches if _is_ours(match.resource, target)]

    async def search_by_form(self, type_: str, query: Mapping[str, str]) -> list[Match]:
        """Find resources of others by values of theirs, which no log of addresses may hold; the caller checks each."""
        form = urlencode({**query, "_count": str(_MOST_FOUND)}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-cache"}
        request = Request("POST", f"{type_}/_search", body=form, headers=headers)
        return _matches(type_, await self._client.send(request))

    async def _search(self, type_: str, query: Mapping[str, str]) -> list[Match]:
        request = Request("GET", type_, {**query, "_count": str(_MOST_FOUND)})
        return _matches(type_, await self._client.send(request))


def _matches(type_: str, answer: ServerAnswer) -> list[Match]:
    """All that was found, on one page: what is not seen must not be taken for what is not there."""
    bundle = answer.resource or {}
    if verdict_of(answer) is not Verdict.OK or bundle.get("resourceType") != "Bundle":
        raise refusal(answer, f"a search for {type_} was not answered with a Bundle")
    if any(link.get("relation") == "next" for link in _objects(bundle.get("link"))):
        raise DeliveryError(Answer(answer.status, rule=f"a search for {type_} found more than fits a page"))
    found = [_match(entry.get("resource"), type_) for entry in _objects(bundle.get("entry"))]
    return sorted((match for match in found if match), key=lambda match: (match.updated, match.server_id))


def _match(resource: Any, type_: str) -> Match | None:
    if not isinstance(resource, dict) or resource.get("resourceType") != type_:
        return None
    server_id = safe_id(resource.get("id"))
    return Match(server_id, _meta(resource, "versionId"), _updated(resource), resource) if server_id else None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _meta(resource: Resource, key: str) -> str | None:
    meta = resource.get("meta")
    value = meta.get(key) if isinstance(meta, dict) else None
    return value if isinstance(value, str) else None


def _updated(resource: Resource) -> str:
    return _meta(resource, "lastUpdated") or ""


def _has(resource: Resource, identifier: tuple[str, str]) -> bool:
    return any((one.get("system"), one.get("value")) == identifier for one in _objects(resource.get("identifier")))


def _is_ours(provenance: Resource, target: str) -> bool:
    """Others, and some servers by themselves, write a Provenance of our Observation too."""
    meta = provenance.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    agents = [agent.get("who") for agent in _objects(provenance.get("agent"))]
    identifiers = [who.get("identifier") for who in agents if isinstance(who, dict)]
    ours = any(isinstance(one, dict) and one.get("system") == DEVICE_SYSTEM for one in identifiers)
    targets: Iterable[Any] = (one.get("reference") for one in _objects(provenance.get("target")))
    points = any(isinstance(one, str) and one.partition("/_history/")[0].endswith(target) for one in targets)
    return points and (ours or (isinstance(profiles, list) and PROVENANCE_PROFILE in profiles))
