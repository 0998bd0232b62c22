"""The text of observations as lines, each with the place it stands at, and what reading rows from lines gives."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from adapter.hl7v2.message import Segment
from adapter.mapping.errors import ExtractionError
from adapter.outcome import Problem

TEXT_TYPES = frozenset({"ft", "tx", "st"})
"""OBX-2 of what is text, folded; a picture or a document under the same code is listed."""

NULL = '""'
"""A field that is deleted, not one that holds two quotes (v2.5 section 2.5.3)."""

MAX_LINES = 2_000
"""No report has as many; beyond it stands an accident."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an OBX-5: its text without outer blanks at the end, and its number in the OBX, from 1."""

    obx: Segment
    number: int
    text: str

    @property
    def is_blank(self) -> bool:
        """Does nothing stand there?"""
        return not self.text.strip()

    @property
    def where(self) -> str:
        """The line, for a person."""
        return f"line {self.number}"

    def held(self, problem: Problem, rule: str) -> ExtractionError:
        """Turn what is wrong with the line into the error that holds the message."""
        return ExtractionError(problem, self.obx.place(5), f"rows: {rule}").within(self.where)

    def unreadable(self, rule: str) -> ExtractionError:
        """Turn what the line should have been into the error that holds the message."""
        return self.held(Problem.VALUE_UNREADABLE, rule)


def lines_of(obx: Segment) -> Iterator[Line]:
    r"""Turn OBX-5 into its lines: a repetition, ``\.br\`` and a line feed each end one."""
    repetitions = (obx.text(raw) for raw in obx.repetitions(5) if raw != NULL)
    lines = (line for text in repetitions for line in text.split("\n"))
    for number, line in enumerate(lines, start=1):
        yield Line(obx, number, line.rstrip())


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of a line: its text, and the units that the text itself is headed with."""

    text: str
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextRow:
    """What one line says of one row, cell by cell; without ``key`` it speaks of the whole report."""

    key: str
    line: Line
    cells: Mapping[str, Cell]


Left = tuple[str, Line]
"""A line that gave no row, and what it was: ``unread``, ``summary row``, ``negated``."""


@dataclass(slots=True)
class TextReading:
    """What lines gave: their rows, and the lines that gave none, of which each is listed with what it was.

    ``notes`` are what else was seen. ``is_partly_unread``: a line that may have spoken of tumour was not understood.
    """

    rows: list[TextRow] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_partly_unread: bool = False

    def leave(self, was: str, lines: Iterable[Line]) -> None:
        """List lines that gave no row."""
        self.left += [(was, line) for line in lines]

    def listed(self, silent: Collection[int]) -> tuple[str, ...]:
        """The notes, with one line an OBX and kind; the OBX that are ``silent`` as a whole are listed elsewhere."""
        told = sorted((line.obx.sequence, was, line.number) for was, line in self.left)
        runs = groupby((one for one in told if one[0] not in silent), itemgetter(0, 1))
        return (*self.notes, *(f"{was} OBX[{obx}]-5: {_lines(run)}" for (obx, was), run in runs))


def _lines(run: Iterable[tuple[int, str, int]]) -> str:
    numbers = [number for _, _, number in run]
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(_spans(numbers))}"


def _spans(numbers: Iterable[int]) -> Iterator[str]:
    """Turn rising numbers into ``3``, ``7..12``."""
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield str(members[0]) if len(members) == 1 else f"{members[0]}..{members[-1]}"


class TextReader(Protocol):
    """Reads rows from the lines of one group's texts."""

    def read(self, lines: Sequence[Line]) -> TextReading:
        """Turn lines, in order, into their rows; raises ExtractionError for what cannot be read with certainty."""
        ...
