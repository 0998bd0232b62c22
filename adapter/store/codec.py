"""How a value becomes a column and comes back the same: times, texts, reports, JSON with all its digits."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from adapter.fhir.json_text import to_json, to_json_again
from adapter.outcome import AdapterError, Place
from adapter.scoring.report import PetReport

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

_REPORT = TypeAdapter(PetReport)
_PLACE = TypeAdapter(Place)


class ReportNotKeepableError(AdapterError):
    """A report would not come back from the store as it went in (a number that is none, for one): it is not stored."""


def milliseconds(time: datetime) -> int:
    """Turn an aware time into whole milliseconds since 1970 UTC; raises TypeError for a time without a zone."""
    return (time - EPOCH) // MILLISECOND


def moment(value: int) -> datetime:
    """Turn milliseconds since 1970 back into a time in UTC."""
    return EPOCH + timedelta(milliseconds=value)


def moment_or_none(value: int | None) -> datetime | None:
    """Turn an optional column of milliseconds into a time in UTC."""
    return None if value is None else moment(value)


def storable(text: str) -> str:
    """Turn a sender's text into one that every database takes: NUL and stray bytes are spelled out."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def report_to_text(report: PetReport) -> str:
    """Turn a report into JSON and prove that it comes back; raises ReportNotKeepableError."""
    try:
        text = _REPORT.dump_json(report).decode()
        same = report_from_text(text) == report
    except ValueError:
        same = False
    if not same:
        raise ReportNotKeepableError("the report holds a value that cannot be stored faithfully")
    return text


def report_from_text(text: str) -> PetReport:
    """Turn a stored report back into the very report that was read."""
    return _REPORT.validate_json(text)


def place_to_text(place: Place) -> str:
    """Turn a place into JSON."""
    return _PLACE.dump_json(place).decode()


def place_from_text(text: str) -> Place:
    """Turn a stored place back."""
    return _PLACE.validate_json(text)


def dump(value: Any) -> str:
    """Turn JSON values and Decimals into JSON text that keeps every digit; raises RenderError for anything else."""
    return to_json(value).decode()


def dump_again(value: Any) -> str:
    """Turn what was dumped, or digested, before into JSON text once more."""
    return to_json_again(value).decode()


def load(text: str) -> Any:
    """Turn stored JSON text into values; a number with a point comes back as a Decimal with all its digits."""
    return json.loads(text, parse_float=Decimal)
