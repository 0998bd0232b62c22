"""What one word means for one fact: the only way from a table, a constant or a text into the content model."""

import re
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial

from adapter.hl7v2.datatypes import parse_interval
from adapter.mapping.facts import Fact, Kind
from adapter.scoring.lesion import Count, Interval
from adapter.scoring.tracers import canonical_tracer

_UID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_UID_LENGTH = 64
"""DICOM PS3.5 section 9.1: a UID is at most 64 characters of digits and dots."""


def meaning(fact: Fact, word: str) -> object:
    """Turn a word into the fact's value; raises ValueError saying what the fact can be, never the word."""
    return meaning_of(fact)(word)


def meaning_of(fact: Fact) -> Callable[[str], object]:
    """Turn a fact into what turns its words into its values (`meaning`)."""
    match fact.kind:
        case Kind.WORD:
            return partial(_among, fact)
        case Kind.TRACER:
            return _tracer
        case Kind.KRENNING:
            return lambda word: krenning_of(parse_interval(word))
        case Kind.COUNT:
            return lambda word: count_of(parse_interval(word))
        case Kind.UID:
            return _uid
        case _:
            return str


def _among(fact: Fact, word: str) -> object:
    if word not in fact.words:
        raise ValueError(f"it is one of: {', '.join(fact.words)}")
    return fact.words[word]


def _tracer(name: str) -> str:
    known = canonical_tracer(name)
    if known is None:
        raise ValueError("it is a radiopharmaceutical that scoring knows by name, such as 68Ga-DOTATATE")
    return known


def _uid(text: str) -> str:
    if len(text) > _UID_LENGTH or not _UID.fullmatch(text):
        raise ValueError("it is a UID: digits and dots, at most 64")
    return text


def krenning_of(value: Interval) -> int:
    """Turn a number into the modified Krenning score; raises ValueError for what is not one of 0 to 4."""
    if value.low is None or not value.is_point or value.low not in range(5):
        raise ValueError("it is a whole number from 0 to 4")
    return int(value.low)


def count_of(value: Interval) -> Count:
    """Turn a number, range or comparator into how many lesions a row stands for; raises ValueError below one.

    An open end excludes its number: ``>2`` is three or more, ``<5`` one to four.
    """
    low = 1 if value.low is None else _whole(value.low, ROUND_CEILING, 1 if value.low_open else 0)
    high = None if value.high is None else _whole(value.high, ROUND_FLOOR, -1 if value.high_open else 0)
    if low < 1 or (high is not None and high < low):
        raise ValueError("it is a whole number of lesions, one or more")
    return Count(low, high)


def _whole(number: Decimal, rounding: str, step: int) -> int:
    whole = number.to_integral_value(rounding)
    if whole != number:
        raise ValueError("it is a whole number of lesions, one or more")
    return int(whole) + step
