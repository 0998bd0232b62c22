"""A date as a search writes it to the time that it covers (R4, search: date)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapter.fhir.resource_filter import Span
from adapter.web.faults import Fault, RefusedError
from adapter.web.query_text import Parameter

_DATE = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>Z|[+ -]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_PREFIXES = ("eq", "ge", "gt", "le", "lt", "sa", "eb")
_FURTHEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Covered:
    """The time that a written date covers, from ``first`` on and before ``after``; None is the end of the calendar."""

    prefix: str
    first: datetime
    after: datetime | None


def covered(parameter: Parameter) -> Covered:
    """Turn ``ge2026-11`` into its prefix (``eq`` when there is none) and what it covers, in UTC.

    A time without a zone is read as UTC. A blank where the zone's sign belongs is a ``+`` that was not
    percent-encoded: no date has a blank there. Raises RefusedError for what is no date and for ``ne`` and ``ap``.
    """
    match = _DATE.fullmatch(parameter.value)
    if match is None:
        raise _no_date(parameter)
    prefix = match["prefix"] or "eq"
    if prefix not in _PREFIXES:
        raise RefusedError(Fault.PARAMETER_UNSUPPORTED, f"the prefixes are {', '.join(_PREFIXES)}", parameter.name)
    try:
        return Covered(prefix, *_range({name: value for name, value in match.groupdict().items() if value}))
    except (ValueError, OverflowError):
        raise _no_date(parameter) from None


def _no_date(parameter: Parameter) -> RefusedError:
    rule = "a date is YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.fff]] with Z or +hh:mm, after its prefix"
    return RefusedError(Fault.PARAMETER_INVALID, rule, parameter.name)


def _range(written: dict[str, str]) -> tuple[datetime, datetime | None]:
    number = {name: int(value) for name, value in written.items() if value.isdigit()}
    first = datetime(
        number["year"],
        number.get("month", 1),
        number.get("day", 1),
        number.get("hour", 0),
        number.get("minute", 0),
        number.get("second", 0),
        int(written.get("fraction", "0").ljust(3, "0")[:3]) * 1000,
        tzinfo=UTC,
    )
    try:
        after = _after(first, written)
    except (ValueError, OverflowError):
        return first, None
    offset = _offset(written.get("zone", "Z"))
    return first - offset, after - offset


def _after(first: datetime, written: dict[str, str]) -> datetime:
    """The moment after the last covered one: what is left unsaid is covered, and times are kept in milliseconds."""
    for name, step in (
        ("fraction", timedelta(milliseconds=1)),
        ("second", timedelta(seconds=1)),
        ("minute", timedelta(minutes=1)),
        ("day", timedelta(days=1)),
    ):
        if name in written:
            return first + step
    if "month" in written:
        return (first + timedelta(days=31)).replace(day=1)
    return first.replace(year=first.year + 1)


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    offset = timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or offset > _FURTHEST_ZONE:
        raise ValueError
    return -offset if zone[0] == "-" else offset


def span(date: Covered) -> Span:
    """Turn a date into bounds on when something begins and ends.

    ``eq`` holds what lies wholly inside. ``ge`` and ``le`` also hold what reaches into the date from the other side:
    a pair of scans that ended that day is found by it.
    """
    first, after = date.first, date.after
    return {
        "eq": Span(starts_from=first, ends_before=after),
        "ge": Span(ends_from=first),
        "gt": Span(ends_from=after),
        "le": Span(starts_before=after),
        "lt": Span(starts_before=first),
        "sa": Span(starts_from=after),
        "eb": Span(ends_before=first),
    }[date.prefix]


def leaves_nothing(date: Covered) -> bool:
    """Is it asked for what comes after the end of the calendar?"""
    return date.after is None and date.prefix in ("gt", "sa")
