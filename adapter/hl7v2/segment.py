"""One segment as a lazy view over its text: it splits on the first access, and a value is unescaped when it is read."""

from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.escapes import unescape
from adapter.outcome import Place

HEADERS = frozenset({"MSH", "FHS", "BHS"})
"""Segments whose first field is the field separator itself."""

_NULL = '""'


class MessageError(FormatError):
    """The message, or one value of it, cannot be read."""


class Segment:
    """One segment: ``id``, ``sequence`` (its number among those of its id), ``raw`` text. All positions are 1-based.

    ``id`` is upper case; it is empty for a line that has none.
    """

    __slots__ = ("_fields", "_is_plain", "charset", "encoding", "id", "raw", "sequence")

    def __init__(self, id: str, sequence: int, raw: str, encoding: Encoding, charset: str = "utf-8") -> None:  # noqa: A002  # the standard's word
        self.id = id
        self.sequence = sequence
        self.raw = raw
        self.encoding = encoding
        self.charset = charset
        self._fields: list[str] | None = None

    def __repr__(self) -> str:
        return f"Segment({self.id}[{self.sequence}])"

    def _split(self) -> list[str]:
        """Split into fields, and see once whether there is anything in them but components: mostly there is not."""
        raw, encoding = self.raw, self.encoding
        self._fields = fields = raw.split(encoding.field)
        if self.id in HEADERS:
            fields.insert(1, encoding.field)
        special = encoding.escape in raw or encoding.repetition in raw or encoding.subcomponent in raw or _NULL in raw
        self._is_plain = not special
        return fields

    @property
    def field_count(self) -> int:
        """The number of fields sent."""
        return len(self._fields or self._split()) - 1

    def field(self, number: int) -> str:
        """The raw text of a field, all repetitions; empty when absent."""
        fields = self._fields or self._split()
        return fields[number] if number < len(fields) else ""

    def repetitions(self, number: int) -> tuple[str, ...]:
        """The raw text of each repetition; none when the field is empty."""
        text = self.field(number)
        if not text:
            return ()
        return (text,) if self._is_delimiters(number) else tuple(text.split(self.encoding.repetition))

    def value(self, number: int, repetition: int = 1, component: int = 1, subcomponent: int = 1) -> str:
        """The unescaped text of one subcomponent; empty when absent or null (``""``)."""
        fields = self._fields or self._split()
        text = fields[number] if number < len(fields) else ""
        encoding = self.encoding
        if self._is_plain and repetition == subcomponent == 1:
            return _nth(text, encoding.component, component) if encoding.component in text or component != 1 else text
        if not text or self._is_delimiters(number):
            return text
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
        fields = self._fields or self._split()
        text = fields[number] if number < len(fields) else ""
        if self._is_plain and repetition == 1:
            return tuple(text.split(self.encoding.component)) if text else ()
        if self._is_delimiters(number):
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

    def _is_delimiters(self, number: int) -> bool:
        return number < 3 and self.id in HEADERS


def _nth(text: str, delimiter: str, index: int) -> str:
    """The index-th part of a text, from 1; empty when there are fewer."""
    if not delimiter or delimiter not in text:
        return text if index == 1 else ""
    parts = text.split(delimiter, index)
    return parts[index - 1] if index <= len(parts) else ""
