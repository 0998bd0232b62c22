"""FHIR dates and times: ``YYYY``, ``YYYY-MM``, ``YYYY-MM-DD`` or a time with its offset, no more precise than sent."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_PATTERN = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_MINUTES_OF_14_HOURS = 14 * 60


@dataclass(frozen=True, slots=True)
class FhirMoment:
    """A date or a time; parts that were not sent are the earliest possible.

    ``datetime`` is aware where the offset was sent. Of a month or a year ``names_day`` is no.
    """

    datetime: datetime
    names_day: bool


def parse_date_time(text: str) -> FhirMoment:
    """Turn a date, dateTime or instant (R4, datatypes) into a moment; raises ValueError, whose text holds no value.

    An instant's fraction is cut to microseconds. A time without an offset, which R4 forbids, is read without one.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        raise ValueError("not a date or time of FHIR")
    *parts, fraction, offset = match.groups()
    stated = [int(part) for part in parts if part is not None]
    year, month, day, hour, minute, second = (*stated, *(0, 1, 1, 0, 0, 0)[len(stated) :])
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    zone = _zone(offset) if offset else None
    try:
        moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone)
    except ValueError:
        raise ValueError("not a date of the calendar") from None
    return FhirMoment(moment, len(stated) > 2)


def _zone(offset: str) -> timezone:
    if offset == "Z":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[4:])
    if minutes > _MINUTES_OF_14_HOURS or int(offset[4:]) > 59:
        raise ValueError("not an offset from UTC")
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
