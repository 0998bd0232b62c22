"""The single checks of the contract: what a message asks for, what stands in it, and what became of each part of it."""

import re

from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.header import Header, HeaderError, read_header
from adapter.hl7v2.message import Message
from adapter.hl7v2.oru import patient_results
from adapter.reading import Read

_SPANS = re.compile(r"OBX\[(\d+)(?:\.\.(\d+))?\]")
_BLANK = str.maketrans("", "", " \t\r\n\x00\ufeff")


def _header(message: bytes) -> Header | None:
    try:
        return read_header(message)
    except HeaderError as error:
        return error.header


def asks_for_silence(message: bytes) -> bool:
    """May the message stay without an answer? Enhanced mode, and MSH-15 does not ask for one in every case."""
    header = _header(message)
    return header is not None and bool(header.accept_ack or header.application_ack) and header.accept_ack != "AL"


def check_split(payload: bytes, messages: tuple[bytes, ...]) -> None:
    """Messages are cut out of a payload byte for byte, in order, and none of what begins as one is between them."""
    if b"\x00" in payload[:8] or payload.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    place = 0
    for message in messages:
        found = payload.find(message, place)
        while found > 0 and payload[found - 1] not in b"\r\n \t\x00\xbf":
            found = payload.find(message, found + 1)
        assert found >= 0, "a message is not what came"
        assert not re.search(rb"[\r\n]MSH\|", b"\r" + payload[place:found]), "a message was passed over"
        place = found + len(message)
    assert not re.search(rb"[\r\n]MSH\|", payload[place:]) or not messages, "a message was passed over"


def parsed(raw: bytes) -> tuple[Message, str]:
    decoded = decode_text(raw, read_header(raw))
    return Message.parse(decoded.text, charset=decoded.charset), decoded.text


def squeezed(text: str) -> str:
    return text.translate(_BLANK)


def check_segments(message: Message) -> None:
    """Each segment from the first patient or order on stands in exactly one place of the results."""
    found = []
    for result in patient_results(message):
        found += [*([result.pid] if result.pid else []), *result.others]
        for group in result.groups:
            found += [segment for segment in (group.orc, group.obr) if segment]
            found += [*group.observations, *group.notes, *group.others]
    behind = message.segments[len(message.segments) - len(found) :]
    assert sorted(map(id, behind)) == sorted(map(id, found)), "a segment is in no group, or in two"


def count_of_observations(message: Message, text: str) -> int:
    """Count the lines that begin as an OBX, by a way that is not the reader's; a mere name may be text or a segment."""
    starts = [line.lstrip(" \t\x00\ufeff") for line in re.split(r"[\r\n]", text)]
    named = [start[3:4] for start in starts if start[:3].upper() == "OBX"]
    sent, bare, seen = named.count(message.encoding.field), named.count(""), len(message.all("OBX"))
    assert sent <= seen <= sent + bare, "an OBX that is none, or one that is not seen"
    return seen


def listed(reading: Read) -> set[int]:
    """The observations that a note names."""
    notes = [*reading.notes, *(note for report in reading.reports for note in report.notes)]
    spans = (found for note in notes for found in _SPANS.finditer(note))
    return {number for one in spans for number in range(int(one[1]), int(one[2] or one[1]) + 1)}
