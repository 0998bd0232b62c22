"""One segment as a view over its fields: a value is taken apart and unescaped when it is read, and not before."""

from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.escapes import unescape
from adapter.outcome import Place

HEADERS = frozenset({"MSH", "FHS", "BHS"})
"""Segments whose first field is the field separator itself."""

_NULL = '""'
_BEHIND_DELIMITERS = 3


def split(id: str, raw: str, encoding: Encoding) -> list[str]:  # noqa: A002  # the standard's word
    """Turn a segment's text into its fields; of a header the field separator is the first."""
    fields = raw.split(encoding.field)
    if id in HEADERS:
        fields.insert(1, encoding.field)
    return fields


class MessageError(FormatError):
    """The message, or one value of it, cannot be read."""


class Segment:
    """One segment: ``id``, ``sequence`` (its number among those of its id), raw ``fields``. All positions are 1-based.

    ``id`` is upper case; it is empty for a line that has none. ``fields[0]`` is what was sent for it.
    """

    __slots__ = ("charset", "encoding", "fields", "id", "sequence")

    def __init__(self, id: str, sequence: int, fields: list[str], encoding: Encoding, charset: str = "utf-8") -> None:  # noqa: A002  # the standard's word
        self.id = id
        self.sequence = sequence
        self.fields = fields
        self.encoding = encoding
        self.charset = charset

    @property
    def raw(self) -> str:
        """The segment as it was sent."""
        fields = [self.fields[0], *self.fields[2:]] if self.id in HEADERS else self.fields
        return self.encoding.field.join(fields)

    def __repr__(self) -> str:
        return f"Segment({self.id}[{self.sequence}])"

    @property
    def field_count(self) -> int:
        """The number of fields sent."""
        return len(self.fields) - 1

    def field(self, number: int) -> str:
        """The raw text of a field, all repetitions; empty when absent."""
        try:
            return self.fields[number]
        except IndexError:
            return ""

    def repetitions(self, number: int) -> tuple[str, ...]:
        """The raw text of each repetition; none when the field is empty."""
        text = self.field(number)
        if not text:
            return ()
        is_delimiters = number < _BEHIND_DELIMITERS and self.id in HEADERS
        return (text,) if is_delimiters else tuple(text.split(self.encoding.repetition))

    def value(self, number: int, repetition: int = 1, component: int = 1, subcomponent: int = 1) -> str:
        """The unescaped text of one subcomponent; empty when absent or null (``""``)."""
        text = self.field(number)
        if not text or (number < _BEHIND_DELIMITERS and self.id in HEADERS):
            return text
        encoding = self.encoding
        if encoding.repetition in text or repetition != 1:
            text = _nth(text, encoding.repetition, repetition)
        if encoding.component in text or component != 1:
            text = _nth(text, encoding.component, component)
        if encoding.subcomponent in text or subcomponent != 1:
            text = _nth(text, encoding.subcomponent, subcomponent)
        if encoding.escape in text:
            return unescape(text, encoding, self.charset)
        return "" if text == _NULL else text

    def components(self, number: int, repetition: int = 1) -> tuple[str, ...]:
        """The unescaped first subcomponents of one repetition; none when it is empty or null."""
        text = self.field(number)
        if number < _BEHIND_DELIMITERS and self.id in HEADERS:
            return (text,)
        if self.encoding.repetition in text or repetition != 1:
            text = _nth(text, self.encoding.repetition, repetition)
        return () if not text or text == _NULL else self.components_of(text)

    def components_of(self, raw: str) -> tuple[str, ...]:
        """The unescaped first subcomponents of a repetition's raw text."""
        encoding = self.encoding
        parts = raw.split(encoding.component)
        if encoding.escape in raw or _NULL in raw or encoding.subcomponent in raw:
            return tuple([self._plain(_nth(part, encoding.subcomponent, 1)) for part in parts])
        return tuple(parts)

    def is_null(self, number: int) -> bool:
        """Is the field explicitly null (``""``), which says delete, rather than absent, which says nothing?"""
        return self.field(number) == _NULL

    def text(self, raw: str) -> str:
        """Turn raw text of this segment into what it says, all escapes read."""
        return unescape(raw, self.encoding, self.charset)

    def place(self, number: int = 0, repetition: int = 0, component: int = 0) -> Place:
        """Name a position in this segment."""
        return Place(self.id, self.sequence, number, repetition, component)

    def _plain(self, raw: str) -> str:
        if self.encoding.escape in raw:
            return unescape(raw, self.encoding, self.charset)
        return "" if raw == _NULL else raw


class PlainSegment(Segment):
    """A segment in which nothing but fields and components stands: mostly that is so, and reading it costs less.

    Whoever makes one has seen that none of `special_marks` is in it, and that it is no header.
    """

    __slots__ = ()

    def value(self, number: int, repetition: int = 1, component: int = 1, subcomponent: int = 1) -> str:
        """The text of one subcomponent; empty when absent."""
        try:
            text = self.fields[number]
        except IndexError:
            return ""
        if repetition != 1 or subcomponent != 1:
            return ""
        if self.encoding.component in text or component != 1:
            return _nth(text, self.encoding.component, component)
        return text

    def components(self, number: int, repetition: int = 1) -> tuple[str, ...]:
        """The components of a field; none when it is empty."""
        try:
            text = self.fields[number]
        except IndexError:
            return ()
        return tuple(text.split(self.encoding.component)) if text and repetition == 1 else ()

    def repetitions(self, number: int) -> tuple[str, ...]:
        """The raw text of the field, if there is any."""
        text = self.field(number)
        return (text,) if text else ()

    def text(self, raw: str) -> str:
        """Raw text of this segment says what it is."""
        return raw


def special_marks(text: str, encoding: Encoding) -> tuple[str, ...]:
    """Turn a message's text into what may stand behind its MSH-2 besides fields and components."""
    start = len("MSH|" + encoding.characters)
    marks = (encoding.escape, encoding.repetition, encoding.subcomponent, _NULL[0])
    return tuple([mark for mark in marks if mark and text.find(mark, start) >= 0])


def _nth(text: str, delimiter: str, index: int) -> str:
    """The index-th part of a text, from 1; empty when there are fewer."""
    if not delimiter or delimiter not in text:
        return text if index == 1 else ""
    parts = text.split(delimiter, index)
    return parts[index - 1] if index <= len(parts) else ""
