"""Notes which parts of a mapping a message touched, and where in the message: for coverage and preview, never at work.

A plan compiled without a watch knows nothing of it. Parts are named by their path in the mapping file
(`loader.Path`): ``("lesion", "suv", 0)`` is the first rule of the SUV, ``("tables", "calls", "10828004^Positive^SCT")``
an entry, ``("header", "acquired", 0)`` a position of the header.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from adapter.hl7v2.datatypes import Value
from adapter.hl7v2.message import Segment
from adapter.mapping.codes import Key, Systems
from adapter.mapping.form import Header
from adapter.mapping.form import Mapping as Form
from adapter.mapping.loader import Path
from adapter.mapping.paths import Position, Requirement, Scope
from adapter.mapping.tables import CodeTable
from adapter.outcome import NOWHERE, Place

_HEADER_LISTS = ("accession", "order", "acquired", "issued")


@dataclass(frozen=True, slots=True)
class Touch:
    """One part of the mapping that was used, and the place in the message that it was used on (NOWHERE: not told)."""

    part: Path
    place: Place = NOWHERE


@dataclass(slots=True)
class Watch:
    """What a plan's reading touched so far, in order; `clear` begins anew."""

    touches: list[Touch] = field(default_factory=list)

    def clear(self) -> None:
        """Forget what was touched."""
        self.touches.clear()

    @property
    def parts(self) -> frozenset[Path]:
        """The parts touched at least once."""
        return frozenset(touch.part for touch in self.touches)

    def given(self, facts: Mapping[str, Iterable[tuple[Any, object, Any, int]]]) -> None:
        """Note the rule behind each value that was given for a fact: (reader, value, segment, field)."""
        for values in facts.values():
            for reader, _, segment, number in values:
                place = segment.place(number)
                if reader.component:
                    place = replace(place, component=reader.component)
                self.touches.append(Touch((*reader.name.split("."), reader.rank), place))

    def study(self, scope: Scope, mapping: Form, rows: Iterable[Any]) -> None:
        """Note the positions that the header was read from, and each row that does not say what it is."""
        self._header(scope, mapping.header)
        self.bare_rows(mapping, rows)

    def bare_rows(self, mapping: Form, rows: Iterable[Any]) -> None:
        """Note each row that does not say what it is, and which rule then speaks for it."""
        saying = (index for index, rule in enumerate(mapping.lesion.nature) if rule.absent)
        for index in itertools.islice(saying, 1):
            bare = (row.first.place() for row in rows if "nature" not in row.facts)
            self.touches += [Touch(("lesion", "nature", index, "absent"), place) for place in bare]

    def _header(self, scope: Scope, header: Header) -> None:
        """Who the patient is, how the report stands, and of each list the first position that is valued."""
        single = ((("header", "patient"), "PID-3"), (("header", "status"), header.status.field))
        for part, path in single:
            self._position(scope, part, path)
        for name in _HEADER_LISTS:
            any(
                self._position(scope, ("header", name, index), path) for index, path in enumerate(getattr(header, name))
            )

    def _position(self, scope: Scope, part: Path, path: str) -> bool:
        position = Position.of(path)
        segment = scope.segment(position.segment)
        if segment is None or not position.text(segment):
            return False
        self.touches.append(Touch(part, segment.place(position.field)))
        return True

    def table(self, entries: Mapping[Key, Path], missed: Path) -> "Looking":
        """Turn a table's entries, with their paths, and the path of what stands for all others, into what is told."""
        return lambda keys: self._looked_up(entries, missed, keys)

    def _looked_up(self, entries: Mapping[Key, Path], missed: Path, keys: Iterable[Key]) -> None:
        found = [entries[key] for key in keys if key in entries]
        self.touches += [Touch(part) for part in found or [missed]]


class WatchedRequirement(Requirement):
    """A condition that tells on which field it was fulfilled."""

    def __init__(self, path: str, wanted: Iterable[str], systems: Systems, told: tuple[Watch, Path]) -> None:
        super().__init__(path, wanted, systems)
        self._watch, self._part = told

    def holds_in(self, segment: Segment) -> bool:
        """Does any repetition of the segment's field fulfil it?"""
        holds = super().holds_in(segment)
        if holds:
            self._watch.touches.append(Touch(self._part, segment.place(self.position.field)))
        return holds


Looking = Callable[[Iterable[Key]], None]
"""Is told the keys that were looked up in a table."""


class WatchedTable(CodeTable):
    """A code table that tells which keys were looked for."""

    def __init__(self, meanings: Mapping[Key, object], systems: Systems, own: frozenset[str], looking: Looking) -> None:
        super().__init__(meanings, systems, own)
        self._looking = looking

    def find(self, value: Value) -> object:
        """Turn a value into its meaning, as every table does."""
        found = super().find(value)
        self._looking(self._keys(value))
        return found
