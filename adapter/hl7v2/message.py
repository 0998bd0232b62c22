"""A message as lazy views over its text: a segment splits on its first access, a value is unescaped when it is read.

Nothing is dropped: Z segments, segments and fields that the version does not know, lines without a segment id are all
kept where they stood, each with a line in `Message.deviations`.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from adapter.hl7v2.deviations import Deviation
from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.escapes import unescape, unread_escapes
from adapter.hl7v2.tables import VERSIONS, field_counts
from adapter.outcome import Place, Problem

HEADERS = frozenset({"MSH", "FHS", "BHS"})
"""Segments whose first field is the field separator itself."""

_NULL = '""'
_ID = re.compile(r"[A-Z][A-Z0-9]{2}")


class MessageError(FormatError):
    """The message, or one value of it, cannot be read."""


class Segment:
    """One segment: ``id``, ``sequence`` (the how manieth of its id, from 1), ``raw`` text. All positions are 1-based.

    ``id`` is upper case; it is empty for a line that has none.
    """

    __slots__ = ("_fields", "charset", "encoding", "id", "raw", "sequence")

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
        fields = self.raw.split(self.encoding.field)
        if self.id in HEADERS:
            fields.insert(1, self.encoding.field)
        self._fields = fields
        return fields

    def __len__(self) -> int:
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
        text = self.field(number)
        if not text or self._is_delimiters(number):
            return text
        encoding = self.encoding
        text = _nth(text, encoding.repetition, repetition)
        text = _nth(text, encoding.component, component)
        text = _nth(text, encoding.subcomponent, subcomponent)
        return "" if text == _NULL else self.text(text)

    def components(self, number: int, repetition: int = 1) -> tuple[str, ...]:
        """The unescaped first subcomponents of one repetition; none when it is empty or null."""
        text = self.field(number)
        if not self._is_delimiters(number):
            text = _nth(text, self.encoding.repetition, repetition)
        if not text or text == _NULL:
            return ()
        count = 1 if self._is_delimiters(number) else text.count(self.encoding.component) + 1
        return tuple(self.value(number, repetition, component) for component in range(1, count + 1))

    def is_null(self, number: int) -> bool:
        """Is the field explicitly null (``""``), which says delete, rather than absent, which says nothing?"""
        return self.field(number) == _NULL

    def text(self, raw: str) -> str:
        """Turn raw text of this segment into what it says, all escapes read."""
        return unescape(raw, self.encoding, self.charset)

    def place(self, number: int = 0, repetition: int = 0, component: int = 0) -> Place:
        """Name a position in this segment."""
        return Place(self.id, self.sequence, number, repetition, component)

    def _is_delimiters(self, number: int) -> bool:
        return number < 3 and self.id in HEADERS


def _nth(text: str, delimiter: str, index: int) -> str:
    """The index-th part of a text, from 1; empty when there are fewer."""
    if not delimiter or delimiter not in text:
        return text if index == 1 else ""
    parts = text.split(delimiter)
    return parts[index - 1] if index <= len(parts) else ""


class Message:
    """One message: its segments in order, its delimiters and version, and every departure that was tolerated."""

    __slots__ = ("_by_id", "deviations", "encoding", "segments", "version")

    def __init__(self, segments: tuple[Segment, ...], encoding: Encoding, deviations: tuple[str, ...]) -> None:
        self.segments = segments
        self.encoding = encoding
        self.deviations = deviations
        self._by_id: defaultdict[str, list[Segment]] = defaultdict(list)
        for segment in segments:
            self._by_id[segment.id].append(segment)
        self.version = segments[0].value(12)

    @classmethod
    def parse(cls, text: str, *, charset: str = "utf-8") -> "Message":
        r"""Turn decoded text into a message; ``charset`` is the codec in which ``\Xdd\`` escapes are read.

        Raises MessageError when the text does not begin with a readable MSH, or holds a second one: two messages are
        never read as one (batch.py splits them).
        """
        body = text.lstrip("\ufeff \t\r\n\x00")
        encoding = _encoding(body)
        deviations = [Deviation.LEADING_WHITESPACE.note()] if body is not text and body != text else []
        lines = list(_lines(body, encoding, deviations))
        version = _version(lines[0], encoding, deviations)
        segments = _segments(lines, encoding, charset, deviations)
        deviations += _table_deviations(segments, version)
        deviations += _escape_deviations(segments[0], body)
        return cls(tuple(segments), encoding, tuple(deviations))

    def all(self, id: str) -> tuple[Segment, ...]:  # noqa: A002  # the standard's word
        """All segments of an id, in order."""
        return tuple(self._by_id.get(id, ()))

    def first(self, id: str) -> Segment | None:  # noqa: A002  # the standard's word
        """The first segment of an id; None when there is none."""
        found = self._by_id.get(id)
        return found[0] if found else None


def _encoding(text: str) -> Encoding:
    if text[:3].upper() != "MSH":
        raise MessageError(Problem.HEADER_UNREADABLE, Place("MSH"), "the message does not begin with MSH")
    try:
        return Encoding.read(text)
    except ValueError as error:
        raise MessageError(Problem.HEADER_UNREADABLE, Place("MSH", 1, 2), str(error)) from None


@lru_cache(maxsize=64)
def _line_end(field: str) -> re.Pattern[str]:
    """CR, CRLF, or an LF before what looks like a segment; any other LF is text that the sender did not escape."""
    return re.compile(rf"\r\n?|\n[\s\x00]*(?=[A-Za-z][A-Za-z0-9]{{2}}{re.escape(field)}|\Z)")


def _lines(text: str, encoding: Encoding, deviations: list[str]) -> Iterator[str]:
    """Split a message into its segments' lines; empty ones are no segments."""
    if "\n" in text:
        lines = _line_end(encoding.field).split(text)
        kept = sum(line.count("\n") for line in lines)
        ends = text.count("\n") - kept
        deviations += [Deviation.LF_SEGMENT_END.note(str(ends))] if ends else []
        deviations += [Deviation.LF_IN_FIELD.note(str(kept))] if kept else []
    else:
        lines = text.split("\r")
    return (line for line in lines if line.strip("\x00 \t"))


def _version(header: str, encoding: Encoding, deviations: list[str]) -> str:
    fields = header.split(encoding.field)
    version = fields[11].split(encoding.component)[0].strip() if len(fields) > 11 else ""
    if not version:
        deviations.append(Deviation.VERSION_MISSING.note("MSH-12"))
    elif version not in VERSIONS:
        deviations.append(Deviation.VERSION_UNKNOWN.note("MSH-12"))
    if len(encoding.characters) != 4 and (not encoding.truncation or _lacks_truncation(version)):
        deviations.append(Deviation.ENCODING_CHARACTERS.note(f"{len(encoding.characters)} in MSH-2"))
    return version


def _lacks_truncation(version: str) -> bool:
    return version in VERSIONS and VERSIONS.index(version) < VERSIONS.index("2.7")


def _segments(lines: list[str], encoding: Encoding, charset: str, deviations: list[str]) -> list[Segment]:
    counts: defaultdict[str, int] = defaultdict(int)
    segments = []
    for line in lines:
        name = line[:3]
        departures: tuple[Deviation, ...] = ()
        if line[3:4] != encoding.field or not _ID.fullmatch(name):
            line, name, departures = _tolerated(line, encoding)  # noqa: PLW2901  # the line without its indentation
        counts[name] += 1
        segment = Segment(name, counts[name], line, encoding, charset)
        segments.append(segment)
        deviations += [departure.note(str(segment.place()) or str(counts[name])) for departure in departures]
    if counts["MSH"] > 1:
        raise MessageError(Problem.VALUE_CONFLICT, Place("MSH", 2), "a second message begins inside the message")
    return segments


def _tolerated(line: str, encoding: Encoding) -> tuple[str, str, tuple[Deviation, ...]]:
    """Turn a line that does not begin as a segment should into its text, its id (or none) and why it does not."""
    stripped = line.lstrip(" \t\x00")
    name = stripped[:3].upper()
    if stripped[3:4] not in (encoding.field, "") or not _ID.fullmatch(name):
        return line, "", (Deviation.LINE_WITHOUT_ID,)
    departures = ((Deviation.LOWER_CASE_ID, name != stripped[:3]), (Deviation.INDENTED_SEGMENT, line != stripped))
    return stripped, name, tuple(departure for departure, is_so in departures if is_so)


def _table_deviations(segments: list[Segment], version: str) -> Iterator[str]:
    """What the tables of the version do not know; counting separators is enough for all but a few segments."""
    counts = field_counts(version)
    for segment in segments:
        count = counts.get(segment.id)
        if count is None and segment.id:
            yield _unknown(segment)
        elif count is not None and segment.raw.count(segment.encoding.field) >= count:
            extra = next((number for number in range(count + 1, len(segment) + 1) if segment.field(number)), 0)
            if extra:
                yield Deviation.EXTRA_FIELDS.note(str(segment.place(extra)))


def _unknown(segment: Segment) -> str:
    kind = Deviation.LOCAL_SEGMENT if segment.id[0] == "Z" else Deviation.UNKNOWN_SEGMENT
    return kind.note(str(segment.place()))


def _escape_deviations(header: Segment, body: str) -> Iterator[str]:
    encoding = header.encoding
    if body.count(encoding.escape) > 1:
        rest = body.replace(encoding.field + encoding.characters, "", 1)
        unread = unread_escapes(rest, encoding)
        if unread:
            yield Deviation.ESCAPE_KEPT.note(str(unread))
