"""Rows that stand in a table inside a text: its header found by name, each line a row, or the message held."""

from collections.abc import Iterator, Sequence

from adapter.mapping.codes import fold
from adapter.mapping.errors import ExtractionError
from adapter.mapping.table_form import TableRows
from adapter.mapping.table_layout import Columns, Header, cutter, is_ruled, words_at_start
from adapter.mapping.text_lines import MAX_LINES, Cell, Line, TextReading, TextRow
from adapter.outcome import Problem


class TableReader:
    """Reads the tables of one mapping; ``holds_unused``: a column that no rule knows holds the message."""

    def __init__(self, form: TableRows, *, holds_unused: bool) -> None:
        self._cut = cutter(form)
        self._columns = Columns(form.columns)
        self._key = form.key
        self._empty = frozenset(map(fold, form.empty)) | {""}
        self._summary = frozenset(map(fold, form.summary))
        self._end = tuple(map(fold, form.end))
        self._holds_unused = holds_unused

    def read(self, lines: Sequence[Line]) -> TextReading:
        """Turn the lines of one group's table into its rows; raises ExtractionError."""
        if len(lines) > MAX_LINES:
            raise lines[MAX_LINES].unreadable("more lines than any report's table has")
        told = [line for line in lines if not line.is_blank and not is_ruled(line.text)]
        if not told:
            raise lines[0].unreadable("the text is empty, where a table was expected")
        start, header = self._header(told)
        table = _Table(header, self._key, TextReading(notes=list(self._unused(header))))
        table.reading.leave("unread", self._before(told[:start], header))
        self._read_rows(told[start + 1 :], table)
        return table.reading

    def _header(self, lines: Sequence[Line]) -> tuple[int, Header]:
        """The first line that heads every column that must be there."""
        best: Header | None = None
        for index, line in enumerate(lines):
            header = self._columns.header(line, self._cut(line.text) or [])
            if self._columns.required <= set(header.names):
                return index, _without_doubles(header)
            best = header if best is None or len(header.names) > len(best.names) else best
        raise self._without_header(lines[0], best)

    def _before(self, lines: Sequence[Line], header: Header) -> Sequence[Line]:
        """The lines above the header; one that is cut as it is may be a row, and belongs below it."""
        count = len(header.headings)
        for line in lines:
            if count > 1 and len(self._cut(line.text) or ()) == count:
                raise line.unreadable("a row stands above the table's header")
        return lines

    def _without_header(self, first: Line, best: Header | None) -> ExtractionError:
        found = set(best.names) if best else set()
        missing = ", ".join(sorted(self._columns.required - found))
        line = best.line if best and found else first
        return line.unreadable(f"no line heads every column of the table; the nearest lacks {missing}")

    def _unused(self, header: Header) -> Iterator[str]:
        for number, heading in enumerate(header.headings, start=1):
            if heading is None and self._holds_unused:
                raise header.line.held(Problem.CODE_UNKNOWN, f"no rule reads column {number}")
            if heading is None:
                yield f"unused column {number} {header.line.obx.place(5)}"

    def _read_rows(self, lines: Sequence[Line], table: "_Table") -> None:
        for index, line in enumerate(lines):
            if fold(line.text).startswith(self._end):
                table.reading.leave("unread", lines[index:])
                break
            self._read_row(line, table)

    def _read_row(self, line: Line, table: "_Table") -> None:
        cells = self._cut(line.text)
        first = next((cell for cell in cells or [line.text] if cell), "")
        if not self._summary.isdisjoint(words_at_start(first)):
            table.reading.leave("summary row", [line])
            return
        if cells is None:
            raise line.unreadable("a word stands across the border of two columns")
        if self._columns.header(line, cells).headings == table.header.headings:
            raise line.unreadable("the table's header stands here a second time")
        table.add(line, [cell if fold(cell) not in self._empty else "" for cell in cells])


def _without_doubles(header: Header) -> Header:
    names = header.names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise header.line.held(Problem.VALUE_CONFLICT, f"two columns are headed as {', '.join(twice)}")
    return header


class _Table:
    """A table under way: its header, and what its lines gave."""

    def __init__(self, header: Header, key: str | None, reading: TextReading) -> None:
        self.header = header
        self.reading = reading
        self._key = key
        self._keys: set[str] = set()

    def add(self, line: Line, cells: list[str]) -> None:
        """Take one line as a row."""
        headings = self.header.headings
        if len(cells) != len(headings):
            raise line.unreadable(f"the row has {len(cells)} cells, and the header {len(headings)}")
        named = {
            heading.name: Cell(cell, heading.units)
            for heading, cell in zip(headings, cells, strict=True)
            if heading and cell
        }
        self.reading.rows.append(TextRow(self._row_key(line, named), line, named))

    def _row_key(self, line: Line, cells: dict[str, Cell]) -> str:
        if self._key is None:
            return str(len(self.reading.rows) + 1)
        key = cells[self._key].text if self._key in cells else ""
        if not key:
            raise line.held(Problem.FIELD_MISSING, "a row without its key")
        if key in self._keys:
            raise line.held(Problem.VALUE_CONFLICT, "two rows have one key")
        self._keys.add(key)
        return key
