"""HL7 timestamps: ``YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]``, no more precise than sent."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from enum import Enum
from functools import lru_cache

_PATTERN = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:\.([0-9]{1,6}))?)?)?)?)?)?"
    r"(?:([+-])([0-9]{2})([0-9]{2}))?"
)


class Precision(Enum):
    """The smallest part that a timestamp states."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"
    FRACTION = "fraction"


_PRECISIONS = tuple(Precision)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time; parts below ``precision`` are the earliest possible. Without ``zone_known`` it is local time.

    ``datetime`` is aware when the zone was sent, or when the reader gave the sender's own zone; else it is naive.
    """

    datetime: datetime
    precision: Precision
    zone_known: bool


def parse_timestamp(text: str, *, zone: tzinfo | None = None) -> Moment:
    """Turn an HL7 DT, DTM or TS into a moment; raises ValueError, whose text holds no value.

    ``zone`` is the sender's own time zone for texts without an offset.
    """
    match = _PATTERN.fullmatch(text.strip(" "))
    if not match:
        raise ValueError("not an HL7 timestamp")
    *parts, fraction, sign, hours, minutes = match.groups()
    stated = [int(part) for part in parts if part is not None]
    year, month, day, hour, minute, second = (*stated, *(0, 1, 1, 0, 0, 0)[len(stated) :])
    microsecond = int((fraction or "").ljust(6, "0"))
    offset = _offset(sign, hours, minutes) if sign else zone
    try:
        moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=offset)
    except ValueError:
        raise ValueError("not a date of the calendar") from None
    return Moment(moment, _PRECISIONS[len(stated) - 1 + bool(fraction)], bool(sign))


@lru_cache(maxsize=128)
def _offset(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > timedelta(hours=14) or int(minutes) > 59:
        raise ValueError("not an offset from UTC")
    return timezone(-offset if sign == "-" else offset)
