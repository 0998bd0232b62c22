"""The forms as JSON Schema, for editors: a mapping is completed and checked while it is written."""

import json
from typing import Any

from pydantic import BaseModel

from adapter.mapping.cases import CaseFile
from adapter.mapping.form import Mapping

SCHEMA_FILES: dict[str, type[BaseModel]] = {
    "mapping-1.schema.json": Mapping,
    "mapping-test-1.schema.json": CaseFile,
}
"""File beside the mappings -> the form it describes."""

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMED = frozenset({"properties", "$defs", "patternProperties"})
"""Keywords whose keys are names of ours, and not keywords."""


def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """Turn a form into its JSON Schema (draft 2020-12), as pydantic derives it from the models.

    A key is left out rather than null: the loader knows no null.
    """
    return {"$schema": _DRAFT, **_plain(form.model_json_schema(by_alias=True, mode="validation"))}


def schema_text(form: type[BaseModel]) -> str:
    """Turn a form into the text of its schema file: the same for the same form, whatever made it."""
    return json.dumps(schema_of(form), indent=1, ensure_ascii=False) + "\n"


def _plain(node: Any) -> Any:
    """A schema without titles, nulls and defaults that say nothing."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: {name: _plain(item) for name, item in value.items()} if key in _NAMED else _plain(value)
        for key, value in node.items()
        if key not in ("title", "discriminator") and (key, value) not in (("default", None), ("default", []))
    }
    choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del kept["anyOf"]
        return choices[0] | kept
    return kept | ({"anyOf": choices} if choices else {})
