"""The resources of one body, and which of them a reference names: within the body alone, never by asking a server."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from adapter.fhir.node import Node
from adapter.fhir.resource import Resource
from adapter.fhir.shapes import IncomingError
from adapter.outcome import Problem

_NAME = re.compile(r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}")


class Address(NamedTuple):
    """A reference by a RESTful address: the server with a slash at its end, type and id, version; each may be empty."""

    base: str
    name: str
    version: str


def parsed(reference: str) -> Address | None:
    """Turn a reference into the address that it is; None for any other (``urn:uuid:``, a search)."""
    path, _, version = reference.partition("/_history/")
    base, name = path, ""
    for _ in range(2):
        base, _, part = base.rpartition("/")
        name = f"{part}/{name}" if name else part
    return Address(f"{base}/" if base else "", name, version) if _NAME.fullmatch(name) else None


@dataclass(frozen=True, eq=False)
class Entry:
    """A resource of the body: its full URL (empty where none is given), its path, and in whose ``contained`` it is."""

    resource: Resource
    full_url: str
    path: str
    holder: "Entry | None" = None

    @property
    def type(self) -> str:
        """Its resourceType."""
        return str(self.resource["resourceType"])

    @property
    def id(self) -> str:
        """Its id, empty where it has none."""
        return str(self.resource.get("id", ""))

    @property
    def version(self) -> str:
        """Its version on its server, empty where none is stated."""
        return str(self.resource.get("meta", {}).get("versionId", ""))

    @cached_property
    def base(self) -> str:
        """The address of its server with a slash at its end, as its full URL shows it; else empty."""
        address = parsed(self.full_url)
        return address.base if address and address.name == f"{self.type}/{self.id}" else ""

    @cached_property
    def node(self) -> Node:
        """The resource as an element, where paths begin."""
        return Node(self.resource, self.path, self.resource, self.type)


class Shelf:
    """Finds the resource that a reference names, by the rules of R4 (bundle, 2.36.4 Resolving references)."""

    def __init__(self, entries: Iterable[Entry], older: Iterable[Entry] = ()) -> None:
        """``entries`` are current, ``older`` are versions that only a reference to the version finds.

        Raises IncomingError for two current entries that are the same resource and differ.
        """
        self._urls: dict[str, Entry] = {}
        self._names: defaultdict[str, list[Entry]] = defaultdict(list)
        self._nowhere: defaultdict[str, list[Entry]] = defaultdict(list)
        self._older: dict[Address, Entry] = {}
        self._contained: dict[int, dict[str, Entry]] = {}
        self._of: dict[int, Entry] = {}
        for entry in entries:
            self._add(entry)
        for entry in older:
            self._know(entry)
            name = f"{entry.type}/{entry.id}"
            self._older |= {Address(base, name, entry.version): entry for base in ("", entry.base)}

    def _add(self, entry: Entry) -> None:
        self._know(entry)
        known = self._urls.setdefault(entry.full_url, entry) if entry.full_url else entry
        if known.resource != entry.resource:
            rule = "two entries are the same resource and differ"
            raise IncomingError(Problem.RESOURCE_INVALID, entry.path, rule)
        if known is entry:
            name = f"{entry.type}/{entry.id}"
            self._names[name].append(entry)
            if not entry.base:
                self._nowhere[name].append(entry)

    def _know(self, entry: Entry) -> None:
        inner = {f"{one.id or one.path}": one for one in contained(entry)}
        self._contained[id(entry.resource)] = inner
        self._of |= {id(one.resource): one for one in (entry, *inner.values())}

    def entry_of(self, resource: Resource) -> Entry:
        """Turn a resource of the body into its entry."""
        return self._of[id(resource)]

    def contained_in(self, entry: Entry) -> Iterable[Entry]:
        """Turn an entry into those that it contains, in their order."""
        return self._contained[id(entry.resource)].values()

    def find(self, reference: str, root: Resource) -> Entry | None:
        """Turn a reference that stands in a resource of the body into the entry it names; None when it is not here."""
        owner = self._of[id(root)]
        holder = owner.holder or owner
        if reference.startswith("#"):
            return self._contained[id(holder.resource)].get(reference[1:]) if reference != "#" else holder
        address = parsed(reference)
        if address is None:
            return self._urls.get(reference)
        found = self._named(address.base, address.name, holder)
        if address.version and (found is None or found.version != address.version):
            return self._older.get(address)
        return found

    def _named(self, base: str, name: str, owner: Entry) -> Entry | None:
        """An address as it stands; a name on the owner's own server, else the only resource of that name."""
        if base:
            return self._urls.get(base + name)
        if owner.base and owner.base + name in self._urls:
            return self._urls[owner.base + name]
        fitting = (self._nowhere if owner.base else self._names).get(name, [])
        return fitting[0] if len(fitting) == 1 else None

    def resolve(self, node: Node) -> Node | None:
        """Turn an element of type Reference into the resource that it names; None when that is not here."""
        reference = node.value.get("reference") if isinstance(node.value, dict) else node.value
        if not isinstance(reference, str):
            return None
        found = self.find(reference, node.root)
        return found.node if found else None


def contained(entry: Entry) -> Iterator[Entry]:
    """Turn an entry into those that it contains; raises IncomingError for one that is no resource."""
    for index, inner in enumerate(entry.resource.get("contained", ())):
        path = f"{entry.path}.contained[{index}]"
        yield Entry(checked_resource(inner, path), "", path, entry)


def checked_resource(value: object, path: str) -> Resource:
    """Turn what stands where a resource must be into the resource; raises IncomingError."""
    if not isinstance(value, dict) or not _is_type(value.get("resourceType")):
        raise IncomingError(Problem.RESOURCE_INVALID, path, "a resource with its resourceType is needed here")
    return value


def _is_type(name: object) -> bool:
    return isinstance(name, str) and name.isascii() and name.isalpha() and name[0].isupper() and len(name) <= 64
