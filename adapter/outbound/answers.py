"""What a FHIR server's answer means: one table from status and issue codes to what is done about it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from adapter.delivery import LONGEST_PAUSE, Answer, DeliveryError
from adapter.fhir.bindings import REQUIRED_CODES
from adapter.fhir.json_text import from_json
from adapter.fhir.resource import JsonUnreadableError, Resource

LONGEST_RETRY_AFTER = LONGEST_PAUSE
"""A server that asks for more is asked again all the same: a slip of its clock must not silence us for a week."""
MOST_PLACES = 20
"""Issue codes and expressions that are kept of one answer."""

_SERVER_ID = re.compile(r"[A-Za-z0-9._-]{1,255}")
_EXPRESSION = re.compile(
    r"(Binary|Bundle|Device|DiagnosticReport|List|Observation|Patient|Provenance|http)"
    r"(\.[a-z][A-Za-z]{0,39}(\[[0-9]{1,4}\])?){0,12}"
)
"""The path of an element in what we send; a word or a number of another form may be a patient's."""
_ISSUE_CODES = REQUIRED_CODES["OperationOutcomeIssue", "code"]


class Verdict(Enum):
    """What is done about an answer."""

    OK = "ok"
    TRANSIENT = "transient"
    """Try again later."""
    PERMANENT = "permanent"
    """The same would be refused again: a person has to look."""
    CONFLICT = "conflict"
    """Somebody wrote, perhaps we: read back and compare."""
    AUTH = "auth"
    """The credentials are not taken: get new ones, once."""
    GONE = "gone"
    """There is no such resource (any more)."""


BY_STATUS: dict[int, Verdict] = {
    400: Verdict.PERMANENT,
    401: Verdict.AUTH,
    403: Verdict.PERMANENT,
    404: Verdict.GONE,
    405: Verdict.PERMANENT,
    406: Verdict.PERMANENT,
    409: Verdict.CONFLICT,
    410: Verdict.GONE,
    411: Verdict.PERMANENT,
    412: Verdict.CONFLICT,
    413: Verdict.PERMANENT,
    414: Verdict.PERMANENT,
    415: Verdict.PERMANENT,
    422: Verdict.PERMANENT,
    428: Verdict.PERMANENT,
    431: Verdict.PERMANENT,
    501: Verdict.PERMANENT,
}
"""Status -> verdict; any 2xx is OK, all else (3xx, 408, 425, 429, 5xx) is transient: we follow no redirect."""

BY_CODE: dict[str, Verdict] = {
    "transient": Verdict.TRANSIENT,
    "throttled": Verdict.TRANSIENT,
    "timeout": Verdict.TRANSIENT,
    "lock-error": Verdict.TRANSIENT,
    "incomplete": Verdict.TRANSIENT,
    "no-store": Verdict.TRANSIENT,
    "login": Verdict.AUTH,
    "expired": Verdict.AUTH,
    "conflict": Verdict.CONFLICT,
    "duplicate": Verdict.CONFLICT,
    "multiple-matches": Verdict.CONFLICT,
}
"""Issue code of an error -> verdict; it overrides a status that says permanent. No code makes a 5xx permanent: servers
answer 500 "invalid" for faults of their own, and age ends what never gets better."""


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """One answer: its status, its headers (lower case), and the FHIR resource in it, None where there is none."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    resource: Resource | None = None

    @property
    def version(self) -> str | None:
        """The version that ETag names (``W/"3"``), else that of the resource."""
        found = re.fullmatch(r'(?:W/)?"([^"]+)"', self.headers.get("etag", "").strip())
        if found:
            return found[1]
        meta = (self.resource or {}).get("meta")
        version = meta.get("versionId") if isinstance(meta, dict) else None
        return version if isinstance(version, str) else None

    def server_id(self, type_: str) -> str | None:
        """Give the id that the server gave a resource of this type: by Location, else by the body."""
        found = id_in_location(self.headers.get("location", ""), type_)
        if found is None and (self.resource or {}).get("resourceType") == type_:
            found = safe_id((self.resource or {}).get("id"))
        return found


def server_answer(status: int, headers: Mapping[str, str], body: bytes) -> ServerAnswer:
    """Turn what came over the wire into an answer; HTML, empty and broken bodies are answers without a resource."""
    lower = {name.lower(): value for name, value in headers.items()}
    return ServerAnswer(status, lower, body, _resource(body))


def _resource(body: bytes) -> Resource | None:
    try:
        found = from_json(body) if body.strip() else None
    except JsonUnreadableError:
        return None
    return found if found and isinstance(found.get("resourceType"), str) else None


def safe_id(value: Any) -> str | None:
    """Turn an id that a server gave into itself, or None for what could lead a URL elsewhere."""
    return value if isinstance(value, str) and _SERVER_ID.fullmatch(value) and set(value) != {"."} else None


def id_in_location(location: str, type_: str) -> str | None:
    """Turn a Location, absolute or relative, with or without version, into the id; its host is not looked at."""
    parts = location.split("?", maxsplit=1)[0].rstrip("/").split("/")
    if len(parts) > 2 and parts[-2] == "_history":
        parts = parts[:-2]
    return safe_id(parts[-1]) if len(parts) > 1 and parts[-2] == type_ else None


def classify(status: int, codes: Sequence[str] = (), *, is_fhir: bool = True) -> Verdict:
    """Turn status and the issue codes of errors into a verdict.

    ``is_fhir`` False: what answered may be a proxy's page, not the server; then nothing is refused for good.
    """
    if 200 <= status < 300:
        return Verdict.OK
    verdict = BY_STATUS.get(status, Verdict.TRANSIENT)
    if verdict in (Verdict.PERMANENT, Verdict.GONE) and not is_fhir:
        return Verdict.TRANSIENT
    if verdict is Verdict.PERMANENT:
        return next((BY_CODE[code] for code in codes if code in BY_CODE), verdict)
    return verdict


def verdict_of(answer: ServerAnswer) -> Verdict:
    """Turn an answer into its verdict; a page that is no FHIR is never OK: a proxy may answer 200 for anybody."""
    is_fhir = answer.resource is not None or not answer.body.strip()
    if not is_fhir and 200 <= answer.status < 300:
        return Verdict.TRANSIENT
    return classify(answer.status, error_codes(answer.resource), is_fhir=is_fhir)


def _issues(resource: Resource | None) -> list[dict[str, Any]]:
    if not resource or resource.get("resourceType") != "OperationOutcome":
        return []
    issues = resource.get("issue")
    return [issue for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []


def error_codes(outcome: Resource | None) -> tuple[str, ...]:
    """Turn an OperationOutcome into the R4 issue codes of its errors; anything else that it says is left out."""
    found = [issue.get("code") for issue in _issues(outcome) if issue.get("severity") in ("fatal", "error")]
    return tuple(code for code in found if isinstance(code, str) and code in _ISSUE_CODES)[:MOST_PLACES]


def _expressions(outcome: Resource | None) -> tuple[str, ...]:
    """Element paths only: an expression of another form may quote a value."""
    named = [issue.get("expression") for issue in _issues(outcome)]
    places = [place for places in named if isinstance(places, list) for place in places]
    return tuple(place for place in places if isinstance(place, str) and _EXPRESSION.fullmatch(place))[:MOST_PLACES]


def told(answer: ServerAnswer, rule: str = "") -> Answer:
    """Turn an answer into what may be kept of it."""
    return Answer(answer.status, error_codes(answer.resource), _expressions(answer.resource), rule)


def refusal(answer: ServerAnswer, rule: str = "") -> DeliveryError:
    """Turn an answer that is no success into what is raised for it."""
    permanent = verdict_of(answer) in (Verdict.PERMANENT, Verdict.GONE)
    return DeliveryError(told(answer, rule), permanent=permanent, retry_after=retry_after(answer))


def retry_after(answer: ServerAnswer) -> timedelta | None:
    """Turn ``Retry-After``, seconds or a date (by the server's own clock), into a wait; None where it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**6)), LONGEST_RETRY_AFTER)
    until, now = http_date(text), http_date(answer.headers.get("date", "")) or datetime.now(UTC)
    if until is None:
        return None
    return max(timedelta(0), min(until - now, LONGEST_RETRY_AFTER))


def http_date(text: str) -> datetime | None:
    """Turn an HTTP date into a time, None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
