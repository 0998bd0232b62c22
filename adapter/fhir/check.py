"""A resource is looked at twice before it leaves: by fhir.resources (structure) and by our own rules (meaning)."""

import re
from collections.abc import Iterable

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from adapter.fhir.resource import RenderError, Resource
from adapter.fhir.semantics import complaints

_ELEMENT_NAME = re.compile(r"[A-Za-z]{1,40}")


def check(resource: Resource) -> None:
    """Turn an unsound resource into a RenderError that names element and rule, never a value; a sound one into nothing.

    Built with R4B, which equals R4 for every resource that we send; its top-level import would be R5. What was built
    is thrown away: it has lost digits, and only the dict goes on the wire.
    """
    kind = resource.get("resourceType")
    try:
        get_fhir_model_class(kind).model_validate(resource)
        complaint = next(complaints(resource), None)
    except ValidationError as error:
        complaint = _structure_complaint(str(kind), error)
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


def _structure_complaint(kind: str, error: ValidationError) -> str:
    """Only places and kinds of error: pydantic's messages may quote the input, and a key may be the sender's."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(_safe(part) for part in first["loc"])
    return f"{_safe(kind)}.{place}: {first['type']}"


def _safe(part: int | str) -> str:
    return str(part) if isinstance(part, int) or _ELEMENT_NAME.fullmatch(part) else "?"
