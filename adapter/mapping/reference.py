"""The reference page of the forms, written from their models: every part, every key, what it may be, what it means."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from adapter.mapping.cases import CaseFile
from adapter.mapping.form import Mapping as MappingForm
from adapter.mapping.schema import schema_of

_HEAD = """\
# The forms of a mapping and of its tests

Written from the models by `netpet-adapter map schema --reference`; do not edit. Every value is read as the text that
stands there; quote what an editor's YAML takes for something else (`"3"`, `"yes"`, `"2026-11-22"`). A key that the form
does not know is refused.
How to write a mapping: [mapping.md](mapping.md); its tests: [mapping-tests.md](mapping-tests.md).
"""

_PATTERNS = {
    "^[a-z0-9][a-z0-9_-]{0,63}$": "name",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "day (YYYY-MM-DD)",
    r"^[A-Z][A-Z0-9]{2}-[1-9][0-9]?(\.[1-9][0-9]?(\.[1-9][0-9]?)?)?$": "position (OBR-4.1)",
    r"^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$": "version (1.2.0)",
}
_PLAIN = {"boolean": "true or false", "integer": "whole number", "string": "text"}
_LONG = 12
"""Words of a closed list that are written out in a cell; longer lists are in the schema file."""


def reference_page() -> str:
    """Turn the forms into the page docs/mapping-reference.md."""
    return "\n".join([_HEAD, *_form("A mapping", MappingForm), *_form("Its tests", CaseFile)]).rstrip() + "\n"


def _form(title: str, form: type[Any]) -> Iterator[str]:
    schema = schema_of(form)
    yield f"## {title}"
    yield from _part(schema)
    for name, part in schema.get("$defs", {}).items():
        yield f"### {name}"
        yield from _part(part) if "properties" in part else (f"{_said(part)}\n\n{_words(part)}.\n",)


def _part(part: Mapping[str, Any]) -> Iterator[str]:
    yield _said(part) + "\n"
    yield "| key | value | default |"
    yield "|---|---|---|"
    required = part.get("required", ())
    for name, value in part["properties"].items():
        yield f"| `{name}` | {_value(value)} | {_default(value, is_required=name in required)} |"
    yield ""


def _said(part: Mapping[str, Any]) -> str:
    return re.sub(r"``([^`]*)``", r"`\1`", str(part.get("description", "")))


def _default(value: Mapping[str, Any], *, is_required: bool) -> str:
    if is_required:
        return "required"
    default = value.get("default")
    if isinstance(default, list):
        return ", ".join(f"`{item}`" for item in default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`" if _is_plain(default) else ""


def _is_plain(default: object) -> bool:
    return isinstance(default, str | bool | int)


def _value(value: Mapping[str, Any]) -> str:
    """A schema in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for choices in ("anyOf", "oneOf"):
        if choices in value:
            return " or ".join(dict.fromkeys(_value(choice) for choice in value[choices]))
    if "enum" in value or "const" in value:
        return _words(value)
    match value.get("type"):
        case "array":
            return f"list of {_value(value['items'])}"
        case "object":
            return _table(value)
        case kind:
            return _PATTERNS.get(value.get("pattern", ""), _PLAIN[str(kind)])


def _words(value: Mapping[str, Any]) -> str:
    words = value.get("enum", [value.get("const")])
    if len(words) > _LONG:
        return f"one of {len(words)} words (`{words[0]}`, `{words[1]}` ...)"
    return ", ".join(f"`{word}`" for word in words)


def _table(value: Mapping[str, Any]) -> str:
    """A mapping with free names, or with names of a closed list."""
    names = value.get("propertyNames", {})
    key = ", ".join(f"`{name}`" for name in names["enum"]) if "enum" in names else "name or code"
    held = [*value.get("patternProperties", {}).values(), value.get("additionalProperties", {})][0]
    return f"{key}: {_value(held)}"
