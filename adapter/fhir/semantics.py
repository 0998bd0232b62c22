"""The rules of R4 and of our own profiles that fhir.resources does not hold, each with its name in its complaint."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from adapter.fhir.bindings import REFERENCE_TARGETS, REQUIRED_CODES
from adapter.fhir.resource import Element, Resource
from adapter.fhir.terminology import SCORE_PROFILE
from adapter.fhir.text import XHTML, is_visible

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_NARRATIVE = re.compile(rf'<div xmlns="{re.escape(XHTML)}">(?:</?(?:p|ul|li)>|[^<>])*</div>')
_RESOURCE_TYPE = re.compile(r"([A-Z][A-Za-z]+)/")


def complaints(resource: Resource) -> Iterator[str]:
    """Turn a resource into what is wrong with it, place and rule, never a value; nothing when it is sound."""
    kind = str(resource.get("resourceType"))
    yield from _element_rules(resource, kind, kind)
    yield from _resource_rules(resource, kind)
    if kind == "Bundle":
        yield from _bundle_rules(resource)


def _resource_rules(resource: Resource, place: str) -> Iterator[str]:
    if "id" in resource and not _ID.fullmatch(str(resource["id"])):
        yield f"{place}.id: not an R4 id"
    if "text" in resource and not _NARRATIVE.fullmatch(str(resource["text"].get("div"))):
        yield f"{place}.text.div: XHTML of another form than ours"
    if resource.get("resourceType") == "Observation":
        yield from _observation_rules(resource, place)


def _element_rules(value: Any, owner: str, place: str) -> Iterator[str]:
    """Walk everything once; ``owner`` is the name of the element (or resource) that holds the value."""
    if isinstance(value, dict):
        yield from _object_rules(value, owner, place)
    elif isinstance(value, list | tuple):
        if not value:
            yield f"{place}: empty"
        for number, item in enumerate(value):
            yield from _element_rules(item, owner, f"{place}[{number}]")
    elif isinstance(value, str):
        if not value.strip() or not is_visible(value):
            yield f"{place}: blank, or with characters that no string may hold"
    elif value is None or isinstance(value, float):
        yield f"{place}: null or a binary float"


def _object_rules(element: Element, owner: str, place: str) -> Iterator[str]:
    if not element:
        yield f"{place}: empty"
    owner = str(element.get("resourceType", owner))
    yield from _order_rules(element, place)
    for name, value in element.items():
        here = f"{place}.{name}"
        if isinstance(value, str) and value not in REQUIRED_CODES.get((owner, name), (value,)):
            yield f"{here}: not a code of the required value set"
        if (owner, name) in REFERENCE_TARGETS:
            yield from _reference_rules(value, REFERENCE_TARGETS[owner, name], here)
        yield from _element_rules(value, name, here)


def _order_rules(element: Element, place: str) -> Iterator[str]:
    low, high = element.get("low"), element.get("high")
    if isinstance(low, dict) and isinstance(high, dict) and low["value"] > high["value"]:
        yield f"{place}: rng-2, low above high"
    if "start" in element and "end" in element and _is_reversed(element["start"], element["end"]):
        yield f"{place}: per-1, start after end"


def _is_reversed(start: str, end: str) -> bool:
    """A date is a whole day: beside it a dateTime is judged by its own date alone."""
    first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    if first.tzinfo and last.tzinfo:
        return first > last
    return first.date() > last.date()


def _reference_rules(value: Any, targets: frozenset[str], place: str) -> Iterator[str]:
    for reference in value if isinstance(value, list | tuple) else [value]:
        match = _RESOURCE_TYPE.match(reference.get("reference", ""))
        named = {kind for kind in (reference.get("type"), match[1] if match else None) if kind}
        if not named <= targets:
            yield f"{place}: points to a type that R4 does not allow here"


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
    return any(name.startswith("value") for name in element)


def _codings(concept: Element) -> set[tuple[str, str]]:
    return {(coding.get("system", ""), coding.get("code", "")) for coding in concept.get("coding", ())}


def _bundle_rules(bundle: Resource) -> Iterator[str]:
    entries = bundle.get("entry", ())
    addresses = [entry["fullUrl"] for entry in entries if "fullUrl" in entry]
    if len(set(addresses)) != len(addresses):
        yield "Bundle.entry.fullUrl: bdl-7, not unique"
    for number, entry in enumerate(entries):
        if "resource" in entry:
            yield from _resource_rules(entry["resource"], f"Bundle.entry[{number}].resource")
