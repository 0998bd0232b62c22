"""What a report reaches in its body: the resources it references, and those that they reference in turn."""

from collections import deque
from collections.abc import Iterator, Sequence

from adapter.fhir.patient_links import linked_references
from adapter.fhir.received import Received
from adapter.fhir.resource import Element
from adapter.fhir.shelf import Entry, Shelf
from adapter.fhir.unit import Missing, Unit

_FOLLOWED = frozenset({"DiagnosticReport", "Observation", "ServiceRequest", "ImagingStudy", "Procedure", "Patient"})
"""Whose references are followed; of a Patient only those to records of the same person, others lead away."""

_RESULTS = {"DiagnosticReport": ("result",), "Observation": ("hasMember",)}
_NEEDED = {"DiagnosticReport": ("subject", "basedOn", "imagingStudy"), "Patient": ("link",)}
"""What a fetcher is to find where the body lacks it: what is reported, and what identifies patient and study."""


def units_of(reports: Sequence[Entry], found: Received, sent: bytes | None) -> tuple[Unit, ...]:
    """Turn reports of a body into the units of each and all that it reaches; ``sent`` are the bytes of a single one.

    Raises IncomingError for two entries that are the same resource and differ.
    """
    shelf = Shelf(found.entries, found.older)
    reaches = [_Reach(shelf).follow(report) for report in reports]
    reached = set().union(*(reach.seen for reach in reaches))
    free = [one for one in found.entries if one.type == "Observation" and id(one) not in reached]
    loose = free if found.is_purposeful else []
    return tuple(
        Unit(
            report,
            tuple(reach.entries),
            tuple(_results(report, shelf)),
            (*loose, *reach.unseen_within()),
            tuple(reach.missing),
            shelf,
            found.header,
            sent,
        )
        for report, reach in zip(reports, reaches, strict=True)
    )


def _results(report: Entry, shelf: Shelf) -> Iterator[Entry]:
    """The Observations that the report names as results, and those that they name as members, each once."""
    seen: set[int] = set()
    waiting = deque([report])
    while waiting:
        entry = waiting.popleft()
        for name in _RESULTS[entry.type]:
            for node in entry.node.children(name):
                found = shelf.resolve(node)
                member = shelf.entry_of(found.root) if found else None
                if member is not None and member.type == "Observation" and id(member) not in seen:
                    seen.add(id(member))
                    waiting.append(member)
                    yield member


class _Reach:
    """Follows references from resource to resource, each once; another report is never followed."""

    def __init__(self, shelf: Shelf) -> None:
        self.entries: list[Entry] = []
        self.missing: list[Missing] = []
        self._shelf = shelf
        self.seen: set[int] = set()

    def follow(self, start: Entry) -> "_Reach":
        """Take the entry and all that it reaches, nearest first."""
        self._take(start)
        waiting = deque([start])
        while waiting:
            entry = waiting.popleft()
            for reference, path in _leading_on(entry):
                target = self._target(reference, path, entry)
                if target is not None and self._take(target) and target.type in _FOLLOWED:
                    waiting.append(target)
        return self

    def unseen_within(self) -> Iterator[Entry]:
        """The contained Observations of what was reached that nothing references."""
        for entry in self.entries:
            for inner in self._shelf.contained_in(entry):
                if inner.type == "Observation" and id(inner) not in self.seen:
                    yield inner

    def _take(self, entry: Entry) -> bool:
        """Is it new? What is contained comes with its holder, and is only followed."""
        if id(entry) in self.seen:
            return False
        self.seen.add(id(entry))
        if entry.holder is None:
            self.entries.append(entry)
        return True

    def _target(self, reference: str, path: str, owner: Entry) -> Entry | None:
        found = self._shelf.find(reference, owner.resource)
        if found is not None:
            return None if found.type == "DiagnosticReport" else found
        element = path.removeprefix(f"{owner.path}.").partition("[")[0]
        is_result = element in _RESULTS.get(owner.type, ())
        if is_result or element in _NEEDED.get(owner.type, ()):
            self.missing.append(Missing(reference, path, is_result))
        return None


def _leading_on(entry: Entry) -> Iterator[tuple[str, str]]:
    look = linked_references if entry.type == "Patient" else _references
    return look(entry.resource, entry.path)


def _references(element: Element, path: str) -> Iterator[tuple[str, str]]:
    """The References in a resource, at any depth; those in what it contains are its contained resources' own."""
    for name, value in element.items():
        if name == "contained":
            continue
        for index, item in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(item, dict):
                at = f"{path}.{name}" if index is None else f"{path}.{name}[{index}]"
                if isinstance(item.get("reference"), str):
                    yield item["reference"], at
                else:
                    yield from _references(item, at)
