"""The answer to a message: what became of it, in MSA and ERR, by one table over the closed list of problems.

The answer speaks as the message spoke: its delimiters, version, processing id and character set, sender and receiver
swapped. Nothing of the message but its header is ever in it, and nothing of the header that could end a segment or a
block.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from adapter.hl7v2.encoding import STANDARD
from adapter.hl7v2.escapes import escape, without_controls
from adapter.hl7v2.header import Header
from adapter.hl7v2.tables import VERSIONS
from adapter.outcome import Place, Problem, Receipt, Refused

OUR_VERSION = "2.5.1"
"""The version of an answer to a message whose own cannot be read or is not supported."""


class Level(Enum):
    """Who answers: the receiver that kept the message (original mode, and application level), or its accept level."""

    APPLICATION = "A"
    ACCEPT = "C"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a problem is answered: E (content) or R (another reason; v2.5 section 2.9.2.2), table 0357, a sentence."""

    code: str
    condition: int
    sentence: str


CONDITIONS = {
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    204: "Unknown key identifier",
    205: "Duplicate key identifier",
    207: "Application internal error",
}
"""Table 0357, as far as it is used."""

ANSWERS = {
    Problem.HEADER_UNREADABLE: Answer("R", 100, "The message header cannot be read"),
    Problem.BLOCK_UNTERMINATED: Answer("R", 100, "The block ended before the message was complete"),
    Problem.BLOCK_TOO_LARGE: Answer("R", 207, "The message is larger than the limit"),
    Problem.JUNK_BETWEEN_BLOCKS: Answer("R", 100, "Bytes outside of a block"),
    Problem.CHARACTER_SET: Answer("E", 102, "The character set cannot be read"),
    Problem.SEGMENT_MISSING: Answer("E", 100, "A required segment is missing"),
    Problem.FIELD_MISSING: Answer("E", 101, "A required field is missing"),
    Problem.VALUE_UNREADABLE: Answer("E", 102, "A value is not of its data type"),
    Problem.CODE_UNKNOWN: Answer("E", 103, "A code is not in the table"),
    Problem.STATUS_UNKNOWN: Answer("E", 103, "A result status is not in the table"),
    Problem.UNIT_UNSUPPORTED: Answer("E", 103, "A unit is not supported"),
    Problem.VALUE_CONFLICT: Answer("E", 102, "Two values contradict each other"),
    Problem.PATIENT_MISMATCH: Answer("E", 204, "The message names different patients"),
    Problem.BATCH_COUNT: Answer("E", 100, "The batch does not hold as many messages as it says"),
    Problem.MESSAGE_TYPE: Answer("R", 200, "The message type is not supported"),
    Problem.VERSION: Answer("R", 203, "The HL7 version is not supported"),
    Problem.PROCESSING_ID: Answer("R", 202, "The processing id is not supported"),
    Problem.CONTROL_ID_REUSED: Answer("R", 205, "The control id was used for another message"),
    Problem.NO_MAPPING: Answer("E", 207, "No mapping reads this message"),
    Problem.SEVERAL_MAPPINGS: Answer("E", 207, "More than one mapping reads this message"),
    Problem.RESOURCE_INVALID: Answer("E", 102, "A resource is not valid"),
    Problem.MEDIA_TYPE: Answer("R", 200, "The media type is not supported"),
    Problem.NOT_FOUND: Answer("R", 204, "There is no such message"),
    Problem.NOT_AUTHENTICATED: Answer("R", 207, "The sender is not known"),
    Problem.NOT_AUTHORISED: Answer("R", 207, "The sender may not send this"),
    Problem.OVERLOADED: Answer("R", 207, "Too many messages at once: send it again later"),
    Problem.STORE_UNAVAILABLE: Answer("R", 207, "The message could not be stored: send it again later"),
    Problem.INTERNAL: Answer("R", 207, "The message could not be processed: send it again later"),
}
"""One answer a problem; a test holds it to the closed list."""

_ACCEPTED = Answer("A", 0, "")
_UNREADABLE = Refused(Problem.HEADER_UNREADABLE, Place("MSH"), "no accept without a readable header")
_NO_HEADER = Header(STANDARD, ("|", STANDARD.characters), "ascii")


def acknowledge(header: Header | None, receipt: Receipt, *, now: datetime, control_id: str) -> bytes:
    """Turn a receipt into the payload of its AA, AE or AR: the answer of original mode, and of the application level.

    Accepted, Held and Ignored are AA: the message is on disk, or needs not be. Without a readable header it is AR.
    ``now`` is aware; ``control_id`` is unique and the answer's own MSH-10.
    """
    return _build(header, receipt, Level.APPLICATION, now, control_id)


def acknowledge_accept(header: Header | None, receipt: Receipt, *, now: datetime, control_id: str) -> bytes:
    """Turn a receipt into the payload of its CA, CE or CR: enhanced mode's answer that the message is kept, or not."""
    return _build(header, receipt, Level.ACCEPT, now, control_id)


def _build(header: Header | None, receipt: Receipt, level: Level, now: datetime, control_id: str) -> bytes:
    if header is None:
        header, receipt = _NO_HEADER, receipt if isinstance(receipt, Refused) else _UNREADABLE
    refusal = receipt if isinstance(receipt, Refused) else None
    voice = _Voice(header)
    lines = [_msh(voice, level, now, control_id), _msa(voice, level, refusal), *_err(voice, refusal)]
    return voice.encode("".join(f"{line}\r" for line in lines))


class _Voice:
    """How the message spoke: its delimiters, version and character set."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.encoding = header.encoding
        self.version = header.version if header.version in VERSIONS else OUR_VERSION
        self._two_byte = header.codec.startswith("utf-16")

    def is_before(self, version: str) -> bool:
        return VERSIONS.index(self.version) < VERSIONS.index(version)

    @property
    def charset(self) -> str:
        """MSH-18; two-byte Unicode is answered in UTF-8, as its bytes may hold the marks of a block."""
        return escape("UNICODE UTF-8", self.encoding) if self._two_byte else self.echo(18)

    def encode(self, text: str) -> bytes:
        try:
            return text.encode("utf-8" if self._two_byte else self.header.codec)
        except UnicodeEncodeError:
            return text.encode("ascii", "replace")

    def echo(self, number: int) -> str:
        """A raw field of the message's header; what could end a segment or a block is left out."""
        return without_controls(self.header.field(number))

    def segment(self, name: str, fields: Mapping[int, str]) -> str:
        """Lay fields out by number, the last one that is not empty ending the segment."""
        last = max((number for number, text in fields.items() if text), default=0)
        first = 3 if name == "MSH" else 1
        start = name + self.encoding.field + self.encoding.characters if name == "MSH" else name
        return self.encoding.field.join([start, *(fields.get(number, "") for number in range(first, last + 1))])

    def components(self, *parts: str | int) -> str:
        """Join components, escaped; 0 and empty are not named, trailing ones left out."""
        texts = [escape(str(part or ""), self.encoding) for part in parts]
        return self.encoding.component.join(texts).rstrip(self.encoding.component)


def _msh(voice: _Voice, level: Level, now: datetime, control_id: str) -> str:
    header = voice.header
    swapped = {3: voice.echo(5), 4: voice.echo(6), 5: voice.echo(3), 6: voice.echo(4)}
    asks_nothing = level is Level.APPLICATION and bool(header.accept_ack or header.application_ack)
    return voice.segment(
        "MSH",
        swapped
        | dict.fromkeys((15, 16), "NE" if asks_nothing else "")
        | {
            7: escape(now.strftime("%Y%m%d%H%M%S%z"), voice.encoding),
            9: _message_type(voice),
            10: escape(control_id, voice.encoding),
            11: voice.echo(11) or "P",
            12: escape(voice.version, voice.encoding),
            18: voice.charset,
        },
    )


def _message_type(voice: _Voice) -> str:
    """``ACK``, with the trigger from v2.2 and the structure from v2.3.1."""
    trigger = voice.header.trigger
    if voice.is_before("2.2") or not re.fullmatch("[A-Z][A-Z0-9]{2}", trigger):
        return "ACK"
    return voice.components("ACK", trigger, "" if voice.is_before("2.3.1") else "ACK")


def _msa(voice: _Voice, level: Level, refusal: Refused | None) -> str:
    """MSA-3 says in a sentence why, up to v2.6; it is withdrawn in v2.7, and ERR-8 says it from v2.5."""
    answer = ANSWERS[refusal.problem] if refusal else _ACCEPTED
    sentence = escape(answer.sentence, voice.encoding) if voice.is_before("2.7") else ""
    return voice.segment("MSA", {1: level.value + answer.code, 2: voice.echo(10), 3: sentence})


def _err(voice: _Voice, refusal: Refused | None) -> Iterator[str]:
    """ERR: one composite field before v2.5, ERL with CWE from then on; only ever places, codes and rules."""
    if refusal is None:
        return
    place, answer = refusal.place, ANSWERS[refusal.problem]
    meaning = (answer.condition, CONDITIONS[answer.condition], "HL70357")
    if voice.is_before("2.5"):
        code = str(answer.condition)
        if voice.encoding.subcomponent and not voice.is_before("2.2"):
            code = voice.encoding.subcomponent.join(map(str, meaning))
        location = [escape(str(part or ""), voice.encoding) for part in (place.segment, place.sequence, place.field)]
        yield voice.segment("ERR", {1: voice.encoding.component.join([*location, code])})
        return
    yield voice.segment(
        "ERR",
        {
            2: voice.components(place.segment, place.sequence, place.field, place.repetition, place.component),
            3: voice.components(*meaning),
            4: "E",
            5: voice.components(refusal.problem.value, answer.sentence, "L"),
            8: escape(refusal.rule or answer.sentence, voice.encoding),
        },
    )
