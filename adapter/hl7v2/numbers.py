"""Numbers as reports write them, by an ASCII pattern only: what the pattern does not settle is refused, never guessed.

Python's own conversions accept Arabic digits, underscores, exponents, ``nan`` and ``inf``: none is an HL7 NM.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from adapter.scoring.lesion import Interval

_LENGTH_LIMIT = 32
"""No measurement has more characters; a longer one is an accident or an attack."""

_POINT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
"""What mostly stands there; all of it is in `_POINT` too, and below the limit."""
_COMMA = re.compile(r"[+-]?(?:[0-9]+(?:,[0-9]+)?|,[0-9]+)")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+")
_COMPARATOR = re.compile(r"<=|>=|[<>=≤≥]")
_RANGE = re.compile(r"([0-9.,]+)\s*[-\u2013]\s*([0-9.,]+)")
_AXIS = re.compile(r"([0-9.,]+)\s*(mm|cm)?")

MILLIMETRES = {"mm": Decimal(1), "cm": Decimal(10)}


def parse_decimal(text: str, *, decimal_comma: bool = False) -> Decimal:
    """Turn ``3.5``, ``+3``, ``.5`` into a number; raises ValueError, whose text holds no value.

    With ``decimal_comma`` (a setting of the sender) ``3,5`` is read too, and ``1.234`` is refused: it may be a
    thousand.
    """
    text = text.strip(" ")
    if len(text) > _LENGTH_LIMIT:
        raise ValueError("a number is too long")
    if decimal_comma and _COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if not _POINT.fullmatch(text) or (decimal_comma and _THOUSANDS.fullmatch(text)):
        raise ValueError("not a decimal number")
    return Decimal(text)


def compared(comparator: str, number: Decimal) -> Interval:
    """Turn a comparator (``<``, ``>=`` or none) and its number into the interval they mean; raises ValueError."""
    match comparator:
        case "" | "=":
            return Interval.exactly(number)
        case "<" | "<=" | "≤":
            return Interval.below(number, inclusive=comparator != "<")
        case ">" | ">=" | "≥":
            return Interval.above(number, inclusive=comparator != ">")
    raise ValueError("not a comparator")


def between(low: Decimal, high: Decimal) -> Interval:
    """Turn the two ends of a range into an interval; raises ValueError when they are the wrong way round."""
    if low > high:
        raise ValueError("a range ends below its start")
    return Interval(low, high)


def plain_number(text: str) -> Interval | None:
    """Turn ``12`` or ``3.5`` into the interval that holds only it; None for all that takes a closer look."""
    if not _PLAIN.fullmatch(text):
        return None
    number = Decimal(text)
    return Interval(number, number)


def parse_interval(text: str, *, decimal_comma: bool = False) -> Interval:
    """Turn ``12``, ``<2.5``, ``>=3``, ``4-9`` into the interval it means; raises ValueError."""
    text = text.strip(" ")
    if not decimal_comma and (number := plain_number(text)):
        return number
    if ends := _RANGE.fullmatch(text):
        low, high = (parse_decimal(end, decimal_comma=decimal_comma) for end in ends.groups())
        return between(low, high)
    comparator = found[0] if (found := _COMPARATOR.match(text)) else ""
    return compared(comparator, parse_decimal(text[len(comparator) :], decimal_comma=decimal_comma))


@dataclass(frozen=True, slots=True)
class Size:
    """A lesion's measured axes in millimetres, in the order written."""

    axes: tuple[Decimal, ...]

    @property
    def long_axis(self) -> Decimal:
        """The largest axis, whichever the reader wrote first."""
        return max(self.axes)


def parse_size(text: str, unit: str = "", *, decimal_comma: bool = False) -> Size:
    """Turn ``4mmx6mm``, ``1.2 x 0.9 cm`` or ``23`` with its unit (OBX-6: mm or cm) into a size; raises ValueError.

    A unit written once holds for all axes; no unit at all, or units on some axes only that differ, is refused.
    """
    axes = [_AXIS.fullmatch(part.strip(" ")) for part in re.split(r"[x×*]", text.strip(" ").lower())]
    if len(axes) > 3 or not all(axes):
        raise ValueError("not a size")
    written = [axis[2] or "" for axis in axes if axis]
    stated = set(written) - {""} or {unit.lower()}
    if not stated <= MILLIMETRES.keys() or (len(stated) > 1 and "" in written):
        raise ValueError("a size has no unit of its own")
    fallback = min(stated)
    numbers = [parse_decimal(axis[1], decimal_comma=decimal_comma) for axis in axes if axis]
    return Size(tuple(n * MILLIMETRES[u or fallback] for n, u in zip(numbers, written, strict=True)))
