"""A value of a result of ours as OBX-2 and OBX-5: the types that `datatypes.py` reads, written."""

from dataclasses import dataclass
from decimal import Decimal

from adapter.hl7v2.datatypes import Coded, Number, Text
from adapter.hl7v2.encoding import STANDARD
from adapter.hl7v2.escapes import escape
from adapter.scoring.lesion import Interval

_LONGEST_ST = 199


@dataclass(frozen=True, slots=True)
class Prose:
    """Text to be read as it stands, of any length (TX)."""

    text: str


Value = Number | Coded | Text | Prose


def field_of(value: Value | None, coded: str) -> tuple[str, str]:
    """Turn a value into its type (OBX-2) and its raw text (OBX-5); ``coded`` is the version's coded type, CE or CWE.

    A number that is one point is NM, any other SN; text is ST, and TX where it is longer than an ST may be (199).
    """
    if value is None:
        return "", ""
    if isinstance(value, Coded):
        return coded, triplet(value)
    if isinstance(value, Number):
        return _numeric(value.interval)
    is_long = isinstance(value, Prose) or len(value.text) > _LONGEST_ST
    return ("TX" if is_long else "ST"), escape(value.text, STANDARD)


def triplet(value: Coded) -> str:
    """Turn a code into ``code^text^system``, and into six components with its first alternate."""
    codings = (value, *value.alternates[:1])
    parts = [escape(part, STANDARD) for coding in codings for part in (coding.code, coding.text, coding.system)]
    return STANDARD.component.join(parts).rstrip(STANDARD.component)


def _numeric(interval: Interval) -> tuple[str, str]:
    low, high = interval.low, interval.high
    if low is not None and low == high:
        return "NM", _digits(low)
    if low is not None and high is not None:
        return "SN", STANDARD.component.join(["", _digits(low), "-", _digits(high)])
    if low is not None:
        return "SN", STANDARD.component.join([">" if interval.low_open else ">=", _digits(low)])
    if high is not None:
        return "SN", STANDARD.component.join(["<" if interval.high_open else "<=", _digits(high)])
    return "", ""


def _digits(number: Decimal) -> str:
    """NM knows no exponent (v2.5 section 2.A.47)."""
    return f"{number:f}"
