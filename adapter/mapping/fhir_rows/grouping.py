"""Which Observations make up one lesion: by their code, by what they name as members, or by a key they share."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from adapter.fhir.node import Node
from adapter.fhir.shelf import Entry
from adapter.fhir.unit import Unit
from adapter.mapping.fhir_rows.elements import codes_of, unreadable
from adapter.mapping.fhir_rows.plan import FhirPlan
from adapter.outcome import Problem


@dataclass(slots=True)
class Grouping:
    """The row of each Observation, by the identity of its entry; one that has none speaks of the whole report.

    ``roots`` are the Observations that are rows, or begin one; ``lesions`` those of them that are a row by their code:
    when such a one is retracted, so is all of its row.
    """

    rows: dict[int, str] = field(default_factory=dict)
    roots: set[int] = field(default_factory=set)
    lesions: dict[str, Entry] = field(default_factory=dict)

    def row_of(self, entry: Entry) -> str | None:
        """Turn an Observation into the key of its row."""
        return self.rows.get(id(entry))


def grouped(unit: Unit, plan: FhirPlan) -> Grouping:
    """Turn a unit's Observations into their rows; raises ExtractionError where one belongs to two.

    A row is called by the id of its Observation, else by its number among them; by the key, where it has one.
    """
    found = Grouping()
    observations = unit.observations
    for number, entry in enumerate(observations, start=1):
        _add_root(entry, number, _key(entry, unit, plan), plan, found)
    if plan.rows.members:
        for entry in observations:
            if id(entry) in found.roots:
                _add_members(entry, unit, found)
    return found


def _add_root(entry: Entry, number: int, key: str | None, plan: FhirPlan, found: Grouping) -> None:
    """Two Observations that are lesions by their code are two rows: their names must differ."""
    is_lesion = plan.is_lesion(codes_of(entry.resource.get("code", {}).get("coding", ())))
    if key is None and not is_lesion:
        return
    row = key or entry.id or str(number)
    if is_lesion and found.lesions.setdefault(row, entry) is not entry:
        raise unreadable(entry.path, "two lesions of the report have the same id or key", Problem.VALUE_CONFLICT)
    found.rows[id(entry)] = row
    found.roots.add(id(entry))


def _key(entry: Entry, unit: Unit, plan: FhirPlan) -> str | None:
    """The text at the mapping's key, or the reference there; None where the Observation has none."""
    if plan.key is None:
        return None
    found = {text for node in plan.key.find([entry.node], unit.resolve) for text in _texts(node)}
    if len(found) > 1:
        raise unreadable(entry.path, "rows.key: the Observation has two keys", Problem.VALUE_CONFLICT)
    return found.pop() if found else None


def _texts(node: Node) -> Iterator[str]:
    value = node.value
    if isinstance(value, dict):
        value = value.get("reference", value.get("value"))
    if isinstance(value, str) and value.strip():
        yield value.strip()


def _add_members(root: Entry, unit: Unit, found: Grouping) -> None:
    """Follow hasMember downwards; an Observation that is a row of its own is not taken into another."""
    row = found.rows[id(root)]
    waiting = [root]
    while waiting:
        entry = waiting.pop()
        for node in entry.node.children("hasMember"):
            target = unit.resolve(node)
            member = unit.shelf.entry_of(target.root) if target else None
            if member is None or member.type != "Observation" or id(member) in found.roots:
                continue
            if id(member) not in found.rows:
                found.rows[id(member)] = row
                waiting.append(member)
            elif found.rows[id(member)] != row:
                raise unreadable(member.path, "the Observation is a member of two lesions", Problem.VALUE_CONFLICT)
