"""One element of a received resource, with where it stands: the value, its type where the name tells, and its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapter.fhir.resource import Element, Resource

Json = Element | list[Any] | str | bool | int | Decimal | None

CHOICES = frozenset({"value", "effective", "occurrence", "performed", "medication", "deceased"})
"""Elements that R4 writes with their type in the name (``valueQuantity``), of the resources that are read here."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element of ``root``, the resource it stands in. ``type`` is that of a resource, or of a choice element.

    ``path`` is where it stands in the body, in FHIRPath, which counts from 0: ``Bundle.entry[3].resource.status``.
    """

    value: Any
    path: str
    root: Resource
    type: str = ""

    def children(self, name: str) -> Iterator["Node"]:
        """Turn a member's name into its elements: each of a list, or the one; a choice by its name without type."""
        if not isinstance(self.value, dict):
            return
        if name in self.value:
            yield from self._each(name, self.value[name], "")
        elif name in CHOICES:
            for key, type_name in choice(self.value, name):
                yield from self._each(key, self.value[key], type_name)

    def _each(self, key: str, value: Json, type_name: str) -> Iterator["Node"]:
        path = f"{self.path}.{key}"
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield Node(item, f"{path}[{index}]", self.root, type_name)
        elif value is not None:
            yield Node(value, path, self.root, type_name)


def choice(element: Element, name: str) -> list[tuple[str, str]]:
    """Turn an element and the name of a choice into its keys, each with the type that stands in it."""
    start = len(name)
    return [
        (key, key[start].lower() + key[start + 1 :] if key[start:] in _PRIMITIVES else key[start:])
        for key in element
        if key.startswith(name) and key[start : start + 1].isupper()
    ]


_PRIMITIVES = frozenset(
    {"Boolean", "Integer", "String", "Decimal", "Uri", "Url", "Canonical", "Code", "Id", "Oid", "Uuid", "Instant"}
    | {"Date", "DateTime", "Time", "Base64Binary", "Markdown", "PositiveInt", "UnsignedInt"}
)
"""Types whose names begin with a small letter, as they stand in a choice element's name."""
