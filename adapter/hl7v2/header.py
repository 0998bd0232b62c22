"""What the first line of a message says, read from its bytes before anything is decoded: enough to keep and answer it.

MSH is ASCII by nature, so the delimiters and MSH-18 are found in the bytes as they came; only then are names such as
MSH-3 decoded. In character sets whose second bytes may look like a delimiter (GB 18030, Big5, ISO 2022) the line is
decoded first and split afterwards.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapter.hl7v2.character_sets import codecs_in_order
from adapter.hl7v2.encoding import Encoding
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.escapes import unescape
from adapter.outcome import Place, Problem

LINE_LIMIT = 64 * 1024
"""A header line is at most this long; no more is searched for its end."""

_RECORD_NUMBER = "MR"
"""PID-3.5, table 0203."""

UTF8_MARK = b"\xef\xbb\xbf"
_LEADING = b" \t\r\n\x00"
_LINE = re.compile(r"[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Header:
    """An MSH segment: its delimiters, its raw fields (``fields[0]`` is MSH-1), and the codec that decoded its line."""

    encoding: Encoding
    fields: tuple[str, ...]
    codec: str

    def field(self, number: int) -> str:
        """The raw text of MSH-``number``; empty when absent or null."""
        text = self.fields[number - 1] if number <= len(self.fields) else ""
        return "" if text == '""' else text

    def component(self, number: int, component: int = 1) -> str:
        """The raw text of one component of MSH-``number``'s first repetition."""
        first = self.field(number).split(self.encoding.repetition, 1)[0]
        components = first.split(self.encoding.component)
        return components[component - 1].strip() if component <= len(components) else ""

    @property
    def sending_application(self) -> str:
        """MSH-3, raw."""
        return self.field(3)

    @property
    def sending_facility(self) -> str:
        """MSH-4, raw."""
        return self.field(4)

    @property
    def receiving_application(self) -> str:
        """MSH-5, raw."""
        return self.field(5)

    @property
    def receiving_facility(self) -> str:
        """MSH-6, raw."""
        return self.field(6)

    @property
    def time(self) -> str:
        """MSH-7, raw."""
        return self.component(7)

    @property
    def message_code(self) -> str:
        """MSH-9.1: ORU."""
        return self.component(9)

    @property
    def trigger(self) -> str:
        """MSH-9.2: R01."""
        return self.component(9, 2)

    @property
    def structure(self) -> str:
        """MSH-9.3: ORU_R01."""
        return self.component(9, 3)

    @property
    def control_id(self) -> str:
        """MSH-10, raw: the answer's MSA-2."""
        return self.field(10)

    @property
    def processing_id(self) -> str:
        """MSH-11.1: P, T or D."""
        return self.component(11)

    @property
    def version(self) -> str:
        """MSH-12.1."""
        return self.component(12)

    @property
    def accept_ack(self) -> str:
        """MSH-15: AL, NE, ER, SU or empty."""
        return self.component(15)

    @property
    def application_ack(self) -> str:
        """MSH-16: AL, NE, ER, SU or empty."""
        return self.component(16)

    @property
    def charsets(self) -> tuple[str, ...]:
        """The repetitions of MSH-18; an empty first one is the standard's default, ASCII."""
        text = self.field(18)
        return tuple(name.strip() for name in text.split(self.encoding.repetition)) if text else ()


class HeaderError(FormatError):
    """The header cannot be read or lacks what an answer needs; ``header`` is what could be read of it."""

    def __init__(self, problem: Problem, place: Place, rule: str, header: Header | None = None) -> None:
        self.header = header
        super().__init__(problem, place, rule)


def unicode_form(payload: bytes) -> str:
    """Turn the first bytes of a payload into the Unicode codec that they betray, by mark or by NULs; else empty."""
    if payload.startswith(UTF8_MARK):
        return "utf-8"
    start = payload[:64].lstrip(b" \r\n")
    if start.startswith(b"\xff\xfe") or re.match(rb"(?:[!-~]\x00){3}", start):
        return "utf-16-le"
    if start.startswith(b"\xfe\xff") or re.match(rb"(?:\x00[!-~]){3}", start):
        return "utf-16-be"
    return ""


def read_header(payload: bytes) -> Header:
    """Turn a payload into its header; raises HeaderError, with what could be read, when it cannot be answered for."""
    sniffed = _sniff(payload)
    header = next(_decoded(sniffed, payload)) if sniffed.codec == "latin-1" else sniffed
    for number in (9, 10):
        if not header.field(number).strip():
            raise _missing(header, number)
    return header


def _missing(header: Header, number: int) -> HeaderError:
    place = Place("MSH", 1, number)
    if number > len(header.fields):
        return HeaderError(Problem.HEADER_UNREADABLE, place, "the header ends before the field", header)
    return HeaderError(Problem.FIELD_MISSING, place, "the field is required", header)


def _sniff(payload: bytes) -> Header:
    """Read the header as ASCII (or UTF-16): every byte a character, nothing decoded."""
    form = unicode_form(payload)
    codec = form if form.startswith("utf-16") else "latin-1"
    return _parse(_line(payload, codec), codec)


def _line(payload: bytes, codec: str) -> str:
    """Decode the first line of a payload; raises UnicodeDecodeError only for a codec that reads its bytes otherwise."""
    head = payload[:LINE_LIMIT].removeprefix(UTF8_MARK)
    if codec.startswith("utf-16"):
        text = head.decode(codec, "ignore").lstrip("\ufeff \r\n\x00")
        return _LINE.match(text)[0]  # type: ignore[index]  # an empty line matches too
    line = re.split(rb"[\r\n]", head.lstrip(_LEADING), maxsplit=1)[0]
    return line.decode(codec)


def _parse(line: str, codec: str) -> Header:
    if line[:3].upper() != "MSH":
        raise HeaderError(Problem.HEADER_UNREADABLE, Place("MSH"), "the message does not begin with MSH")
    try:
        encoding = Encoding.read(line)
    except ValueError as error:
        raise HeaderError(Problem.HEADER_UNREADABLE, Place("MSH", 1, 2), str(error)) from None
    return Header(encoding, (encoding.field, *line.split(encoding.field)[1:]), codec)


def _decoded(sniffed: Header, payload: bytes) -> Iterator[Header]:
    """Decode the line by each character set that MSH-18 may name, then UTF-8; the sniffed header is the last resort.

    A second byte that looks like a delimiter moves MSH-18 to the right in the sniffed fields: its neighbours are
    asked too, and a candidate is right when MSH-18, read with it, names it.
    """
    nearby = [name for field in sniffed.fields[17:26] for name in field.split(sniffed.encoding.repetition)]
    for codec in codecs_in_order(nearby):
        header = _attempt(payload, codec)
        if header and codec in codecs_in_order(header.charsets):
            yield header
    header = _attempt(payload, "utf-8")
    yield header or sniffed


def _attempt(payload: bytes, codec: str) -> Header | None:
    try:
        return _parse(_line(payload, codec), codec)
    except (UnicodeDecodeError, HeaderError):
        return None


def scan_patient(payload: bytes, header: Header) -> tuple[str, str]:
    """Turn a payload into (assigning authority, identifier) of PID-3; two empty texts without one.

    Of several the medical record number (type MR) counts, else the first. The authority is the OID where its type is
    ISO, else the namespace. Both are unescaped, as the mapping reads them.
    """
    encoding = header.encoding
    fields = _pid_line(payload, header).split(encoding.field)
    identifiers = (fields[3] if len(fields) > 3 else "").split(encoding.repetition)
    every = [[*identifier.split(encoding.component), "", "", "", ""] for identifier in identifiers]
    components = next((one for one in every if one[4].strip() == _RECORD_NUMBER and one[0].strip()), every[0])
    authority = components[3].split(encoding.subcomponent) if encoding.subcomponent else [components[3]]
    namespace, universal_id, kind, *_ = (unescape(part, encoding).strip() for part in [*authority, "", ""])
    identifier = unescape(components[0], encoding).strip()
    if not identifier or identifier == '""':
        return "", ""
    return (universal_id if kind == "ISO" and universal_id else namespace), identifier


def _pid_line(payload: bytes, header: Header) -> str:
    """The first PID segment as text; empty when there is none. What cannot be decoded is read byte by byte."""
    if header.codec.startswith("utf-16"):
        payload = payload.decode(header.codec, "ignore").encode()
    mark = re.escape(header.encoding.field.encode())
    found = re.search(rb"[\r\n][ ]*(?i:PID)" + mark + rb"[^\r\n]*", payload)
    line = found[0].strip() if found else b""
    try:
        return line.decode("utf-8" if header.codec.startswith("utf-16") else header.codec)
    except UnicodeDecodeError:
        return line.decode("latin-1")
