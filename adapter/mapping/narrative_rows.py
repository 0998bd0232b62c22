"""Rows that are read from prose: whole lines of named sections by the mapping's patterns; all else is listed unread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import re2

from adapter.mapping.codes import Systems
from adapter.mapping.narrative_form import NarrativeRows, Statement
from adapter.mapping.narrative_sections import Sections, Walk, is_heading
from adapter.mapping.rules import ROW_GROUP, compiled
from adapter.mapping.text_lines import Cell, Line, TextReading, TextRow
from adapter.outcome import Problem

MAX_CHARACTERS = 12_000
MAX_LINES = 300
"""Of the sections that are read: several times the longest report of a PET, and 10 ms for the dearest pattern."""

LONGEST_LINE = 500
"""A longer line is no single statement, and is not read."""

_SENTENCE_ENDS = (".", ":", ";", "!", "?")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern ready for use: RE2 tries a line without its groups first, which is many times cheaper."""

    test: Any
    expression: Any

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Turn a pattern of the form into one that can be asked."""
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 20
        options.never_capture = True
        return cls(re2.compile(text, options), compiled(text))

    def groups(self, text: str) -> dict[str, str] | None:
        """Turn a line that matches as a whole into its named parts that are there; None when it does not."""
        if not self.test.fullmatch(text):
            return None
        found = self.expression.fullmatch(text).groupdict()
        return {name: part.strip() for name, part in found.items() if part and part.strip()}

    def is_in(self, text: str) -> bool:
        """Does it match anywhere in the line?"""
        return self.test.search(text) is not None


@dataclass(frozen=True, slots=True)
class _Reading:
    """A statement of the mapping, ready for use."""

    sections: frozenset[str]
    pattern: Pattern
    is_row: bool
    is_named: bool


Match = tuple[_Reading, dict[str, str]]
"""The statement that a line makes, and its named parts."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with the section it stands in, its text without the heading before it, and what it states."""

    line: Line
    section: str | None
    text: str
    match: Match | None


class NarrativeReader:
    """Reads the prose of one mapping."""

    def __init__(self, form: NarrativeRows, systems: Systems) -> None:
        self._readings = tuple(_reading(one, form) for one in form.patterns)
        self._read_sections = frozenset(name for one in self._readings for name in one.sections)
        self._row_sections = frozenset(name for one in self._readings if one.is_row for name in one.sections)
        self._negations = tuple(map(Pattern.of, form.negations))
        self._ignored = tuple(map(Pattern.of, form.ignored))
        self._sections = Sections(form, systems)

    def read(self, lines: Sequence[Line]) -> TextReading:
        """Turn the prose of one group into the rows and facts that it states; raises ExtractionError."""
        placed = [one for one in self._placed(lines) if one.text]
        reading = TextReading()
        for index, one in enumerate(placed):
            if one.match is None:
                self._leave(one, reading)
            elif self._is_negated(index, placed):
                reading.leave("negated", [one.line])
                reading.is_partly_unread = True
            else:
                reading.rows.append(_row(one.line, *one.match, reading))
        return reading

    def _placed(self, lines: Sequence[Line]) -> Iterator[_Placed]:
        """Follow the sections; what no pattern reads and looks like a heading begins one that is not known."""
        walk, characters, count = Walk(self._sections), 0, 0
        for line in lines:
            section, text = walk.enter(line)
            match = None
            if section in self._read_sections and text:
                characters, count = characters + len(text), count + 1
                if characters > MAX_CHARACTERS or count > MAX_LINES:
                    raise line.unreadable("more prose than any report has")
                match = self._match(section, text)
            if match is None and is_heading(text):
                walk.leave()
                section = None
            yield _Placed(line, section, text, match)

    def _match(self, section: str, text: str) -> Match | None:
        """The first pattern that matches the line as a whole."""
        for reading in self._readings if len(text) <= LONGEST_LINE else ():
            groups = reading.pattern.groups(text) if section in reading.sections else None
            if groups is not None:
                return reading, groups
        return None

    def _leave(self, one: _Placed, reading: TextReading) -> None:
        """A line that is not read may speak of tumour, but not in a section that is named and holds no rows."""
        is_short = len(one.text) <= LONGEST_LINE
        if is_short and any(pattern.groups(one.text) is not None for pattern in self._ignored):
            reading.leave("ignored", [one.line])
            return
        reading.leave("unread", [one.line])
        if one.section is None or one.section in self._row_sections:
            reading.is_partly_unread = True

    def _is_negated(self, index: int, placed: list[_Placed]) -> bool:
        """A negation counts in the line, and in the sentence that runs into it or out of it."""
        one, sentence = placed[index], [placed[index].text]
        if index and placed[index - 1].match is None and not placed[index - 1].text.endswith(_SENTENCE_ENDS):
            sentence.append(placed[index - 1].text[-LONGEST_LINE:])
        behind = placed[index + 1].text if index + 1 < len(placed) else ""
        if behind[:1].islower() and not one.text.endswith(_SENTENCE_ENDS):
            sentence.append(behind[:LONGEST_LINE])
        return any(pattern.is_in(part) for part in sentence for pattern in self._negations)


def _reading(one: Statement, form: NarrativeRows) -> _Reading:
    sections = frozenset(one.sections or form.sections)
    return _Reading(sections, Pattern.of(one.pattern), one.row is not None, ROW_GROUP in one.groups)


def _row(line: Line, statement: _Reading, groups: dict[str, str], so_far: TextReading) -> TextRow:
    cells = {name: Cell(text) for name, text in groups.items()}
    if not statement.is_row:
        return TextRow("", line, cells)
    if not statement.is_named:
        return TextRow(str(sum(bool(row.key) for row in so_far.rows) + 1), line, cells)
    if ROW_GROUP not in groups:
        raise line.held(Problem.FIELD_MISSING, "a row without its key")
    return TextRow(groups[ROW_GROUP], line, cells)
