"""What of a resource a server did not keep: the paths of the elements that are gone or changed, never their values."""

from collections.abc import Iterator
from typing import Any

from adapter.fhir.resource import Resource

_SERVERS_OWN = frozenset({"id", "text"})
"""The server may give the id, and may write the narrative anew."""


def dropped_elements(theirs: Resource, ours: Resource) -> list[str]:
    """Turn a resource as read back and the one as sent into the paths that differ (``Observation.component[3]``)."""
    return list(dict.fromkeys(_differences(theirs, ours, str(ours["resourceType"]))))


def _differences(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key not in _SERVERS_OWN:
                yield from _member(theirs, key, value, f"{path}.{key}")
    elif isinstance(ours, list | tuple) and isinstance(theirs, list):
        if len(theirs) < len(ours):
            yield f"{path} ({len(theirs)} of {len(ours)})"
        for place, (held, value) in enumerate(zip(theirs, ours, strict=False)):
            yield from _differences(held, value, f"{path}[{place}]")
    elif theirs != ours:
        yield path


def _member(theirs: dict[str, Any], key: str, ours: Any, path: str) -> Iterator[str]:
    """A server writes references in its own way, and adds profiles and labels; gone is gone."""
    if key not in theirs:
        yield path
    elif path.endswith((".meta.profile", ".meta.security", ".meta.tag")):
        if any(one not in theirs[key] for one in ours):
            yield path
    elif key != "reference":
        yield from _differences(theirs[key], ours, path)
