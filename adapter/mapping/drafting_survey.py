"""What sample messages hold: every OBX code with its types, rows, units and coded values; not who the patient is."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter.hl7v2.message import Message, Segment
from adapter.mapping.paths import codings_of

LONGEST_WORD = 40
"""Characters; a longer text is no word of a table, and may be anything."""

MOST_VALUES = 60
"""Different words of one code; a code with more is free text."""

_WORD_TYPES = frozenset({"ST", "TX", "IS", "ID", "CE", "CWE", "CNE", "CF"})
_NUMBER_TYPES = frozenset({"NM", "SN"})


@dataclass(frozen=True, slots=True, order=True)
class Coding:
    """A code as sent; ``code`` is empty where the sender wrote a word alone."""

    code: str
    text: str = ""
    system: str = ""

    @property
    def reference(self) -> str:
        """Write it as a mapping file does: ``code^text^system``, or the bare word or code."""
        if not self.system:
            return self.code or self.text
        return f"{self.code}^{self.text}^{self.system}"

    @property
    def words(self) -> str:
        """All that could name it in words."""
        return f"{self.text} {self.code}".strip()


@dataclass(slots=True)
class Seen:
    """One OBX-3 code over all samples. ``rows`` and ``values`` are in order of their first sight."""

    coding: Coding
    times: int = 0
    types: dict[str, None] = field(default_factory=dict)
    rows: dict[str, None] = field(default_factory=dict)
    units: dict[str, None] = field(default_factory=dict)
    values: dict[Coding, None] = field(default_factory=dict)
    bare: int = 0
    decimal_comma: bool = False

    @property
    def is_numeric(self) -> bool:
        """Is it declared as a number?"""
        return not _NUMBER_TYPES.isdisjoint(self.types)

    @property
    def is_of_rows(self) -> bool:
        """Does it stand in rows (OBX-4), always?"""
        return bool(self.rows) and not self.bare

    def take(self, obx: Segment) -> None:
        """Add one observation."""
        self.times += 1
        self.types[obx.value(2).strip().upper()] = None
        row = obx.value(4).strip()
        if row:
            self.rows[row] = None
        else:
            self.bare += 1
        unit = _unit(obx)
        if unit:
            self.units[unit] = None
        self._take_value(obx)

    def _take_value(self, obx: Segment) -> None:
        text = obx.value(5).strip()
        self.decimal_comma = self.decimal_comma or _has_decimal_comma(text)
        if obx.value(2).strip().upper() not in _WORD_TYPES or len(self.values) > MOST_VALUES:
            return
        coding = _coding(obx, 5)
        if coding and len(coding.words) <= 2 * LONGEST_WORD and (coding.system or not _is_number(coding.code)):
            self.values[coding] = None


def _unit(obx: Segment) -> str:
    code, text, *_ = (*obx.components(6), "", "")
    return clean(code or text)


def _has_decimal_comma(text: str) -> bool:
    whole, comma, rest = text.partition(",")
    return bool(comma) and whole.isdecimal() and rest.isdecimal()


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").isdecimal()


def clean(text: str) -> str:
    """Turn a sender's text into one that a mapping file may hold: what cannot be seen is left out, and ``^``."""
    return "".join(character for character in text if character.isprintable() and character != "^").strip()


def _coding(segment: Segment, number: int) -> Coding | None:
    """The first coding that has a code, else the first word; None where the field says nothing."""
    found = [Coding(clean(one.code), clean(one.text), clean(one.system)) for one in codings_of(segment, number)]
    with_code = [one for one in found if one.code]
    worded = [Coding("", one.text) for one in found if one.text]
    return next(iter((*with_code, *worded)), None)


@dataclass(slots=True)
class Survey:
    """All samples together; what identifies patients is counted by its kind (PID-3.5) and never kept."""

    observations: dict[Coding, Seen] = field(default_factory=dict)
    procedures: dict[Coding, None] = field(default_factory=dict)
    applications: dict[str, None] = field(default_factory=dict)
    facilities: dict[str, None] = field(default_factory=dict)
    identifier_types: dict[str, None] = field(default_factory=dict)
    several_identifiers: bool = False
    valued: set[str] = field(default_factory=set)
    unnamed: int = 0
    zone_stated: bool = True

    @property
    def row_keys(self) -> tuple[str, ...]:
        """Every OBX-4, in order of first sight."""
        return tuple(dict.fromkeys(row for seen in self.observations.values() for row in seen.rows))


_HEADER_FIELDS = (("OBR", 2), ("OBR", 3), ("OBR", 7), ("OBR", 18), ("OBR", 22), ("OBR", 25), ("MSH", 7))


def survey(messages: Iterable[Message]) -> Survey:
    """Turn sample messages into what they hold."""
    found = Survey()
    for message in messages:
        _take_header(found, message)
        for obx in message.all("OBX"):
            coding = _coding(obx, 3)
            if coding is None or not coding.code:
                found.unnamed += 1
            else:
                found.observations.setdefault(coding, Seen(coding)).take(obx)
    return found


def _take_header(found: Survey, message: Message) -> None:
    header = message.segments[0]
    for names, number in ((found.applications, 3), (found.facilities, 4)):
        name = clean(header.value(number))
        if name:
            names[name] = None
    found.zone_stated = found.zone_stated and header.value(7).strip()[-5:-4] in ("+", "-")
    for pid in message.all("PID"):
        count = len(pid.repetitions(3))
        found.several_identifiers = found.several_identifiers or count > 1
        found.identifier_types |= dict.fromkeys(clean(pid.value(3, number, 5)) for number in range(1, count + 1))
    for obr in message.all("OBR"):
        procedure = _coding(obr, 4)
        if procedure:
            found.procedures[procedure] = None
    for segment, number in _HEADER_FIELDS:
        if any(one.value(number).strip() for one in message.all(segment)):
            found.valued.add(f"{segment}-{number}")
