"""What a served resource is found by: its codes, its subject's identifiers, its status, its effective time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from adapter.fhir.resource import Resource
from adapter.store.codec import milliseconds, storable

CODE, IDENTIFIER = "code", "identifier"

FAR_PAST, FAR_FUTURE = -(2**53), 2**53
"""An open side of a period, in milliseconds: beyond every date that FHIR can write."""

TIMES = ("effective", "occurred", "performed")
PARTIAL_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


@dataclass(frozen=True, slots=True)
class Index:
    """The columns of a resource that searches use; ``starts`` and ``ends`` are None for what happens at no time."""

    status: str | None
    starts: int | None
    ends: int | None
    tokens: frozenset[tuple[str, str, str]]


def index(resource: Resource) -> Index:
    """Turn a resource into what it can be found by; an element that is not as FHIR has it is not indexed."""
    status = resource.get("status")
    starts, ends = _effective(resource)
    found = {*_codes(resource.get("code")), *_identifiers(resource)}
    tokens = frozenset((name, storable(system), storable(value)) for name, system, value in found)
    return Index(status if isinstance(status, str) else None, starts, ends, tokens)


def _codes(concept: Any) -> Iterator[tuple[str, str, str]]:
    for coding in _list(concept, "coding"):
        if isinstance(coding, dict) and isinstance(coding.get("code"), str):
            yield CODE, str(coding.get("system") or ""), coding["code"]


def _identifiers(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The patient's identifiers: of the subject by logical reference, or those of a Patient itself."""
    found = _list(resource, "identifier") if resource.get("resourceType") == "Patient" else []
    for reference in (resource.get("subject"), resource.get("patient")):
        found += [reference["identifier"]] if isinstance(reference, dict) and "identifier" in reference else []
    for identifier in found:
        if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
            yield IDENTIFIER, str(identifier.get("system") or ""), identifier["value"]


def _list(holder: Any, name: str) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return list(found) if isinstance(found, list) else []


def _effective(resource: Resource) -> tuple[int | None, int | None]:
    for name in TIMES:
        period = resource.get(f"{name}Period")
        if isinstance(period, dict):
            starts, ends = _span(period.get("start")), _span(period.get("end"))
            return (starts[0] if starts else FAR_PAST), (ends[1] if ends else FAR_FUTURE)
        point = _span(resource.get(f"{name}DateTime") or resource.get(f"{name}Instant"))
        if point:
            return point
    return _span(resource.get("date")) or (None, None)


def _span(text: Any) -> tuple[int, int] | None:
    return _span_of(text) if isinstance(text, str) else None


@lru_cache(maxsize=64)
def _span_of(text: str) -> tuple[int, int] | None:
    """Turn a FHIR date or dateTime into its first and last millisecond; without a zone it is read as UTC.

    The lesions of a score are all of its two acquisitions.
    """
    try:
        return _partial(text) if PARTIAL_DATE.fullmatch(text) else _second(text)
    except ValueError:
        return None


def _partial(text: str) -> tuple[int, int]:
    year, month, day = (int(part) if part else None for part in PARTIAL_DATE.fullmatch(text).groups())  # type: ignore[union-attr]
    first = datetime(year or 1, month or 1, day or 1, tzinfo=UTC)
    if day:
        after = first + timedelta(days=1)
    elif month:
        after = (first + timedelta(days=31)).replace(day=1)
    else:
        after = first.replace(year=first.year + 1)
    return milliseconds(first), milliseconds(after) - 1


def _second(text: str) -> tuple[int, int]:
    time = datetime.fromisoformat(text)
    first = milliseconds(time if time.tzinfo else time.replace(tzinfo=UTC))
    return first, first if time.microsecond else first + 999
