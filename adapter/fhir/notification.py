"""What a notification Bundle of Subscriptions R5 Backport says: events with their numbers, and signs of life."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.fhir.receipts import report_ids
from adapter.fhir.resource import Element, Resource

NOTIFICATIONS = frozenset({"history", "subscription-notification"})
EVENTS = frozenset({"event-notification", "query-event"})
KINDS = EVENTS | {"handshake", "heartbeat", "query-status"}
"""SubscriptionStatus.type (Subscriptions R5 Backport 1.1)."""
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number (None: not stated) and the reports it is about; none where content is ``empty``."""

    number: int | None
    reports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification: its type, the subscription's id and status as stated, how many events there were so far."""

    kind: str
    subscription: str = ""
    status: str = ""
    count: int | None = None
    events: tuple[Event, ...] = ()


def notification(bundle: Resource) -> Notification | None:
    """Turn a Bundle whose first entry is a SubscriptionStatus, in R4 as Parameters, into what it says; else None."""
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in NOTIFICATIONS:
        return None
    entries = bundle.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    status = first.get("resource") if isinstance(first, dict) else None
    if not isinstance(status, dict):
        return None
    if status.get("resourceType") == "Parameters":
        return _of_parameters(status)
    return _of_status(status) if status.get("resourceType") == "SubscriptionStatus" else None


def _of_parameters(parameters: Resource) -> Notification | None:
    parts = list(_elements(parameters.get("parameter")))
    kind = _text(_value(parts, "type"))
    if kind not in KINDS:
        return None
    events = [
        _event(_value(inner, "event-number"), [_value(inner, "focus")])
        for inner in (list(_elements(part.get("part"))) for part in parts if part.get("name") == "notification-event")
    ]
    return Notification(
        kind,
        _subscription(_value(parts, "subscription")),
        _text(_value(parts, "status")),
        _number(_value(parts, "events-since-subscription-start")),
        tuple(events),
    )


def _of_status(status: Resource) -> Notification | None:
    kind = _text(status.get("type"))
    if kind not in KINDS:
        return None
    events = [
        _event(event.get("eventNumber"), [event.get("focus")]) for event in _elements(status.get("notificationEvent"))
    ]
    return Notification(
        kind,
        _subscription(status.get("subscription")),
        _text(status.get("status")),
        _number(status.get("eventsSinceSubscriptionStart")),
        tuple(events),
    )


def _event(number: Any, focuses: list[Any]) -> Event:
    references = [focus["reference"] for focus in focuses if isinstance(focus, dict) and "reference" in focus]
    return Event(_number(number), report_ids([one for one in references if isinstance(one, str)]))


def _elements(value: Any) -> Iterator[Element]:
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _value(parts: list[Element], name: str) -> Any:
    """The value[x] of the first part of this name, whatever its type."""
    part: Element = next((one for one in parts if one.get("name") == name), {})
    return next((value for key, value in part.items() if key.startswith("value")), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _subscription(value: Any) -> str:
    reference = value.get("reference") if isinstance(value, dict) else value
    return _text(reference).rstrip("/").rpartition("/")[2]


def _number(value: Any) -> int | None:
    """R4 has no integer of 64 bits and writes a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST:
        return None
    return value
