"""A resource is looked at twice before it leaves: by a JSON schema of R4 (structure) and by our own rules (meaning).

The schema is closed and names only the types that we render: what it does not know does not leave. It is made from the
models of fhir.resources, and tests hold both to the same judgement; building those models for each score took longer
than all else that is done for it (docs/adr/).
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jsonschema_rs import Draft7Validator, RegexOptions, ValidationError

from adapter.fhir.json_text import objects_of
from adapter.fhir.resource import RenderError, Resource
from adapter.fhir.semantics import complaints

_DEFINITIONS: dict[str, Resource] = json.loads(Path(__file__).with_name("r4.schema.json").read_text(encoding="utf-8"))[
    "definitions"
]

_ELEMENT_NAME = re.compile(r"[A-Za-z]{1,40}")


def check(resource: Resource) -> None:
    """Turn an unsound resource into a RenderError that names element and rule, never a value; a sound one into nothing.

    It is only looked at: decimals keep their digits, and the very dict goes on the wire.
    """
    try:
        complaint = _complaint(resource)
    except (KeyError, TypeError, RecursionError, ValueError, AttributeError):
        complaint = "the resource is of no R4 form"
    if complaint:
        raise RenderError(complaint)


def check_publication(resources: Iterable[Resource]) -> None:
    """Turn the resources of one score into nothing, or a RenderError; two of one type and id are refused too."""
    names = []
    for resource in resources:
        check(resource)
        names.append((resource["resourceType"], resource["id"]))
    if len(set(names)) != len(names):
        raise RenderError("two resources of one publication share type and id")


def _complaint(resource: Resource) -> str:
    objects = objects_of(resource)
    return _structure_complaint(resource) or next(complaints(resource, objects), "") or _entries_complaint(resource)


def _entries_complaint(resource: Resource) -> str:
    """The schema leaves open what a Bundle holds: each resource in it is looked at as if it came alone."""
    entries = resource.get("entry", ()) if resource["resourceType"] == "Bundle" else ()
    for number, entry in enumerate(entries):
        found = _complaint(entry["resource"]) if "resource" in entry else ""
        if found:
            return f"Bundle.entry[{number}].resource: {found}"
    return ""


def _structure_complaint(resource: Resource) -> str:
    """Only places and rules: an error's own text quotes the input, and a key may be the sender's."""
    kind = str(resource["resourceType"])
    validator = _validator(kind)
    if validator.is_valid(resource):
        return ""
    error: ValidationError = next(iter(validator.iter_errors(resource)))
    place = ".".join(_safe(part) for part in error.instance_path)
    return f"{kind}.{place}: {error.schema_path[-1]}"


@cache
def _validator(kind: str) -> Draft7Validator:
    """Compile one type when it is first needed; raises KeyError for one that we do not render."""
    if "resourceType" not in _DEFINITIONS[kind]["properties"]:
        raise KeyError
    schema = {"allOf": [{"$ref": f"#/definitions/{kind}"}], "definitions": _DEFINITIONS}
    return Draft7Validator(schema, validate_formats=True, pattern_options=RegexOptions())


def _safe(part: int | str) -> str:
    return str(part) if isinstance(part, int) or _ELEMENT_NAME.fullmatch(part) else "?"
