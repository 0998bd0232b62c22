"""What a resource of ours is called: by type and our id here, by its identifier on a server that gives other ids."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from adapter.fhir.bundle import digest
from adapter.fhir.identity import OID_ROOT
from adapter.fhir.resource import Resource

Name = tuple[str, str]
"""Type and our id."""

_OURS = f"urn:oid:{OID_ROOT}."


def name_of(resource: Resource) -> Name:
    """Turn a resource of ours into its name."""
    return str(resource["resourceType"]), str(resource["id"])


def content_digest(resource: Resource) -> str:
    """Turn a resource, as we render it, into the digest that tells whether a server has it."""
    return digest((resource,))


def identifier_of(resource: Resource) -> tuple[str, str] | None:
    """Turn a resource into the identifier (system, value) that finds it: the first of ours; a Provenance has none."""
    for identifier in resource.get("identifier") or ():
        system, value = identifier.get("system"), identifier.get("value")
        if isinstance(system, str) and system.startswith(_OURS) and isinstance(value, str):
            return system, value
    return None


def references(resources: Iterable[Resource]) -> set[Name]:
    """Turn resources into the names that their literal references point to."""
    return {name for resource in resources for name in _walk(resource)}


def _walk(value: Any) -> Iterator[Name]:
    if isinstance(value, dict):
        name = _pointed_at(value)
        if name is not None:
            yield name
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        yield from _walk(item)


def _pointed_at(element: dict[str, Any]) -> Name | None:
    reference = element.get("reference")
    if not isinstance(reference, str):
        return None
    type_, slash, id_ = reference.partition("/")
    return (type_, id_) if slash and id_ else None


def readdressed(value: Any, resolve: Callable[[Name], str | None]) -> Any:
    """Turn a resource into one whose references are those of the server.

    Where ``resolve`` knows none, the logical reference beside it (the identifier) stays alone.
    """
    if isinstance(value, list | tuple):
        return [readdressed(item, resolve) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: readdressed(item, resolve) for key, item in value.items()}
    name = _pointed_at(value)
    if name is not None:
        reference = resolve(name)
        if reference is None:
            del found["reference"]
        else:
            found["reference"] = reference
    return found


def without_repeats(resources: Sequence[Resource]) -> list[Resource]:
    """Turn resources into the same ones, each name once: of two updates of one in a Bundle a server may lose one."""
    return list({name_of(resource): resource for resource in resources}.values())
