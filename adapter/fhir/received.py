"""A parsed body as its entries: what stands in it now, what is an older version, what it says was deleted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapter.fhir.moments import parse_date_time
from adapter.fhir.resource import Element, Resource
from adapter.fhir.shapes import STRING, IncomingError, check_resource, check_shape
from adapter.fhir.shelf import Entry, checked_resource, contained
from adapter.outcome import Problem

PURPOSEFUL = frozenset({"collection", "document", "message", "transaction", "batch", "resource"})
"""Bundles whose sender put together what belongs together; the others are answers of a server."""

_ANSWERS = frozenset({"searchset", "history", "subscription-notification"})
_NOTIFICATION = ("notification-event", "focus")


@dataclass(slots=True)
class Received:
    """The entries of a body. ``older`` are versions of resources that the body also holds in a newer version."""

    kind: str
    entries: list[Entry] = field(default_factory=list)
    older: list[Entry] = field(default_factory=list)
    deleted: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def superseded(self) -> int:
        """How many of the older versions are reports."""
        return sum(entry.type == "DiagnosticReport" for entry in self.older)

    @property
    def is_purposeful(self) -> bool:
        """Did the sender put together what belongs together?"""
        return self.kind in PURPOSEFUL

    @property
    def header(self) -> Entry | None:
        """The MessageHeader, where it is a message."""
        return next((entry for entry in self.entries if entry.type == "MessageHeader"), None)


def received(body: Resource) -> Received:
    """Turn a parsed body into its entries; raises IncomingError for what is not R4's form of it."""
    if body.get("resourceType") == "DiagnosticReport":
        found = Received("resource", [Entry(body, "", "DiagnosticReport")])
    elif body.get("resourceType") == "Bundle":
        found = _of_bundle(body)
    else:
        rule = "a Bundle or a DiagnosticReport is taken here"
        raise IncomingError(Problem.MESSAGE_TYPE, "", rule)
    for entry in (*found.entries, *found.older):
        _check(entry)
    return found


def _check(entry: Entry) -> None:
    """Check a resource and those that it contains against the form of R4."""
    check_resource(entry.resource, entry.path)
    for inner in contained(entry):
        check_resource(inner.resource, inner.path)


def _of_bundle(bundle: Resource) -> Received:
    kind = bundle.get("type")
    if not isinstance(kind, str) or kind not in PURPOSEFUL | _ANSWERS or kind == "resource":
        raise IncomingError(Problem.RESOURCE_INVALID, "Bundle.type", "the Bundle's type is not one that is taken")
    found = Received(kind)
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise IncomingError(Problem.RESOURCE_INVALID, "Bundle.entry", "a list is needed here")
    sorted_out = _Sorting(found, is_history=kind in ("history", "subscription-notification"))
    for index, item in enumerate(entries):
        sorted_out.take(item, f"Bundle.entry[{index}]")
    found.deleted = tuple(sorted_out.deleted)
    found.named = tuple(_named(found, sorted_out.deleted))
    return found


class _Sorting:
    """Sorts the entries of a Bundle; of a history, which stands newest first, only the newest version is current."""

    def __init__(self, found: Received, *, is_history: bool) -> None:
        self.deleted: dict[str, None] = {}
        self._found = found
        self._is_history = is_history
        self._current: dict[str, int] = {}

    def take(self, item: Any, path: str) -> None:
        """Sort one entry."""
        check_shape(item, "object", path)
        if "fullUrl" in item:
            check_shape(item["fullUrl"], STRING, f"{path}.fullUrl")
        if "resource" in item:
            resource = checked_resource(item["resource"], f"{path}.resource")
            self._take(Entry(resource, item.get("fullUrl", "").strip(), f"{path}.resource"))
        elif "request" in item:
            self._delete(item["request"], f"{path}.request")

    def _delete(self, request: Any, path: str) -> None:
        check_shape(request, "object", path)
        if request.get("method") == "DELETE":
            check_shape(request.get("url"), STRING, f"{path}.url")
            name = request["url"].partition("?")[0]
            if self._is_history and name in self._current:
                return
            self.deleted[name] = None

    def _take(self, entry: Entry) -> None:
        name = f"{entry.type}/{entry.id}"
        if not self._is_history or not entry.id:
            self._found.entries.append(entry)
        elif name in self.deleted:
            self._found.older.append(entry)
        elif (name := entry.full_url or name) in self._current:
            self._take_version(entry, name)
        else:
            self._current[name] = self._current[f"{entry.type}/{entry.id}"] = len(self._found.entries)
            self._found.entries.append(entry)

    def _take_version(self, entry: Entry, name: str) -> None:
        """Servers differ in how they sort a history: where both versions state their time, that decides."""
        place = self._current[name]
        other = self._found.entries[place]
        times = _changed(entry), _changed(other)
        is_newer = times[0] is not None and times[1] is not None and times[0] > times[1]
        if is_newer:
            self._found.entries[place], entry = entry, other
        self._found.older.append(entry)


def _changed(entry: Entry) -> datetime | None:
    meta = entry.resource.get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        moment = parse_date_time(text if isinstance(text, str) else "").datetime
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _named(found: Received, deleted: dict[str, None]) -> Iterator[str]:
    """The reports that a notification's status (Parameters, SubscriptionStatus) speaks of and the body lacks."""
    here = {f"{entry.type}/{entry.id}" for entry in found.entries} | deleted.keys()
    for entry in found.entries:
        for reference in _focuses(entry):
            name = "/".join(reference.partition("/_history/")[0].split("/")[-2:])
            if name.startswith("DiagnosticReport/") and name not in here:
                yield reference


def _focuses(entry: Entry) -> Iterator[str]:
    node = entry.node
    events = list(node.children("notificationEvent"))
    for parameter in node.children("parameter"):
        if isinstance(parameter.value, dict) and parameter.value.get("name") == _NOTIFICATION[0]:
            parts = list(parameter.children("part"))
            wanted = [part for part in parts if isinstance(part.value, dict) and part.value.get("name") == "focus"]
            events += wanted
    for event in events:
        for focus in (*event.children("focus"), *event.children("value")):
            yield from _text(focus.value)


def _text(reference: Element | Any) -> Iterator[str]:
    if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
        yield reference["reference"]
