"""The rules of R4 and of our own profiles that no JSON schema can hold, each with its name in its complaint."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import SCORE_PROFILE


def complaints(resource: Resource) -> Iterator[str]:
    """Turn a resource of sound structure into what is wrong with it, place and rule, never a value."""
    kind = str(resource["resourceType"])
    fault = _fault(resource) if _has_order(resource) else ""
    if fault:
        yield kind + fault
    if kind == "Observation":
        yield from _observation_rules(resource, kind)
    if kind == "Bundle":
        yield from _bundle_rules(resource)


def _has_order(resource: Resource) -> bool:
    """Is there an element with a beginning and an end at all? Few have one, and this walk is a quick one."""
    level: list[Any] = [resource]
    while level:
        inner: list[Any] = []
        for item in level:
            if type(item) is dict:
                if "low" in item or "start" in item:
                    return True
                inner += item.values()
            else:
                inner += item
        level = [item for item in inner if not isinstance(item, str | int | Decimal | None)]
    return False


def _fault(value: Any) -> str:
    """Walk all objects once; a fault comes back with its place, put together on the way out."""
    if isinstance(value, dict):
        fault = next(_order_rules(value), "") if "low" in value or "start" in value else ""
        return fault or _inner_fault(value.items(), ".{}")
    return _inner_fault(enumerate(value), "[{}]")


def _inner_fault(values: Iterable[tuple[Any, Any]], place: str) -> str:
    for name, inner in values:
        if isinstance(inner, dict | list | tuple) and (fault := _fault(inner)):
            return place.format(name) + fault
    return ""


def _order_rules(element: Element) -> Iterator[str]:
    if "low" in element and "high" in element and element["low"]["value"] > element["high"]["value"]:
        yield ": rng-2, low above high"
    if "start" in element and "end" in element and _is_reversed(element["start"], element["end"]):
        yield ": per-1, start after end"


def _is_reversed(start: str, end: str) -> bool:
    """A date is a whole day: beside it a dateTime is judged by its own date alone."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if first.tzinfo and last.tzinfo:
        return first > last
    return first.date() > last.date()


def _observation_rules(observation: Resource, place: str) -> Iterator[str]:
    yield from _value_rules(observation, place)
    own = _codings(observation.get("code", {}))
    for number, component in enumerate(observation.get("component", ())):
        here = f"{place}.component[{number}]"
        yield from _value_rules(component, here)
        if not _has_answer(component):
            yield f"{here}: neither a value nor a dataAbsentReason"
        if own & _codings(component.get("code", {})):
            yield f"{here}.code: obs-7, the Observation's own code"
    if SCORE_PROFILE in observation.get("meta", {}).get("profile", ()) and not _has_answer(observation):
        yield f"{place}: netpet-1, neither a grade nor a dataAbsentReason"


def _value_rules(element: Element, place: str) -> Iterator[str]:
    if _has_value(element) and "dataAbsentReason" in element:
        yield f"{place}.dataAbsentReason: obs-6, beside a value"


def _has_answer(element: Element) -> bool:
    return _has_value(element) or "dataAbsentReason" in element


def _has_value(element: Element) -> bool:
    return any([name.startswith("value") for name in element])  # noqa: C419 - a list is made faster than a generator


def _codings(concept: Element) -> set[tuple[str, str]]:
    return {(coding.get("system", ""), coding.get("code", "")) for coding in concept.get("coding", ())}


def _bundle_rules(bundle: Resource) -> Iterator[str]:
    addresses = [entry["fullUrl"] for entry in bundle.get("entry", ()) if "fullUrl" in entry]
    if len(set(addresses)) != len(addresses):
        yield "Bundle.entry.fullUrl: bdl-7, not unique"
