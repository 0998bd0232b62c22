"""A transaction Bundle: how each resource is asked for in it, and what its answer says of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from adapter.fhir.resource import Element, Resource
from adapter.outbound.answers import ServerAnswer, Verdict, classify, error_codes, id_in_location, server_answer
from adapter.outbound.plans.finding import Finder
from adapter.outbound.plans.naming import Name, name_of, readdressed
from adapter.outbound.plans.server import by_identifier


@dataclass(frozen=True, slots=True)
class EntryAnswer:
    """What the server says of one entry."""

    verdict: Verdict
    status: int
    server_id: str | None
    version: str | None


def transaction_bundle(finder: Finder, resources: Sequence[Resource]) -> Resource:
    """Turn resources into one transaction: an update by id where it is known, else by identifier, else a create."""
    inside = {name_of(resource) for resource in resources}
    entries = [_entry(finder, resource, inside) for resource in resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(finder: Finder, resource: Resource, inside: set[Name]) -> Element:
    def resolve(name: Name) -> str | None:
        """What is created in this Bundle has no address yet: it is named by its fullUrl."""
        return finder.address(name) or (_full_url(name) if name in inside else None)

    name = name_of(resource)
    address = finder.address(name)
    if address is None:
        body = {key: readdressed(value, resolve) for key, value in resource.items() if key != "id"}
        return {"fullUrl": _full_url(name), "resource": body, "request": _by_search(finder, resource)}
    body = {key: readdressed(value, resolve) for key, value in resource.items()}
    body["id"] = address.partition("/")[2]
    version = finder.places.of(name).version
    request = {"method": "PUT", "url": address} | ({"ifMatch": f'W/"{version}"'} if version else {})
    return {"fullUrl": f"{finder.server.base}/{address}", "resource": body, "request": request}


def _full_url(name: Name) -> str:
    """A score and its report have one id: only type and id together name a resource."""
    type_, its_id = name
    return f"urn:uuid:{uuid5(UUID(its_id), type_)}"


def _by_search(finder: Finder, resource: Resource) -> Element:
    type_, search = resource["resourceType"], by_identifier(resource)
    if search and finder.rules.conditional_update:
        return {"method": "PUT", "url": f"{type_}?{search}"}
    conditional = search and finder.rules.conditional_create
    return {"method": "POST", "url": type_} | ({"ifNoneExist": search} if conditional else {})


def is_atomic(answer: ServerAnswer) -> bool:
    """Did the server run it as a transaction? Some run a batch instead, in which no entry may name another."""
    return bool(answer.resource and answer.resource.get("type") == "transaction-response")


def entry_answers(answer: ServerAnswer, resources: Sequence[Resource]) -> list[EntryAnswer] | None:
    """Turn a response Bundle into one answer a resource, in their order; None where it is none, or not as many."""
    bundle = answer.resource or {}
    entries = bundle.get("entry")
    if bundle.get("resourceType") != "Bundle" or not isinstance(entries, list) or len(entries) != len(resources):
        return None
    pairs = zip(entries, resources, strict=True)
    return [_entry_answer(entry, resource["resourceType"]) for entry, resource in pairs]


def _entry_answer(entry: Any, type_: str) -> EntryAnswer:
    response = entry.get("response") if isinstance(entry, dict) else None
    response = response if isinstance(response, dict) else {}
    number = str(response.get("status", "")).strip()[:3]
    status = int(number) if number.isascii() and number.isdigit() else 0
    outcome = response.get("outcome")
    headers = {"etag": str(response.get("etag", ""))}
    location = str(response.get("location", ""))
    return EntryAnswer(
        classify(status, error_codes(outcome if isinstance(outcome, dict) else None)),
        status,
        id_in_location(location, type_),
        server_answer(status, headers, b"").version or _version_in(location),
    )


def _version_in(location: str) -> str | None:
    version = location.partition("/_history/")[2]
    return version if version and "/" not in version else None
