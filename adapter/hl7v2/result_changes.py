"""What a later message of a result owes to the one before: rows that went are taken back, or all of them.

A receiver may keep each OBX under its code (OBX-3) and sub-id (OBX-4) for itself: a row that is merely not sent any
more would stand there for ever. So a row once sent is sent again with OBX-11 ``D``, and a withdrawn result says every
row again as withdrawn.
"""

from dataclasses import dataclass
from datetime import datetime

from adapter.hl7v2.character_sets import codec_of
from adapter.hl7v2.encoding import STANDARD
from adapter.hl7v2.escapes import escape
from adapter.hl7v2.header import read_header
from adapter.hl7v2.result_message import segment, timestamp

GONE = "D"
"""OBX-11, table 0085: delete the observation."""
NO_LONGER = "X"
"""OBR-25, table 0123: no result is available, the order is cancelled."""


@dataclass(frozen=True, slots=True)
class SentResult:
    """A result as it was sent: its segments, each as its raw fields (``fields[0]`` is the segment's id)."""

    segments: tuple[tuple[str, ...], ...]
    codec: str

    @classmethod
    def read(cls, payload: bytes) -> "SentResult":
        """Turn a payload that ``write_result`` or ``withdraw`` made back into its segments."""
        codec = codec_of(read_header(payload).charsets[0]) or "utf-8"
        lines = payload.decode(codec).split("\r")
        return cls(tuple(tuple(line.split(STANDARD.field)) for line in lines if line), codec)

    @property
    def status(self) -> str:
        """OBR-25."""
        return self._field("OBR", 25)

    @property
    def address(self) -> tuple[str, ...]:
        """Under what the receiver files it: receiver, patient and order numbers, raw."""
        places = (("MSH", 4), ("MSH", 5), ("PID", 3), ("OBR", 2), ("OBR", 3), ("OBR", 4))
        return tuple(self._field(name, number) for name, number in places)

    @property
    def rows(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Each OBX by its raw code and sub-id."""
        return {(row[3], row[4]): row for row in self.segments if row[0] == "OBX"}

    def _field(self, name: str, number: int) -> str:
        fields = next(fields for fields in self.segments if fields[0] == name)
        return fields[number] if number < len(fields) else ""


def take_back_rows(payload: bytes, before: SentResult) -> bytes:
    """Add to a result the rows that the one before had and this one has not, each with OBX-11 ``D`` and no value."""
    now = SentResult.read(payload)
    gone = [row for key, row in before.rows.items() if key not in now.rows]
    first = len(now.rows) + 1
    rows = [_gone(number, row) for number, row in enumerate(gone, start=first)]
    return payload + "".join(f"{row}\r" for row in rows).encode(now.codec)


def _gone(number: int, row: tuple[str, ...]) -> str:
    return segment("OBX", {1: str(number), 2: row[2], 3: row[3], 4: row[4], 11: GONE})


def withdraw(before: SentResult, control_id: str, at: datetime, status: str) -> bytes:
    """Turn a result as it was sent into the message that withdraws it: OBR-25 ``X``, and ``status`` in each OBX-11.

    All else stays as it was sent, so that the receiver files it where the result is; rows taken back before stay so.
    """
    changes = {
        "MSH": {6: timestamp(at), 9: escape(control_id, STANDARD)},
        "OBR": {22: timestamp(at), 25: NO_LONGER},
        "OBX": {11: status},
    }
    lines = [_changed(row, {} if row[-1] == GONE else changes.get(row[0], {})) for row in before.segments]
    return "".join(f"{line}\r" for line in lines).encode(before.codec)


def _changed(fields: tuple[str, ...], changes: dict[int, str]) -> str:
    return segment(fields[0], dict(enumerate(fields[1:], start=1)) | changes)
