"""The three gates that a resource passes before it may leave: fhir.resources, the R4 schema, our profiles (pyrofile).

Each turns a resource into the faults that it finds; the profile gate leaves out what is listed in ``NOT_FAULTS``.
"""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError
from pyrofile_validator import ValidationIssue, Validator
from pyrofile_validator.config import ValidatorConfig

from adapter.fhir.bindings import REQUIRED_CODES
from adapter.fhir.check import check
from adapter.fhir.code_systems import code_systems
from adapter.fhir.json_text import to_json
from adapter.fhir.profiles import profiles, value_sets
from adapter.fhir.resource import RenderError

Json = dict[str, Any]

NOT_FAULTS = {
    ("profile.pattern", "Observation.code"): lambda code: "text" in code or "display" in code["coding"][0],
    ("terminology.required", "Observation.status"): REQUIRED_CODES["Observation", "status"].__contains__,
    ("terminology.required", "DiagnosticReport.status"): REQUIRED_CODES["DiagnosticReport", "status"].__contains__,
    ("terminology.required", "CapabilityStatement.format[0]"): lambda formats: formats == ["application/fhir+json"],
}
"""Issue and place -> whether the element there is sound nevertheless; each was looked at.

A pattern is compared as if it were fixed, so a text or a display counts as a difference; the same pattern is judged
rightly under ``profile.element.pattern``. Its lists of a status end after the first codes. It takes the MIME type of
FHIR itself for none.
"""


def model_faults(resource: Json) -> list[str]:
    """What fhir.resources R4B finds: places and kinds."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except (ValidationError, KeyError) as error:
        return [str(error)]
    entries = [entry["resource"] for entry in resource.get("entry", ()) if isinstance(entry.get("resource"), dict)]
    return [fault for inner in entries for fault in model_faults(inner)]


def schema_faults(resource: Json) -> list[str]:
    """What the check at run time finds: the R4 schema by jsonschema-rs, and the rules beside it."""
    try:
        check(resource)
    except RenderError as error:
        return [str(error)]
    return []


def profile_faults(resource: Json) -> list[str]:
    """What the profile validator finds with our profiles, value sets and code systems; of severity error."""
    issues = _validator().validate_resource(json.loads(to_json(resource))).issues
    inner = [entry["resource"] for entry in resource.get("entry", ()) if "resource" in entry]
    named = {(one["resourceType"], one.get("id")): one for one in inner}
    errors = [issue for issue in issues if issue.severity.value == "error"]
    return [
        f"{issue.code} at {issue.path}"
        for issue in errors
        if not _is_none(issue, named.get((issue.resource_type, issue.resource_id), resource))
    ]


GATES = {"fhir.resources": model_faults, "schema": schema_faults, "profiles": profile_faults}


def faults(resource: Json) -> list[str]:
    """What any gate finds in a resource, with its name before it."""
    return [f"{name}: {fault}" for name, gate in GATES.items() for fault in gate(resource)]


def _is_none(issue: ValidationIssue, resource: Json) -> bool:
    is_sound = NOT_FAULTS.get((issue.code, issue.path or ""))
    element = (issue.path or "").partition(".")[2].partition("[")[0]
    return is_sound is not None and is_sound(resource[element])


@cache
def _validator() -> Validator:
    """It reads definitions from files once, when it is made; it asks nobody on a network."""
    with tempfile.TemporaryDirectory() as place:
        for resource in (*map(_with_urls, profiles()), *value_sets(), *code_systems()):
            name = f"{resource['resourceType']}-{resource['id']}.json"
            (Path(place) / name).write_bytes(to_json(resource))
        # An extension is known by its definition, and R4's are not in the package: HAPI's validator judges them.
        return Validator(ValidatorConfig(local_package_paths=[place], allow_unknown_extensions=True))


def _with_urls(profile: Json) -> Json:
    """A profile that says of each extension which address it has, as a snapshot would."""
    elements = []
    for element in profile["differential"]["element"]:
        elements.append(element)
        for url in [url for kind in element.get("type", ()) for url in kind.get("profile", ())]:
            names = {name: f"{element[name]}.url" for name in ("id", "path")}
            elements.append(names | {"min": 1, "max": "1", "fixedUri": url})
    return profile | {"differential": {"element": elements}}
