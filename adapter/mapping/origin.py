"""A value with the place it was found at: what is tolerated is noted there, what is not holds the message there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from adapter.hl7v2.datatypes import Coded, Number, Text, Value
from adapter.hl7v2.message import Segment
from adapter.mapping.errors import ExtractionError
from adapter.mapping.tables import interval_text
from adapter.outcome import Place, Problem


@dataclass(frozen=True, slots=True)
class Trace:
    """What reading one group leaves behind: its notes, and each OBX-6 by its raw text, read once."""

    notes: list[str] = field(default_factory=list)
    units: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Located(Protocol):
    """A part of a message that can name a place in itself: a segment, or an element of a resource."""

    def place(self, number: int = 0, repetition: int = 0, component: int = 0) -> Place:
        """Name a position in it."""
        ...


@dataclass(slots=True)
class Origin:
    """The segment (or element) and field of a value; what is tolerated there is added to the trace.

    Not frozen: one is made for every observation, and a frozen one costs three times as much.
    """

    segment: Located
    number: int
    trace: Trace
    stated: tuple[str, ...] | None = None
    """The units where the value says them itself (the header of its column, FHIR); None: OBX-6 does."""

    @property
    def unit_field(self) -> int:
        """The number of the field in which the unit stands, or is missing."""
        return 6 if self.stated is None else self.number

    @property
    def place(self) -> Place:
        """The position, for a person."""
        return self.segment.place(self.number)

    def place_of(self, value: Value) -> Place:
        """The position of a value there: of a code its first component."""
        return self.segment.place(self.number, component=1) if isinstance(value, Coded) else self.place

    def note(self, said: str, name: str, number: int = 0) -> None:
        """Add what was tolerated, where (another field of the segment may be named), and for which fact."""
        self.trace.notes.append(f"{said} {self.segment.place(number or self.number)}: {name}")

    def units(self) -> tuple[str, ...]:
        """Turn OBX-6 into its units: the code or else the text, and the alternate code; no other segment has any."""
        if self.stated is not None:
            return self.stated
        if not isinstance(self.segment, Segment) or self.segment.id != "OBX":
            return ()
        raw, known = self.segment.field(6), self.trace.units
        if raw not in known:
            code, text, _, alternate, *_ = (*self.segment.components(6), "", "", "", "")
            known[raw] = tuple(unit.strip() for unit in (code or text, alternate) if unit.strip())
        return known[raw]

    def unreadable(self, name: str, said: object) -> ExtractionError:
        """Turn what a value should have been into the error that holds the message."""
        return ExtractionError(Problem.VALUE_UNREADABLE, self.place, f"{name}: {said}")


Converter = Callable[[Value, Origin], object]
"""Turns a value into a fact's value or LEFT_OUT; raises ExtractionError."""


def text_of(value: Value) -> str:
    """Turn a value into the text that it is; raises ValueError for what is none."""
    if isinstance(value, Text):
        return value.text.strip()
    if isinstance(value, Coded):
        return (value.code or value.text).strip()
    if isinstance(value, Number):
        return interval_text(value.interval)
    raise ValueError("it is text, a code or a number")
