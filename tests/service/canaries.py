"""Canaries: words that are planted where a patient's data are, and looked for wherever nothing of them may be."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

CANARY = re.compile(rb"CANARY\d+")
KEPT_FIELDS = {"MSH": set(range(1, 26)), "OBX": {1, 2, 3, 4, 11}, "OBR": {1, 3, 4, 7, 22, 25}, "ORC": {1, 2, 3}}
"""What makes a message readable, and what no patient is known by; all else may be a patient's."""


def tokens() -> Iterator[bytes]:
    return (b"CANARY%d" % number for number in count())


def planted(message: bytes, *, keep_identifier: bool = True) -> bytes:
    """A message with a canary in every field that may be a patient's, even beyond those that a segment has."""
    canaries = tokens()
    segments = [plant(segment, canaries, keep_identifier) for segment in message.rstrip(b"\r").split(b"\r")]
    return b"\r".join(segments) + b"\r"


def plant(segment: bytes, canaries: Iterator[bytes], keep_identifier: bool) -> bytes:
    fields = segment.split(b"|")
    name = fields[0].decode()
    kept = KEPT_FIELDS.get(name, set())
    if name == "PID" and keep_identifier:
        kept = {3}
    if name == "OBX" and fields[2] not in {b"FT", b"TX"}:
        kept = kept | {5, 6}
    if name == "MSH":
        return segment
    fields += [b""] * (40 - len(fields) if name == "PID" else 0)
    return b"|".join([fields[0], *(part if n in kept else next(canaries) for n, part in enumerate(fields[1:], 1))])


def canaries_in(*texts: bytes | str) -> list[bytes]:
    return [one for text in texts for one in CANARY.findall(text.encode() if isinstance(text, str) else text)]


@contextmanager
def logged_by_all() -> Iterator[list[logging.LogRecord]]:
    """All that any library says at any level: an operator may turn it on one day."""
    records: list[logging.LogRecord] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    handler, root = Keeping(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
