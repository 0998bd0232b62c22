"""OBX-2 drives OBX-5: each repetition turned into a value of the type that the sender declared, or listed as unread."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from adapter.hl7v2.message import MessageError, Segment
from adapter.hl7v2.moments import Moment, Precision, parse_timestamp
from adapter.hl7v2.numbers import Size, between, compared, parse_decimal, parse_interval, parse_size
from adapter.outcome import Problem
from adapter.scoring.lesion import Interval

__all__ = [
    "Coded",
    "Moment",
    "Number",
    "Precision",
    "Ratio",
    "Size",
    "SubId",
    "Text",
    "Unsupported",
    "Value",
    "observation_values",
    "parse_decimal",
    "parse_interval",
    "parse_size",
    "parse_timestamp",
    "sub_id",
]


@dataclass(frozen=True, slots=True)
class Number:
    """A number, a range or a number with a comparator (NM, SN, NR), in the unit of OBX-6."""

    interval: Interval


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its text and coding system (CWE, CE, CNE, CF, IS, ID); ``alternates`` say it in other systems."""

    code: str
    text: str = ""
    system: str = ""
    alternates: tuple["Coded", ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Text (ST, TX, FT), or a structured number that is no interval (``<>5``, ``2+``)."""

    text: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """Two numbers with ``:`` or ``/`` between them (SN)."""

    numerator: Decimal
    denominator: Decimal
    separator: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A value of a type that is listed and not read (ED, RP, ...); empty when OBX-2 is."""

    type: str


Value = Number | Coded | Text | Moment | Ratio | Unsupported


@dataclass(frozen=True, slots=True)
class _Repetition:
    """One repetition of OBX-5 under way to its value."""

    obx: Segment
    index: int
    raw: str
    decimal_comma: bool

    @property
    def text(self) -> str:
        """All of it: in free text a delimiter that the sender did not escape is text."""
        return self.obx.text(self.raw)

    def component(self, number: int) -> str:
        return self.obx.value(5, self.index, number).strip()

    def decimal(self, number: int) -> Decimal:
        return parse_decimal(self.component(number), decimal_comma=self.decimal_comma)


def observation_values(obx: Segment, *, decimal_comma: bool = False) -> tuple[Value, ...]:
    """Turn OBX-5 into its values by OBX-2, one a repetition; empty and null repetitions have none.

    Raises MessageError (value-unreadable, with the repetition's place) for what is not of its declared type.
    """
    raws = enumerate(obx.repetitions(5), start=1)
    return tuple(_read(_Repetition(obx, index, raw, decimal_comma)) for index, raw in raws if raw not in ("", '""'))


def _read(repetition: _Repetition) -> Value:
    obx = repetition.obx
    datatype = obx.value(2).strip().upper()
    read = _READERS.get(datatype)
    if read is None:
        return Unsupported(datatype)
    try:
        return read(repetition)
    except ValueError as error:
        place = obx.place(5, repetition.index)
        raise MessageError(Problem.VALUE_UNREADABLE, place, f"{error} ({datatype})") from None


def _number(repetition: _Repetition) -> Value:
    return Number(parse_interval(repetition.text, decimal_comma=repetition.decimal_comma))


def _structured_number(repetition: _Repetition) -> Value:
    """SN: ``>^100``, ``^100``, ``^100^-^200``, ``^1^:^228``, ``^2^+``, ``<>^5`` (v2.5 section 2.A.71)."""
    if repetition.obx.encoding.component not in repetition.raw:
        return _number(repetition)
    comparator, first, separator, second = (repetition.component(number) for number in range(1, 5))
    if not separator and not second:
        return _compared(repetition, comparator)
    if comparator:
        raise ValueError("a comparator stands before a range or ratio")
    if separator == "-":
        return Number(between(repetition.decimal(2), repetition.decimal(4)))
    if separator in (":", "/"):
        return Ratio(repetition.decimal(2), repetition.decimal(4), separator)
    if separator == "+" and not second:
        return Text(f"{first}+")
    raise ValueError("not one of the six forms")


def _compared(repetition: _Repetition, comparator: str) -> Value:
    number = repetition.decimal(2)
    return Text(f"<>{number}") if comparator == "<>" else Number(compared(comparator, number))


def _numeric_range(repetition: _Repetition) -> Value:
    """NR: ``low^high``, either of which may be open."""
    if not repetition.component(1):
        return Number(Interval(None, repetition.decimal(2)))
    if not repetition.component(2):
        return Number(Interval(repetition.decimal(1), None))
    return Number(between(repetition.decimal(1), repetition.decimal(2)))


def _coded(repetition: _Repetition) -> Value:
    """CWE, CE, CNE, CF: code, text and system, with up to two alternates (components 4-6, and 10-12 from v2.7)."""
    first, *alternates = (_triple(repetition, start) for start in (1, 4, 10))
    stated = tuple(coded for coded in alternates if coded != _NOTHING)
    if first == _NOTHING and not stated:
        raise ValueError("neither code nor text")
    return Coded(first.code, first.text, first.system, stated)


_NOTHING = Coded("")


def _triple(repetition: _Repetition, start: int) -> Coded:
    code, text, system = (repetition.component(start + part) for part in range(3))
    return Coded(code, text, system)


def _plain_code(repetition: _Repetition) -> Value:
    return Coded(repetition.text.strip())


def _text(repetition: _Repetition) -> Value:
    return Text(repetition.text)


def _moment(repetition: _Repetition) -> Value:
    return parse_timestamp(repetition.component(1))


_READERS: dict[str, Callable[[_Repetition], Value]] = {
    "NM": _number,
    "SN": _structured_number,
    "NR": _numeric_range,
    **dict.fromkeys(("CWE", "CE", "CNE", "CF"), _coded),
    **dict.fromkeys(("IS", "ID"), _plain_code),
    **dict.fromkeys(("ST", "TX", "FT"), _text),
    **dict.fromkeys(("DT", "TS", "DTM"), _moment),
}


@dataclass(frozen=True, slots=True)
class SubId:
    """OBX-4, the row that an observation belongs to: a number, ``n.m``, a letter, or OG (v2.8.2).

    ``parts`` are the dotted parts, or OG's group and sequence; none when OBX-4 is empty (report level).
    """

    original: str
    parts: tuple[str, ...] = ()

    def projection(self, depth: int = 1) -> str:
        """The row key: the first ``depth`` parts, dotted; ``1.2`` is row 1 at depth 1."""
        return ".".join(self.parts[:depth])


def sub_id(obx: Segment) -> SubId:
    """Turn OBX-4 into its parts: ``1.2`` and OG ``^1^2`` or ``1^1^2`` are row 1, part 2; ``B`` is row B."""
    original, group, sequence, *_ = (*(part.strip() for part in obx.components(4)), "", "", "")
    parts = (group, sequence) if group else tuple(original.split("."))
    return SubId(original, tuple(part for part in parts if part))
