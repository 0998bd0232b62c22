"""R4 datatypes from values of the clinical core: Coding, CodeableConcept, Quantity, Range, Period, Reference."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from adapter.fhir.resource import Element, RenderError
from adapter.fhir.terminology import ACCESSION, UCUM, Code
from adapter.fhir.text import clean, exact
from adapter.scoring.lesion import Interval
from adapter.scoring.report import PetReport

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_FURTHEST_ZONE = timedelta(hours=14)


def concept(*codes: Code, text: str = "") -> Element:
    """Turn codes of one meaning, and words that say more than their displays, into a CodeableConcept."""
    element: Element = {"coding": [code.coding for code in codes]} if codes else {}
    return element | ({"text": clean(text)} if clean(text) else {})


def quantity(value: Decimal | int, unit: str, code: str) -> Element:
    """Turn a number and its UCUM unit into a Quantity; the number keeps its digits."""
    return {"value": value, "unit": unit, "system": UCUM, "code": code}


def interval_value(interval: Interval, unit: str, code: str) -> Element:
    """Turn an interval into ``valueQuantity`` (a point, or a comparator where one side is free) or ``valueRange``.

    A Range includes its ends (R4 datatypes, Range), so an open end of a range bounded on both sides is written as the
    end itself: the widest reading. An interval without any bound is no value and gives an empty element.
    """
    low, high = interval.low, interval.high
    if low is not None and high is not None:
        if interval.is_point:
            return {"valueQuantity": quantity(low, unit, code)}
        return {"valueRange": {"low": quantity(low, unit, code), "high": quantity(high, unit, code)}}
    if high is not None:
        return {"valueQuantity": _compared(quantity(high, unit, code), "<" if interval.high_open else "<=")}
    if low is not None:
        return {"valueQuantity": _compared(quantity(low, unit, code), ">" if interval.low_open else ">=")}
    return {}


def _compared(element: Element, comparator: str) -> Element:
    return {"value": element["value"], "comparator": comparator} | element


def count_value(least: int, most: int | None) -> Element:
    """Turn a number of lesions into ``valueInteger`` when it is exact, else a ``valueRange`` without high when open."""
    if most == least:
        return {"valueInteger": least}
    ends = {"low": quantity(least, "lesions", "1")}
    return {"valueRange": ends if most is None else ends | {"high": quantity(most, "lesions", "1")}}


def date_time(moment: datetime) -> str:
    """Turn a moment into an R4 dateTime: with a time only where its zone is known, else the date alone.

    R4 allows no time without a zone (datatypes, dateTime), and a zone is never guessed.
    """
    return moment.date().isoformat() if moment.utcoffset() is None else instant(moment, "dateTime")


def instant(moment: datetime, element: str) -> str:
    """Turn a moment with a zone into an R4 instant; raises RenderError when it has none."""
    offset = moment.utcoffset()
    if offset is None:
        raise RenderError(f"{element} has no time zone")
    if offset % timedelta(minutes=1) or abs(offset) > _FURTHEST_ZONE:
        moment = _in_utc(moment, element)
    return moment.isoformat().replace("+00:00", "Z")


def _in_utc(moment: datetime, element: str) -> datetime:
    """R4 writes a zone in whole minutes, at most 14 hours away; any other is the same moment in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise RenderError(f"{element} is beyond the calendar") from None


def effective(moments: Iterable[datetime | None]) -> Element:
    """Turn the acquisitions into ``effectivePeriod`` (two, in order), ``effectiveDateTime`` (one) or nothing."""
    known = [moment for moment in moments if moment is not None]
    if not known:
        return {}
    if len(known) == 1:
        return {"effectiveDateTime": _acquisition(known[0])}
    first, last = in_order(*known)
    return {"effectivePeriod": {"start": _acquisition(first), "end": _acquisition(last)}}


def _acquisition(moment: datetime) -> str:
    return moment.date().isoformat() if _is_day(moment) else date_time(moment)


def _is_day(moment: datetime) -> bool:
    """A report that gives the day alone is read as its first moment, and no one scans at midnight sharp."""
    return moment.utcoffset() is None or moment.time() == time.min


def in_order(one: datetime, other: datetime) -> tuple[datetime, datetime]:
    """Two acquisitions of which one is a day are ordered by their days."""
    if _is_day(one) or _is_day(other):
        return (other, one) if other.date() < one.date() else (one, other)
    return (other, one) if other < one else (one, other)


def oid_system(candidate: str) -> str | None:
    """Turn an OID as sent into the URI that FHIR writes; None when it is no OID."""
    return f"urn:oid:{candidate}" if _OID.fullmatch(candidate) else None


def assigned(kind: Element, value: str, authority: str, authority_oid: str = "") -> Element:
    """Turn a value that some authority assigned into an Identifier.

    ``system`` is the authority's OID, where it is known. A namespace (``HOSP``) is no URI: it stands in words, as
    ``assigner.display``.
    """
    system = oid_system(authority_oid) or oid_system(authority)
    words = clean(authority) or clean(authority_oid)
    element: Element = {"type": kind} if kind else {}
    element |= {"system": system} if system else {}
    element |= {"value": exact(value, "an identifier's value")}
    return element | ({"assigner": {"display": words}} if words else {})


def accession_identifier(report: PetReport) -> Element:
    """Turn a report's accession into an Identifier of type ACSN."""
    return _accession(report.accession, report.accession_authority)


@lru_cache(maxsize=16)
def _accession(accession: str, authority: str) -> Element:
    """The resources of one score name its two accessions about a hundred times."""
    return assigned(concept(ACCESSION), accession, authority)


def logical(kind: str, identifier: Element, display: str = "") -> Element:
    """Turn an Identifier into a logical Reference: it says which resource is meant, wherever it is kept."""
    element: Element = {"type": kind, "identifier": identifier}
    return element | ({"display": clean(display)} if clean(display) else {})


def literal(kind: str, its_id: str, identifier: Element) -> Element:
    """Turn one of our own resources into a Reference by id; its identifier is for servers that give other ids."""
    return {"reference": f"{kind}/{its_id}", "type": kind, "identifier": identifier}
