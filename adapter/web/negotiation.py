"""What a client wishes of the answer: its form (Accept, _format), and what becomes of unknown parameters (Prefer)."""

import re
from collections.abc import Iterable
from enum import Enum

from adapter.web.faults import Fault, RefusedError
from adapter.web.query_text import Parameter

_JSON = ("application/fhir+json", "application/json", "text/json")
_ANY = ("*/*", "application/*")
_FORMATS = ("json", *_JSON, "application/fhir json")
"""The last one is a + that was not percent-encoded (R4, http: servers should let it pass)."""
_HANDLING = re.compile(r"handling\s*=\s*\"?(strict|lenient)\"?", re.IGNORECASE)


class Handling(Enum):
    """What becomes of a search parameter that the server does not know."""

    STRICT = "strict"
    LENIENT = "lenient"
    UNSAID = "unsaid"


def preferred_handling(prefer: Iterable[str]) -> Handling:
    """Turn the ``Prefer`` headers (RFC 7240) into the wish that counts: the first one."""
    for preference in re.split("[,;]", ",".join(prefer)):
        match = _HANDLING.fullmatch(preference.strip())
        if match:
            return Handling(match[1].lower())
    return Handling.UNSAID


def require_json(accept: Iterable[str], given: Iterable[Parameter]) -> None:
    """Let pass who takes R4 as JSON; raises RefusedError for everyone else. ``_format`` goes before ``Accept``."""
    formats = [parameter.value for parameter in given if parameter.name == "_format"]
    ranges = ",".join(accept)
    if formats:
        acceptable = all(_is_ours(wish, _FORMATS) for wish in formats)
    else:
        acceptable = not ranges.strip() or any(_is_ours(wish, _JSON + _ANY) for wish in ranges.split(","))
    if not acceptable:
        rule = "answers are FHIR R4 in JSON: application/fhir+json"
        raise RefusedError(Fault.REPRESENTATION, rule, "_format" if formats else "")


def _is_ours(media_range: str, names: tuple[str, ...]) -> bool:
    name, *options = (part.strip().lower() for part in media_range.split(";"))
    settings = dict(option.split("=", 1) for option in options if "=" in option)
    version = settings.get("fhirversion", "4.0").strip('"')
    return name in names and version in ("4.0", "4.0.1") and not _is_zero(settings.get("q", "1"))


def _is_zero(quality: str) -> bool:
    return re.fullmatch(r"0(\.0*)?", quality) is not None
