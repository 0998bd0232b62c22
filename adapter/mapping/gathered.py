"""What one OBR group's observations say, under way from segments to a report: facts, rows, and every line listed."""

from dataclasses import dataclass, field

from adapter.hl7v2.oru import Standing
from adapter.mapping.facts import LEFT_OUT
from adapter.mapping.origin import Located, Trace
from adapter.mapping.readers import Reader

Given = tuple[Reader, object, Located, int]
"""One value given for one fact: who read it, the value, and the segment (or element) and field in which it stands."""

Facts = dict[str, list[Given]]


@dataclass(slots=True)
class Row:
    """One row under way: what its OBX gave so far; ``first`` is the first of them.

    ``number`` is the field in which it is named, ``where`` the line there, if it is the line of a text.
    """

    first: Located
    groups: dict[str, str]
    facts: Facts = field(default_factory=dict)
    number: int = 4
    where: str = ""


@dataclass(slots=True)
class Gathered:
    """All that one group's observations say. Each observation is in exactly one of the five lists.

    ``withdrawn`` holds a retracted tracer: it says no more of the patient, but which study no longer stands.
    ``is_partly_unread``: prose that may speak of tumour was not understood.
    """

    report: Facts = field(default_factory=dict)
    withdrawn: Facts = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    standings: set[Standing] = field(default_factory=set)
    trace: Trace = field(default_factory=Trace)
    mapped: list[int] = field(default_factory=list)
    retracted: list[int] = field(default_factory=list)
    without_value: list[int] = field(default_factory=list)
    narrative: list[int] = field(default_factory=list)
    unused: list[int] = field(default_factory=list)
    is_partly_unread: bool = False

    @property
    def notes(self) -> list[str]:
        """What was tolerated, in order."""
        return self.trace.notes

    @property
    def accounted(self) -> int:
        """How many observations are in the lists."""
        lists = (self.mapped, self.retracted, self.without_value, self.narrative, self.unused)
        return sum(map(len, lists))

    @property
    def carries_facts(self) -> bool:
        """Does the group state a fact, or take one back?"""
        return bool(self.mapped or self.retracted)

    @property
    def is_all_retracted(self) -> bool:
        """Did the group state facts, every one of which no longer stands?"""
        return bool(self.retracted) and not self.mapped

    def listed(self) -> tuple[str, ...]:
        """The notes, with one line a kind for the observations that gave no fact."""
        kinds = (("retracted", self.retracted), ("no value", self.without_value), ("narrative", self.narrative))
        lines = [f"{kind} {_spans(numbers)}" for kind, numbers in kinds if numbers]
        return (*dict.fromkeys(self.notes), *lines, *(f"unused OBX[{number}]" for number in self.unused))


def _spans(numbers: list[int]) -> str:
    """Turn segment numbers into ``OBX[3], OBX[7..12]``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join(f"OBX[{'..'.join(map(str, span))}]" for span in spans)


def give(facts: Facts, reader: Reader, value: object, segment: Located, number: int) -> None:
    """Add a value for the reader's fact, with the place it was found at; what is left out is none."""
    if value is not LEFT_OUT:
        facts.setdefault(reader.fact, []).append((reader, value, segment, number))
