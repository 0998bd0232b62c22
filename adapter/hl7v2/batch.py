"""Batches and files (FHS, BHS, BTS, FTS; v2.5 section 2.10.3): a payload split into messages, and their answer.

Messages are cut out of the bytes as they came, each at its MSH; in every character set that a header may name, a line
end is a line end. What stands in no message is never dropped without a note.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.hl7v2.ack import OUR_VERSION, acknowledge
from adapter.hl7v2.deviations import Deviation
from adapter.hl7v2.encoding import STANDARD, Encoding
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.escapes import escape, without_controls
from adapter.hl7v2.header import UTF8_MARK, Header, read_header, unicode_form
from adapter.hl7v2.mllp import Fault, MllpDecoder
from adapter.outcome import Place, Problem, Refused

PART_LIMIT = 100_000
"""How many messages and segments of an envelope a payload may hold, so that its parts never fill the memory."""

_BLANKS = b" \t\r\n\x00"
_NAMES = frozenset({b"MSH", b"BTS", b"FTS"})
"""A line of a payload of several parts begins with one: a look for them spares the search of an ordinary message."""
_INDENTS = (b" ", b"\t", b"\x00")

_HARMLESS = re.compile(rb"[ \t\x00]*(?i:NTE|Z[A-Z0-9]{2})(?![A-Za-z0-9])")
"""What may stand in no message: remarks, and what a site agreed on. Anything else may be a part of a result."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An FHS or BHS: its delimiters and its raw fields, ``fields[0]`` the first (BHS-1)."""

    encoding: Encoding
    fields: tuple[str, ...]

    def field(self, number: int) -> str:
        """The raw text of a field, without what could end a segment or a block; empty when absent."""
        return without_controls(self.fields[number - 1]) if number <= len(self.fields) else ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a payload holds: its messages in order, each byte for byte as it came, and the envelopes around them.

    A payload without an envelope holds a single message, or several that were put into one block. ``refusal`` says
    that a trailer's count is not the count of what is there, that an envelope cannot be read, or that results stand in
    no message: then there are no messages, as nobody knows which of them was cut.
    """

    messages: tuple[bytes, ...]
    file: Envelope | None = None
    batch: Envelope | None = None
    refusal: Refused | None = None
    deviations: tuple[str, ...] = ()

    @property
    def is_enveloped(self) -> bool:
        """Is one batch acknowledgement due, rather than an answer a message?"""
        return self.file is not None or self.batch is not None


def split_batch(payload: bytes) -> Batch:
    """Turn a payload (a block, a file, a request body) into its messages; a single message stays as it is."""
    form = unicode_form(payload)
    if not form.startswith("utf-16"):
        return _split(payload)
    try:
        batch = _split(payload.decode(form).lstrip("\ufeff").encode())
    except UnicodeDecodeError:
        return Batch((payload,))
    if not batch.is_enveloped and len(batch.messages) == 1:
        return Batch((payload,))
    messages = tuple(message.decode().encode(form) for message in batch.messages)
    return Batch(messages, batch.file, batch.batch, batch.refusal, batch.deviations)


@dataclass(frozen=True, slots=True)
class _Part:
    """A message with all its segments, or one segment of the envelope with what stands behind it."""

    name: str
    raw: bytes

    @property
    def line(self) -> str:
        """Its first segment, each byte a character: only delimiters and ASCII are looked at."""
        return re.split(rb"[\r\n]", self.raw, maxsplit=1)[0].decode("latin-1")

    @property
    def strays(self) -> list[bytes]:
        """The segments that stand behind a segment of the envelope, in no message."""
        return [] if self.name == "MSH" else _segments(self.raw)[1:]


def _segments(raw: bytes) -> list[bytes]:
    return [line for line in re.split(rb"[\r\n]", raw) if line.strip(b" \t\x00")]


def split_file(content: bytes) -> tuple[bytes, ...]:
    """Turn a file (messages, a batch, or blocks as they came from a socket) into its messages; raises FormatError.

    A file that holds no message, or not as many as its trailer says, is refused as a whole: it may be half written.
    """
    messages: list[bytes] = []
    for payload in _blocks(content):
        batch = split_batch(payload)
        if batch.refusal:
            raise FormatError(batch.refusal.problem, batch.refusal.place, batch.refusal.rule)
        messages += batch.messages
    for message in messages:
        read_header(message)
    return tuple(messages)


def _blocks(content: bytes) -> Iterator[bytes]:
    if not content.lstrip(_BLANKS).startswith(b"\x0b"):
        yield content
        return
    decoder = MllpDecoder(max_block=len(content))
    for event in decoder.feed(content) + decoder.end():
        if isinstance(event, Fault):
            raise FormatError(event.problem, rule=event.rule)
        yield event.payload


def _split(payload: bytes) -> Batch:
    body = payload.removeprefix(UTF8_MARK).lstrip(_BLANKS)
    enveloped = body.startswith((b"FHS", b"BHS"))
    if not enveloped and (body[:3].upper() != b"MSH" or _is_surely_one(body)):
        return Batch((payload,))
    cuts = [found.start(1) for found in _cut(b"[!-/:-@[-`{-~]" if enveloped else re.escape(body[3:4])).finditer(body)]
    if len(cuts) < 2 and not (cuts and enveloped):
        return Batch((payload,))
    if len(cuts) > PART_LIMIT:
        return Batch((), refusal=Refused(Problem.BLOCK_TOO_LARGE, rule="more messages than a batch may hold"))
    ends = [*cuts[1:], len(body)]
    parts = [_Part(body[i : i + 3].decode("ascii").upper(), body[i:end]) for i, end in zip(cuts, ends, strict=True)]
    return _assembled(parts, _segments(body[: cuts[0]]))


def _is_surely_one(body: bytes) -> bool:
    """Does no further line look like the start of another message? One look at each line: most messages are one."""
    starts = {line[:3].upper() for line in body[3:].replace(b"\n", b"\r").split(b"\r")}
    return starts.isdisjoint(_NAMES) and not any(start.startswith(_INDENTS) for start in starts)


def _cut(mark: bytes) -> re.Pattern[bytes]:
    """Where a message or a part of the envelope begins: at the start of a line, with ``mark`` for its separator."""
    return re.compile(rb"(?:\A|[\r\n])[ \t\x00]*((?i:MSH)(?=%b)|(?:FHS|BHS|BTS|FTS)(?=%b|[\r\n]|\Z))" % (mark, mark))


def _assembled(parts: list[_Part], before: list[bytes]) -> Batch:
    messages = tuple(part.raw for part in parts if part.name == "MSH")
    refusals: list[Refused] = []
    file, batch = (_envelope(parts, name, refusals) for name in ("FHS", "BHS"))
    strays = [*before, *(stray for part in parts for stray in part.strays)]
    if not all(map(_HARMLESS.match, strays)):
        rule = "a segment behind the header or the trailer of a batch stands in no message"
        return Batch((), file, batch, Refused(Problem.SEGMENT_MISSING, Place("MSH"), rule))
    groups = _groups(parts)
    refusals += _miscounted(parts, groups)
    unclosed = sum(group.begun and group.trailer is None for group in groups)
    notes = (
        (Deviation.BATCH_UNWRAPPED, 0 if file or batch or len(messages) < 2 else len(messages)),
        (Deviation.BATCH_TRAILER_MISSING, unclosed),
        (Deviation.BATCH_STRAY_SEGMENT, len(strays)),
    )
    deviations = tuple(deviation.note(str(count)) for deviation, count in notes if count)
    return Batch(messages, file, batch, next(iter(refusals), None), deviations)


def _envelope(parts: list[_Part], name: str, refusals: list[Refused]) -> Envelope | None:
    line = next((part.line for part in parts if part.name == name), None)
    if line is None:
        return None
    try:
        encoding = Encoding.read(line)
    except ValueError as error:
        refusals.append(Refused(Problem.HEADER_UNREADABLE, Place(name, 1, 2), str(error)))
        return Envelope(STANDARD, ("|", STANDARD.characters))
    return Envelope(encoding, (encoding.field, *line.split(encoding.field)[1:]))


@dataclass(slots=True)
class _Group:
    """One batch of a file: how many messages it holds, whether a BHS began it, and its BTS."""

    begun: bool = False
    count: int = 0
    trailer: str | None = None


def _groups(parts: list[_Part]) -> list[_Group]:
    groups: list[_Group] = []
    current: _Group | None = None
    for part in parts:
        if part.name in ("FHS", "FTS"):
            current = None
            continue
        if current is None or part.name == "BHS":
            current = _Group(begun=part.name == "BHS")
            groups.append(current)
        if part.name == "MSH":
            current.count += 1
        elif part.name == "BTS":
            current.trailer, current = part.line, None
    return groups


def _miscounted(parts: list[_Part], groups: list[_Group]) -> Iterator[Refused]:
    """Compare each trailer's count with what is there; an empty count says nothing."""
    trailers = [(group.trailer, group.count) for group in groups if group.trailer is not None]
    trailers += [(part.line, len(groups)) for part in parts if part.name == "FTS"]
    for sequence, (line, count) in enumerate(trailers, start=1):
        stated = re.split(re.escape(line[3:4]), line)[1].strip() if line[3:4] else ""
        if stated and not (re.fullmatch("[0-9]{1,9}", stated) and int(stated) == count):
            rule = "the count is not the number of messages" if line[0] == "B" else "the count is not that of batches"
            yield Refused(Problem.BATCH_COUNT, Place(line[:3], 1 if line[0] == "F" else sequence, 1), rule)


def acknowledge_batch(batch: Batch, answers: Sequence[bytes], *, now: datetime, control_id: str) -> bytes:
    """Turn the answers to a batch's messages into one batch acknowledgement, in the batch's own envelopes.

    A refused batch (its count is wrong) gets one more answer, AE with the batch's control id in MSA-2; its messages
    are answered as they were stored. ``control_id`` is unique and names the acknowledgement (BHS-11).
    """
    answered = list(answers)
    if batch.refusal:
        header = _as_header(batch.batch or batch.file or Envelope(STANDARD, ("|", STANDARD.characters)))
        answered.append(acknowledge(header, batch.refusal, now=now, control_id=control_id))
    start, end = "", ""
    for name, envelope, count in (("FHS", batch.file, 1), ("BHS", batch.batch, len(answered))):
        if envelope:
            mark = envelope.encoding.field
            start += _swapped(name, envelope, now, control_id)
            end = f"{name[0]}TS{mark}{count}\r" + end
    return start.encode("latin-1") + b"".join(answered) + end.encode("latin-1")


def _swapped(name: str, envelope: Envelope, now: datetime, control_id: str) -> str:
    """The envelope of the answer: sender and receiver swapped, its own id, and the id that it answers (field 12)."""
    made = escape(now.strftime("%Y%m%d%H%M%S%z"), envelope.encoding)
    own = (made, "", "", "", escape(control_id, envelope.encoding), envelope.field(11))
    fields = (name, envelope.encoding.characters, *(envelope.field(number) for number in (5, 6, 3, 4)), *own)
    return envelope.encoding.field.join(fields).rstrip(envelope.encoding.field) + "\r"


def _as_header(envelope: Envelope) -> Header:
    """Read an envelope as the MSH that it would be: the same parties, and its control id (field 11) as MSH-10."""
    parties = (envelope.field(number) for number in range(3, 7))
    fields = (*envelope.fields[:2], *parties, "", "", "", envelope.field(11), "P", OUR_VERSION)
    return Header(envelope.encoding, fields, "latin-1")
