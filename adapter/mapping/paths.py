"""Positions in a message, and the conditions that a mapping sets on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from adapter.hl7v2.datatypes import Coded, Text
from adapter.hl7v2.message import Message, Segment
from adapter.hl7v2.oru import ObservationGroup
from adapter.mapping.codes import Key, Systems, fold

_IN_GROUPS = frozenset({"ORC", "OBR", "OBX"})


class Scope:
    """What a rule can see: of each segment id the one of the study being read, never that of another group."""

    __slots__ = ("_segments", "message")

    def __init__(self, message: Message, pid: Segment | None = None, group: ObservationGroup | None = None) -> None:
        """``group`` is the study's own; what stands before the message's first order belongs to all."""
        before = takewhile(lambda segment: segment.id not in _IN_GROUPS, message.segments)
        own = (group.orc, group.obr, *group.others) if group else ()
        self.message = message
        self._segments: dict[str, Segment] = {}
        for segment in (*own, pid, *before):
            if segment is not None:
                self._segments.setdefault(segment.id, segment)

    def segment(self, name: str) -> Segment | None:
        """The first segment of that id which belongs to the study."""
        return self._segments.get(name)


@dataclass(frozen=True, slots=True)
class Position:
    """A parsed path (``OBR-4.1``); ``component`` 0 is the whole field."""

    segment: str
    field: int
    component: int = 0
    subcomponent: int = 1

    @staticmethod
    @lru_cache(maxsize=512)
    def of(path: str) -> "Position":
        """Turn a path of the form into a position; the paths are those of the mappings."""
        segment, _, rest = path.partition("-")
        return Position(segment, *map(int, rest.split(".")))

    def text(self, segment: Segment, repetition: int = 1) -> str:
        """The unescaped text at this position; of a whole field its first component."""
        return segment.value(self.field, repetition, self.component or 1, self.subcomponent).strip()

    def value(self, segment: Segment) -> Coded | Text | None:
        """The value at this position: a whole field as a code with its alternates, a component as text."""
        if self.component:
            text = self.text(segment)
            return Text(text) if text else None
        codings = [coding for coding in codings_of(segment, self.field) if coding.code or coding.text]
        return Coded(codings[0].code, codings[0].text, codings[0].system, tuple(codings[1:])) if codings else None


def codings_of(segment: Segment, field: int, repetition: int = 1) -> tuple[Coded, Coded]:
    """Turn a coded field into its coding and its alternate one (components 1-3 and 4-6), each perhaps empty."""
    code, text, system, other, other_text, other_system, *_ = (*segment.components(field, repetition), *[""] * 6)
    return Coded(code, text, system), Coded(other, other_text, other_system)


class Requirement:
    """One condition: a value at a position is among those named; without position in the message it does not hold."""

    def __init__(self, path: str, wanted: Iterable[str], systems: Systems) -> None:
        self.position = Position.of(path)
        self._systems = systems
        self._words = frozenset(fold(entry) for entry in wanted if "^" not in entry)
        self._keys: frozenset[Key] = frozenset(systems.key_of(entry) for entry in wanted if "^" in entry)

    def holds_anywhere(self, message: Message) -> bool:
        """Does any segment of the message fulfil it? A text that stands in many of them is looked at once."""
        number, seen = self.position.field, set()
        for segment in message.all(self.position.segment):
            text = segment.field(number)
            if text not in seen:
                seen.add(text)
                if self.holds_in(segment):
                    return True
        return False

    def holds(self, scope: Scope, obx: Segment | None = None) -> bool:
        """Does the study being read fulfil it, or the observation?"""
        segment = obx if self.position.segment == "OBX" else scope.segment(self.position.segment)
        return segment is not None and self.holds_in(segment)

    def holds_in(self, segment: Segment) -> bool:
        """Does any repetition of the segment's field fulfil it?"""
        count = len(segment.repetitions(self.position.field))
        return any(self._holds_at(segment, repetition) for repetition in range(1, count + 1))

    def _holds_at(self, segment: Segment, repetition: int) -> bool:
        if self._words and fold(self.position.text(segment, repetition)) in self._words:
            return True
        if not self._keys:
            return False
        codings = codings_of(segment, self.position.field, repetition)
        keys = [self._systems.key(coding.code, coding.system) for coding in codings if coding.code]
        return any(key in self._keys or ("", key[1]) in self._keys for key in keys)
