"""A table's lines cut into cells, and its header into named columns."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from adapter.mapping.codes import fold
from adapter.mapping.table_form import Column, TableRows
from adapter.mapping.text_lines import Line

Cutter = Callable[[str], list[str] | None]
"""Turns a line into its cells, without outer blanks; None where a column's border runs through a word."""

_BRACKETED = re.compile(r"(.*?)\s*[\[(]([^\[\]()]*)[\])]")
_RULE = re.compile(r"(?=.*[-=_]{3})[\s|+:;=_-]+")
_BLANKS = re.compile(r"\s+")


def is_ruled(text: str) -> bool:
    """Is the line a drawn one (``-----``, ``|---|---|``), which says nothing?"""
    return _RULE.fullmatch(text) is not None


def cutter(form: TableRows) -> Cutter:
    """Turn the form's separator into what cuts a line."""
    match form.separator:
        case "fixed":
            return _at(form.starts)
        case "spaces":
            return lambda text: re.split(r"\t|\s{2,}", text.strip())
        case "|":
            return _between_bars
    mark = "\t" if form.separator == "tab" else form.separator
    return lambda text: [cell.strip() for cell in text.split(mark)]


def _between_bars(text: str) -> list[str]:
    """A table drawn with bars has one at both ends of each line; they are its frame."""
    framed = text.strip()
    if len(framed) > 1 and framed[0] == framed[-1] == "|":
        framed = framed[1:-1]
    return [cell.strip() for cell in framed.split("|")]


def _at(starts: tuple[int, ...]) -> Cutter:
    """A column begins behind a blank: where a word runs on, the line is of another layout."""
    borders = [start - 1 for start in starts]

    def cut(text: str) -> list[str] | None:
        if text[: borders[0]].strip() or any(
            not text[border - 1 : border].isspace() for border in borders[1:] if len(text) > border
        ):
            return None
        ends = [*borders[1:], len(text)]
        return [text[border:end].strip() for border, end in zip(borders, ends, strict=True)]

    return cut


@dataclass(frozen=True, slots=True)
class Heading:
    """One cell of the header that is known: which column it heads, and the unit that it states."""

    name: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """A header found: of each cell its heading, None where the mapping knows no such column."""

    line: Line
    headings: tuple[Heading | None, ...]

    @property
    def names(self) -> list[str]:
        """The columns that it heads."""
        return [heading.name for heading in self.headings if heading]


class Columns:
    """The columns of a table by the names that head them."""

    def __init__(self, columns: dict[str, Column]) -> None:
        self._by_name = {_plain(text): name for name, column in columns.items() for text in column.names}
        self._units = {name: (column.unit,) if column.unit else () for name, column in columns.items()}
        self.required = frozenset(name for name, column in columns.items() if not column.optional)

    def header(self, line: Line, cells: list[str]) -> Header:
        """Turn a line's cells into what they would head."""
        return Header(line, tuple(self._heading(cell) for cell in cells))

    def _heading(self, cell: str) -> Heading | None:
        """A name may itself end in brackets; only behind one that is known without them, they hold the unit."""
        name = self._by_name.get(_plain(cell))
        if name is not None:
            return Heading(name, self._units[name])
        bracketed = _BRACKETED.fullmatch(cell)
        name = self._by_name.get(_plain(bracketed[1])) if bracketed else None
        if bracketed is None or name is None:
            return None
        return Heading(name, (bracketed[2].strip(),) if bracketed[2].strip() else self._units[name])


def _plain(text: str) -> str:
    return fold(_BLANKS.sub(" ", text))


def words_at_start(text: str) -> Iterator[str]:
    """Turn a cell into what it says, whole and before a colon: ``Total: 3`` is ``total: 3`` and ``total``."""
    yield _plain(text)
    yield _plain(text.partition(":")[0])
