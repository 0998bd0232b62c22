"""OBX-2 drives OBX-5: each repetition turned into a value of the type that the sender declared, or listed as unread."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from adapter.hl7v2.message import MessageError, Segment
from adapter.hl7v2.moments import Moment, Precision, parse_timestamp
from adapter.hl7v2.numbers import Size, between, compared, parse_decimal, parse_interval, parse_size, plain_number
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


def observation_values(obx: Segment, *, decimal_comma: bool = False) -> tuple[Value, ...]:
    """Turn OBX-5 into its values by OBX-2, one a repetition; empty and null repetitions have none.

    Raises MessageError (value-unreadable, with the repetition's place) for what is not of its declared type.
    """
    datatype = obx.field(2)
    if datatype == "NM" and not decimal_comma and (number := plain_number(obx.field(5))):
        return (Number(number),)
    read = _READERS.get(datatype)
    if read is None:
        datatype = obx.value(2).strip().upper()
        read = _READERS.get(datatype)
    values: list[Value] = []
    for index, raw in enumerate(obx.repetitions(5), start=1):
        if raw in ("", '""'):
            continue
        try:
            values.append(read(obx, raw, decimal_comma) if read else Unsupported(datatype))
        except ValueError as error:
            place = obx.place(5, index)
            raise MessageError(Problem.VALUE_UNREADABLE, place, f"{error} ({datatype})") from None
    return tuple(values)


def _number(obx: Segment, raw: str, decimal_comma: bool) -> Value:
    return Number(parse_interval(obx.text(raw), decimal_comma=decimal_comma))


def _structured_number(obx: Segment, raw: str, decimal_comma: bool) -> Value:
    """SN: ``>^100``, ``^100``, ``^100^-^200``, ``^1^:^228``, ``^2^+``, ``<>^5`` (v2.5 section 2.A.71)."""
    if obx.encoding.component not in raw:
        return _number(obx, raw, decimal_comma)
    comparator, first, separator, second = _components(obx, raw, 4)
    if not separator and not second:
        return _compared(comparator, parse_decimal(first, decimal_comma=decimal_comma))
    if comparator:
        raise ValueError("a comparator stands before a range or ratio")
    if separator == "+" and not second:
        return Text(f"{first}+")
    return _two_numbers(separator, *(parse_decimal(text, decimal_comma=decimal_comma) for text in (first, second)))


def _compared(comparator: str, number: Decimal) -> Value:
    return Text(f"<>{number}") if comparator == "<>" else Number(compared(comparator, number))


def _two_numbers(separator: str, first: Decimal, second: Decimal) -> Value:
    if separator == "-":
        return Number(between(first, second))
    if separator in (":", "/"):
        return Ratio(first, second, separator)
    raise ValueError("not one of the six forms")


def _numeric_range(obx: Segment, raw: str, decimal_comma: bool) -> Value:
    """NR: ``low^high``, either of which may be open."""
    low, high = (
        parse_decimal(text, decimal_comma=decimal_comma) if text else None for text in _components(obx, raw, 2)
    )
    return Number(Interval(low, high) if low is None or high is None else between(low, high))


def _coded(obx: Segment, raw: str, _decimal_comma: bool) -> Value:
    """CWE, CE, CNE, CF: code, text and system, with up to two alternates (components 4-6, and 10-12 from v2.7)."""
    components = [component.strip() for component in obx.components_of(raw)]
    if not any(components):
        raise ValueError("neither code nor text")
    code, text, system = _padded(components[:3], 3)
    if len(components) <= 3:
        return Coded(code, text, system)
    triples = (_padded(components[start : start + 3], 3) for start in (3, 9))
    return Coded(code, text, system, tuple(Coded(c, t, s) for c, t, s in triples if c or t or s))


def _padded(components: list[str], count: int) -> list[str]:
    return components + [""] * (count - len(components))


def _components(obx: Segment, raw: str, count: int) -> list[str]:
    """The first components of a repetition, as many as asked for."""
    return _padded([component.strip() for component in obx.components_of(raw)[:count]], count)


def _plain_code(obx: Segment, raw: str, _decimal_comma: bool) -> Value:
    return Coded(obx.text(raw).strip())


def _text(obx: Segment, raw: str, _decimal_comma: bool) -> Value:
    """All of it: in free text a delimiter that the sender did not escape is text."""
    return Text(obx.text(raw))


def _moment(obx: Segment, raw: str, _decimal_comma: bool) -> Value:
    return parse_timestamp(obx.components_of(raw)[0])


_READERS: dict[str, Callable[[Segment, str, bool], Value]] = {
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
    raw = "" if obx.is_null(4) else obx.field(4)
    if obx.encoding.component not in raw:
        original = obx.text(raw).strip()
        return SubId(original, _parts(original.split(".")))
    original, group, sequence = _components(obx, raw, 3)
    return SubId(original, _parts([group, sequence] if group else original.split(".")))


def _parts(parts: list[str]) -> tuple[str, ...]:
    return tuple([part for part in parts if part])
