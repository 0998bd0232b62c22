"""A message as lazy views over its text; Z segments, unknown ones and surplus fields are kept where they stood.

Nothing is dropped and nothing is guessed: each departure from the standard is a line in `Message.deviations`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from adapter.hl7v2.deviations import Deviation
from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.escapes import unread_escapes
from adapter.hl7v2.segment import HEADERS, MessageError, PlainSegment, Segment, special_marks, split
from adapter.hl7v2.tables import VERSIONS, field_counts
from adapter.outcome import Place, Problem

__all__ = ["Message", "MessageError", "Segment"]

SEGMENT_LIMIT = 100_000
"""A report has hundreds; a message of the largest size that is nothing but line ends would fill the memory."""

_ID = re.compile(r"[A-Z][A-Z0-9]{2}")


class Message:
    """One message: its segments in order, its delimiters and version, and every departure that was tolerated."""

    __slots__ = ("_by_id", "_noted", "_text", "encoding", "segments", "version")

    def __init__(self, reader: "_Reader", version: str, text: str) -> None:
        self.segments = tuple(reader.segments)
        self.encoding = reader.encoding
        self.version = version
        self._noted = tuple(reader.deviations)
        self._text = text if self.encoding.escape in reader.marks else ""
        self._by_id = {name: tuple(segments) for name, segments in reader.by_id.items()}

    @property
    def deviations(self) -> tuple[str, ...]:
        """Every departure that was tolerated; escape characters of no sequence are counted when they are asked for."""
        unread = unread_escapes(self._text[len("MSH|" + self.encoding.characters) :], self.encoding)
        return (*self._noted, Deviation.ESCAPE_KEPT.note(str(unread))) if unread else self._noted

    @classmethod
    def parse(cls, text: str, *, charset: str = "utf-8") -> "Message":
        r"""Turn decoded text into a message; ``charset`` is the codec in which ``\Xdd\`` escapes are read.

        Raises MessageError when the text does not begin with a readable MSH, or holds a second one: two messages are
        never read as one (batch.py splits them).
        """
        body = text.lstrip("\ufeff \t\r\n\x00")
        encoding = _encoding(body)
        reader = _Reader(encoding, charset, special_marks(body, encoding))
        reader.note(Deviation.LEADING_WHITESPACE, "" if body != text else None)
        lines = reader.lines(body)
        version = reader.version(lines[0])
        reader.read(lines, version)
        return cls(reader, version, body)

    def all(self, id: str) -> tuple[Segment, ...]:  # noqa: A002  # the standard's word
        """All segments of an id, in order."""
        return self._by_id.get(id, ())

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
def _segment_start(field: str) -> re.Pattern[str]:
    return re.compile(rf"[ \t\x00]*[A-Za-z][A-Za-z0-9]{{2}}{re.escape(field)}")


def _lines_with_lf(text: str, field: str) -> list[str]:
    """Split at CR, CRLF, and an LF before what looks like a segment; any other LF is text that was not escaped."""
    starts_segment = _segment_start(field).match
    lines = []
    for part in re.split(r"\r\n?", text):
        first, *pieces = part.split("\n")
        line = [first]
        for piece in pieces:
            if starts_segment(piece):
                lines.append("\n".join(line).rstrip("\n"))
                line = []
            line.append(piece)
        lines.append("\n".join(line).rstrip("\n"))
    return lines


class _Reader:
    """A message under way from text to segments."""

    def __init__(self, encoding: Encoding, charset: str, marks: tuple[str, ...]) -> None:
        self.encoding = encoding
        self.charset = charset
        self.marks = marks
        self.segments: list[Segment] = []
        self.by_id: defaultdict[str, list[Segment]] = defaultdict(list)
        self.deviations: list[str] = []

    def note(self, deviation: Deviation, detail: str | None) -> None:
        """List a deviation; a detail of None says that there was none."""
        if detail is not None:
            self.deviations.append(deviation.note(detail))

    def lines(self, text: str) -> list[str]:
        """Split a message into its segments' lines; the first is the header\'s."""
        if len(text) > SEGMENT_LIMIT and text.count("\r") + text.count("\n") > SEGMENT_LIMIT:
            raise MessageError(Problem.BLOCK_TOO_LARGE, rule="more segments than any report has")
        if "\n" not in text:
            return text.split("\r")
        lines = _lines_with_lf(text, self.encoding.field)
        kept = sum(line.count("\n") for line in lines)
        ends = text.count("\n") - kept
        self.note(Deviation.LF_SEGMENT_END, str(ends) if ends else None)
        self.note(Deviation.LF_IN_FIELD, str(kept) if kept else None)
        return lines

    def version(self, header: str) -> str:
        """Read MSH-12, and judge by it the number of encoding characters."""
        fields = header.split(self.encoding.field)
        version = fields[11].split(self.encoding.component)[0].strip() if len(fields) > 11 else ""
        if version not in VERSIONS:
            self.note(Deviation.VERSION_UNKNOWN if version else Deviation.VERSION_MISSING, "MSH-12")
        count = len(self.encoding.characters)
        before_truncation = version in VERSIONS[: VERSIONS.index("2.7")]
        if count == 3 or (count == 5 and before_truncation):
            self.note(Deviation.ENCODING_CHARACTERS, f"{count} in MSH-2")
        return version

    def read(self, lines: Iterable[str], version: str) -> None:
        """Turn lines into segments; one that is as the tables say, and of the id before it, costs least."""
        encoding, charset, marks = self.encoding, self.charset, self.marks
        counts, separator, segments = field_counts(version), encoding.field, self.segments
        name, count, siblings, is_header = separator, 0, segments, False  # no id is the separator: a line sets them all
        for line in lines:
            fields = line.split(separator)
            if fields[0] != name:
                if fields[0] not in counts:
                    self._read_tolerantly(line, version)
                    continue
                name = fields[0]
                count, siblings, is_header = counts[name], self.by_id[name], name in HEADERS
            kind: type[Segment] = PlainSegment
            for mark in marks:
                if mark in line:
                    kind = Segment
            if is_header:
                kind, fields = Segment, split(name, line, encoding)
            segment = kind(name, len(siblings) + 1, fields, encoding, charset)
            siblings.append(segment)
            segments.append(segment)
            if len(fields) > count + 1:
                self._note_extra_fields(segment, count)
        if len(self.by_id["MSH"]) > 1:
            raise MessageError(Problem.VALUE_CONFLICT, Place("MSH", 2), "a second message begins inside the message")

    def _read_tolerantly(self, line: str, version: str) -> None:
        """Keep a line that is no segment of the tables, or does not begin as one; an empty line is nothing."""
        stripped = line.lstrip(" \t\x00")
        if not stripped:
            return
        name = stripped[:3].upper()
        if stripped[3:4] not in (self.encoding.field, "") or not _ID.fullmatch(name):
            name, stripped = "", line
        siblings = self.by_id[name]
        segment = Segment(name, len(siblings) + 1, split(name, stripped, self.encoding), self.encoding, self.charset)
        siblings.append(segment)
        self.segments.append(segment)
        detail = str(segment.place()) or str(segment.sequence)
        for deviation, is_so in (
            (Deviation.LINE_WITHOUT_ID, not name),
            (Deviation.LOCAL_SEGMENT, name.startswith("Z")),
            (Deviation.UNKNOWN_SEGMENT, name and name[0] != "Z" and name not in field_counts(version)),
            (Deviation.LOWER_CASE_ID, name and name != stripped[:3]),
            (Deviation.INDENTED_SEGMENT, stripped != line),
        ):
            self.note(deviation, detail if is_so else None)

    def _note_extra_fields(self, segment: Segment, count: int) -> None:
        extra = next((number for number in range(count + 1, segment.field_count + 1) if segment.field(number)), None)
        self.note(Deviation.EXTRA_FIELDS, str(segment.place(extra)) if extra else None)
