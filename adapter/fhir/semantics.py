"""The rules of R4 and of our own profiles that no JSON schema can hold, each with its name in its complaint."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import SCORE_PROFILE

VALUES = frozenset(
    f"value{kind}"
    for kind in (
        *("Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "SampledData", "Time"),
        *("DateTime", "Period"),
    )
)
"""``value[x]`` of an Observation and of its components (R4, Observation)."""


def complaints(resource: Resource, objects: Iterable[Element]) -> Iterator[str]:
    """Turn a resource of sound structure, and all objects in it, into what is wrong with it: place and rule, no value.

    Hardly any resource has a fault: only one that has is walked through for its place.
    """
    kind = str(resource["resourceType"])
    if any(_is_reversed(element) for element in objects if "low" in element or "start" in element):
        yield kind + _fault(resource)
    if kind == "Observation":
        yield from _observation_rules(resource, kind)
    if kind == "Bundle":
        yield from _bundle_rules(resource)


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


def _is_reversed(element: Element) -> bool:
    return any(_order_rules(element))


def _order_rules(element: Element) -> Iterator[str]:
    if "low" in element and "high" in element and element["low"]["value"] > element["high"]["value"]:
        yield ": rng-2, low above high"
    if "start" in element and "end" in element and _ends_before(element["end"], element["start"]):
        yield ": per-1, start after end"


def _ends_before(end: str, start: str) -> bool:
    """A date is a whole day: beside it a dateTime is judged by its own date alone."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if first.tzinfo and last.tzinfo:
        return first > last
    return first.date() > last.date()


def _observation_rules(observation: Resource, place: str) -> Iterator[str]:
    own = _codings(observation)
    if _is_answered_twice(observation):
        yield f"{place}.dataAbsentReason: obs-6, beside a value"
    for number, component in enumerate(observation.get("component", ())):
        here = f"{place}.component[{number}]"
        if _is_answered_twice(component):
            yield f"{here}.dataAbsentReason: obs-6, beside a value"
        if not _has_answer(component):
            yield f"{here}: neither a value nor a dataAbsentReason"
        if not own.isdisjoint(_codings(component)):
            yield f"{here}.code: obs-7, the Observation's own code"
    if SCORE_PROFILE in observation.get("meta", {}).get("profile", ()) and not _has_answer(observation):
        yield f"{place}: netpet-1, neither a grade nor a dataAbsentReason"


def _is_answered_twice(element: Element) -> bool:
    return "dataAbsentReason" in element and not VALUES.isdisjoint(element)


def _has_answer(element: Element) -> bool:
    return "dataAbsentReason" in element or not VALUES.isdisjoint(element)


def _codings(element: Element) -> set[tuple[str, str]]:
    codings = element.get("code", {}).get("coding", ())
    return {(coding.get("system", ""), coding.get("code", "")) for coding in codings}


def _bundle_rules(bundle: Resource) -> Iterator[str]:
    addresses = [entry["fullUrl"] for entry in bundle.get("entry", ()) if "fullUrl" in entry]
    if len(set(addresses)) != len(addresses):
        yield "Bundle.entry.fullUrl: bdl-7, not unique"
