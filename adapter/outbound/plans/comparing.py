"""Does what a server holds say what we sent? Compared element by element, since servers add some of their own."""

from decimal import Decimal
from typing import Any

from adapter.fhir.resource import Resource

_SERVERS_OWN = frozenset({"id", "text"})
"""The server may give the id, and may write the narrative anew."""


def says(theirs: Resource, ours: Resource) -> bool:
    """Turn a resource as read from a server and the one as sent into whether all that was sent is there."""
    return all(
        _meta(theirs.get(key), value) if key == "meta" else _same(theirs.get(key), value)
        for key, value in ours.items()
        if key not in _SERVERS_OWN
    )


def _meta(theirs: Any, ours: dict[str, Any]) -> bool:
    """Profiles and labels are sets that a server may add to."""
    found = theirs if isinstance(theirs, dict) else {}
    wanted = [(found.get(key), value) for key, values in ours.items() for value in _listed(values)]
    return all(any(_same(one, value) for one in _listed(held)) for held, value in wanted)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _same(theirs: Any, ours: Any) -> bool:
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(_member(theirs, key, value) for key, value in ours.items())
    if isinstance(ours, list | tuple):
        return (
            isinstance(theirs, list)
            and len(theirs) == len(ours)
            and all(_same(*pair) for pair in zip(theirs, ours, strict=True))
        )
    if isinstance(ours, Decimal | int) and not isinstance(ours, bool):
        return isinstance(theirs, Decimal | int) and not isinstance(theirs, bool) and theirs == ours
    return bool(theirs == ours)


def _member(theirs: dict[str, Any], key: str, ours: Any) -> bool:
    if key == "reference" and isinstance(ours, str):
        return _same_address(theirs.get(key), ours)
    return _same(theirs.get(key), ours)


def _same_address(theirs: Any, ours: str) -> bool:
    """A server may write a reference with its base address or a version; a ``urn:uuid:`` it has replaced."""
    if not isinstance(theirs, str):
        return False
    if ours.startswith("urn:uuid:"):
        return True
    return theirs.partition("/_history/")[0].endswith(ours)
