"""What the lines of texts state becomes facts of the report and of its rows; a line that gives none is listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adapter.hl7v2.datatypes import Text
from adapter.hl7v2.message import Segment
from adapter.mapping.codes import fold
from adapter.mapping.errors import ExtractionError
from adapter.mapping.gathered import Facts, Gathered, Row, give
from adapter.mapping.measures import NOT_A_NUMBER
from adapter.mapping.origin import Origin
from adapter.mapping.readers import Reader
from adapter.mapping.text_lines import Cell, TextReader, TextRow, lines_of
from adapter.outcome import Problem

MAX_CHARACTERS = 200_000
"""Of all texts of one study: ten times the longest report; what is longer is not even cut into lines."""


@dataclass(frozen=True, slots=True)
class TextFacts:
    """How one mapping reads texts: what makes rows of lines, and the readers of each cell, by level.

    ``report`` and ``lesion`` are cell -> readers. ``lists_silent``: a text that gives nothing is listed as prose.
    """

    reader: TextReader
    report: Mapping[str, Sequence[Reader]] = field(default_factory=dict)
    lesion: Mapping[str, Sequence[Reader]] = field(default_factory=dict)
    lists_silent: bool = False


def take_texts(plan: TextFacts, texts: Sequence[Segment], gathered: Gathered) -> None:
    """Turn the texts of one group into what they state, added to what was gathered; raises ExtractionError."""
    if sum(len(obx.field(5)) for obx in texts) > MAX_CHARACTERS:
        place = texts[0].place(5)
        raise ExtractionError(Problem.VALUE_UNREADABLE, place, "rows: more text than any report has")
    reading = plan.reader.read([line for obx in texts for line in lines_of(obx)])
    for one in reading.rows:
        facts = _facts_of(one, gathered)
        for name, cell in one.cells.items():
            for reader in (plan.lesion if one.key else plan.report).get(name, ()):
                _convert(reader, cell, one, facts, gathered)
    speaking = {one.line.obx.sequence for one in reading.rows}
    silent = {obx.sequence for obx in texts} - speaking if plan.lists_silent else set()
    gathered.narrative += sorted(silent)
    gathered.mapped += sorted({obx.sequence for obx in texts} - silent)
    gathered.notes.extend(reading.listed(silent))
    gathered.is_partly_unread = reading.is_partly_unread


def _facts_of(one: TextRow, gathered: Gathered) -> Facts:
    if not one.key:
        return gathered.report
    row = gathered.rows.get(one.key)
    if row is None:
        row = gathered.rows[one.key] = Row(one.line.obx, {}, number=5, where=one.line.where)
    return row.facts


def _convert(reader: Reader, cell: Cell, one: TextRow, facts: Facts, gathered: Gathered) -> None:
    """What is said of the value is said with its line."""
    notes = gathered.notes
    before = len(notes)
    origin = Origin(one.line.obx, 5, gathered.trace, cell.units)
    text = NOT_A_NUMBER if reader.is_suv and fold(cell.text) == NOT_A_NUMBER else cell.text
    try:
        value = reader.convert(Text(text), origin)
    except ExtractionError as error:
        raise error.within(one.line.where) from None
    notes[before:] = [f"{note} ({one.line.where})" for note in notes[before:]]
    give(facts, reader, value, one.line.obx, 5)


def by_cell(readers: Iterable[Reader]) -> dict[str, list[Reader]]:
    """Turn readers into those of each cell."""
    found: dict[str, list[Reader]] = {}
    for reader in readers:
        if reader.cell is not None:
            found.setdefault(reader.cell, []).append(reader)
    return found
