"""Makes the JSON schema by which resources are checked before they leave: ``python tests/fhir_schema.py``.

Cardinalities, required elements and choices come from the models of fhir.resources; the required value sets and what a
Reference may point to from ``adapter/fhir/bindings.py``; the forms of primitive types from R4 4.0.1 (datatypes).
"""

import json
import types
import typing
from pathlib import Path

from fhir.resources.R4B import get_fhir_model_class

from adapter.fhir.bindings import REFERENCE_TARGETS, REQUIRED_CODES

FILE = Path(__file__).parent.parent / "adapter" / "fhir" / "r4.schema.json"

RESOURCES = (
    "Bundle",
    "CapabilityStatement",
    "CodeSystem",
    "Device",
    "DiagnosticReport",
    "List",
    "Observation",
    "OperationOutcome",
    "Patient",
    "Provenance",
    "StructureDefinition",
    "ValueSet",
)
"""What this program renders. Anything else is of no known form."""

LEFT_OUT = {"fhir_comments", "contained", "implicitRules", "modifierExtension"}
"""Elements that R4 has everywhere and that we never send: each would say something that no reader may overlook."""

KEPT_CHOICES = {
    "Boolean",
    "Code",
    "CodeableConcept",
    "Coding",
    "DateTime",
    "Decimal",
    "Identifier",
    "Integer",
    "Period",
    "Quantity",
    "Range",
    "Reference",
    "String",
    "Uri",
}
"""Of an element that may have any type, or many (``Extension.value[x]``): those that we send."""

BAD = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufffe\\uffff"
"""Characters that no text of ours holds (``text.py``): controls, direction overrides, noncharacters."""
VISIBLE = f"^[^{BAD}]*[^\\s{BAD}][^{BAD}]*$"

_DAY = "(0[1-9]|[12][0-9]|3[01])"
_DATE = f"[0-9]{{4}}(-(0[1-9]|1[0-2])(-{_DAY})?)?"
_ZONED = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
_PARTIAL = {"pattern": "^[0-9]{4}(-(0[1-9]|1[0-2]))?$"}
_WHOLE_NUMBER = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
XHTML = '^<div xmlns="http://www\\.w3\\.org/1999/xhtml">(</?(p|ul|li)>|[^<>])*</div>$'


def _text(pattern, **more):
    return {"type": "string", "pattern": pattern, **more}


PRIMITIVES = {
    "Boolean": {"type": "boolean"},
    "Decimal": {"type": "number"},
    "Integer": _WHOLE_NUMBER,
    "PositiveInt": _WHOLE_NUMBER | {"minimum": 1},
    "UnsignedInt": _WHOLE_NUMBER | {"minimum": 0},
    "EncodedBytes": _text("^[0-9a-zA-Z+/=\\s]+$"),
    "Canonical": _text("^[^\\s]+$", allOf=[{"$ref": "#/definitions/string"}]),
    "Code": _text("^[^\\s]+([\\s]?[^\\s]+)*$", allOf=[{"$ref": "#/definitions/string"}]),
    "Date": _text(f"^{_DATE}$", anyOf=[_PARTIAL, {"format": "date"}]),
    "DateTime": _text(f"^{_DATE}$|^{_DATE}{_ZONED}$", anyOf=[_PARTIAL, {"format": "date"}, {"format": "date-time"}]),
    "Id": _text("^[A-Za-z0-9.-]{1,64}$"),
    "Instant": _text(f"^[0-9]{{4}}-(0[1-9]|1[0-2])-{_DAY}{_ZONED}$", format="date-time"),
    "Markdown": {"$ref": "#/definitions/string"},
    "Oid": _text("^urn:oid:[0-2](\\.(0|[1-9][0-9]*))+$"),
    "String": _text(VISIBLE),
    "Time": _text("^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?$"),
    "Uri": _text("^[^\\s]+$", allOf=[{"$ref": "#/definitions/string"}]),
    "Url": _text("^[^\\s]+$", allOf=[{"$ref": "#/definitions/string"}]),
    "Uuid": _text("^urn:uuid:[0-9a-f-]{36}$"),
    "Xhtml": _text(XHTML, allOf=[{"$ref": "#/definitions/string"}]),
}
"""Name of a primitive type -> what its values are; a year, a month and a day are as far apart as a calendar has it."""


def make():
    """Turn the models into one draft-07 schema: a definition a type, the resources named by ``resourceType``."""
    schema = _Schema()
    for name in RESOURCES:
        schema.add(name)
    found = {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": schema.definitions}
    return found | {"oneOf": [{"$ref": f"#/definitions/{name}"} for name in RESOURCES]}


def written():
    """Turn the schema into the text of its file: an element a line, so that a change shows as one."""
    return json.dumps(make(), indent=1, sort_keys=True, ensure_ascii=True) + "\n"


class _Schema:
    def __init__(self):
        self.definitions = {}

    def add(self, name):
        """Turn a type's name into its definition, and those of all types in it."""
        if name in self.definitions:
            return
        self.definitions[name] = {}
        model = get_fhir_model_class(name)
        fields = {field.alias: field for field in model.model_fields.values() if self._is_kept(field)}
        resource = {"resourceType": {"const": name}} if name in RESOURCES else {}
        required = [name for name, field in fields.items() if _is_required(field)]
        definition = {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": resource | {alias: self._element(name, alias, field) for alias, field in fields.items()},
            "required": sorted([*resource, *required]),
        }
        choices = list(_choices(fields))
        self.definitions[name] = definition | ({"allOf": choices} if choices else {})

    def _is_kept(self, field):
        return field.alias not in LEFT_OUT and not field.alias.startswith("_") and _is_choice_kept(field)

    def _element(self, owner, alias, field):
        kind, many = _kind(field.annotation)
        one = self._value(owner, alias, kind)
        return {"type": "array", "minItems": 1, "items": one} if many else one

    def _value(self, owner, alias, kind):
        if (owner, alias) in REQUIRED_CODES:
            return {"enum": sorted(REQUIRED_CODES[owner, alias])}
        if kind in PRIMITIVES:
            self._add_primitive("String")
            return self._add_primitive(kind)
        if kind == "Resource":
            return {"type": "object", "required": ["resourceType"]}
        self.add(kind)
        reference = {"$ref": f"#/definitions/{kind}"}
        targets = REFERENCE_TARGETS.get((owner, alias))
        return reference if targets is None else {"allOf": [reference, _points_to(targets)]}

    def _add_primitive(self, kind):
        name = kind[0].lower() + kind[1:]
        self.definitions[name] = PRIMITIVES[kind]
        return {"$ref": f"#/definitions/{name}"}


def _points_to(targets):
    """A Reference names its type in ``type``, in a relative ``reference``, in both, or not at all."""
    names = "|".join(sorted(targets))
    relative = {"pattern": f"^(({names})/|[^A-Z]|[A-Z][A-Za-z]*([^A-Za-z/]|$))"}
    return {"properties": {"type": {"enum": sorted(targets)}, "reference": relative}}


def _kind(annotation):
    """Turn a field's annotation into the name of its FHIR type, and whether it repeats."""
    many = False
    while typing.get_origin(annotation) in (typing.Union, types.UnionType, list):
        many = many or typing.get_origin(annotation) is list
        annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
    if typing.get_origin(annotation) is not None:
        return type(annotation.__metadata__[0]).__name__, many
    if annotation is bool:
        return "Boolean", many
    if hasattr(annotation, "_model_klass"):
        return annotation._model_klass.rsplit(".", 1)[1], many
    return annotation.__name__.removesuffix("Type"), many


def _facts(field):
    return field.json_schema_extra or {}


def _is_required(field):
    return field.is_required() or bool(_facts(field).get("element_required"))


def _is_choice_kept(field):
    """Only where any type may stand, or many, are the types counted."""
    group = _facts(field).get("one_of_many")
    return group not in ("value", "defaultValue", "fixed", "pattern") or _kind(field.annotation)[0] in KEPT_CHOICES


def _choices(fields):
    """Of the names of one choice at most one is there; exactly one where R4 requires it."""
    groups = {}
    for name, field in fields.items():
        if "one_of_many" in _facts(field):
            groups.setdefault((_facts(field)["one_of_many"], _facts(field)["one_of_many_required"]), []).append(name)
    for (_, required), names in sorted(groups.items()):
        each = [{"required": [name]} for name in sorted(names)]
        yield {"oneOf": each if required else [*each, {"not": {"anyOf": each}}]}


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
