"""The text of a query string or of a form to its parameters, strictly: no half-read search, no guessed character."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from adapter.fhir.text import is_visible
from adapter.web.faults import Fault, RefusedError

MAX_PARAMETERS = 64
"""Far more than any search has a use for."""

_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_UNESCAPED = ":/|,.-_~$"
"""What RFC 3986 lets a query hold as it is and FHIR's values are full of; quoting it would only hide it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as sent, decoded."""

    name: str
    value: str


def parameters(text: str) -> list[Parameter]:
    """Turn ``a=1&b=2`` (query string or form) into its parameters in their order.

    Raises RefusedError for anything but percent-encoded UTF-8, for characters that no FHIR string may hold, for a
    parameter without a name or a value, and for too many.
    """
    if not text.isascii() or _BROKEN_ESCAPE.search(text):
        raise RefusedError(Fault.REQUEST_UNREADABLE, "parameters are percent-encoded UTF-8")
    pieces = [piece for piece in text.split("&") if piece]
    if len(pieces) > MAX_PARAMETERS:
        raise RefusedError(Fault.REQUEST_UNREADABLE, f"at most {MAX_PARAMETERS} parameters are taken")
    return [_parameter(piece) for piece in pieces]


def _parameter(piece: str) -> Parameter:
    name, _, value = (_decoded(part) for part in piece.partition("="))
    if not name:
        raise RefusedError(Fault.REQUEST_UNREADABLE, "a parameter has no name")
    if not value.strip():
        raise RefusedError(Fault.PARAMETER_INVALID, "a parameter without a value says nothing", name)
    return Parameter(name, value)


def _decoded(part: str) -> str:
    try:
        text = unquote_to_bytes(part.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(Fault.REQUEST_UNREADABLE, "parameters are percent-encoded UTF-8") from None
    if not is_visible(text):
        raise RefusedError(Fault.REQUEST_UNREADABLE, "a parameter holds characters that no FHIR string may hold")
    return text


def query_text(given: list[Parameter]) -> str:
    """Turn parameters into a query string that ``parameters`` reads as the same."""
    return "&".join(f"{quote(one.name, safe=_UNESCAPED)}={quote(one.value, safe=_UNESCAPED)}" for one in given)
