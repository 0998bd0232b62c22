"""The schemas and the reference page say what the forms are; a mapping that loads is one that the schema takes."""

import json

import pytest
import yaml
from mapping_messages import MAPPINGS

from adapter.mapping.cases import CaseFile
from adapter.mapping.form import Mapping
from adapter.mapping.reference import reference_page
from adapter.mapping.schema import schema_of, schema_text


def places(node, name=""):
    """Every keyword of a schema with its value, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from places(value, key)
    if isinstance(node, list):
        for item in node:
            yield from places(item)


@pytest.mark.parametrize("form", [Mapping, CaseFile])
def test_a_schema_knows_no_null_and_no_unknown_key(form):
    schema = schema_of(form)
    assert ("type", "null") not in list(places(schema))
    assert schema["additionalProperties"] is False
    assert json.loads(schema_text(form)) == schema


def test_the_words_of_a_closed_list_are_in_the_schema():
    schema = schema_of(CaseFile)
    expected = schema["$defs"]["Expected"]["properties"]
    assert "code-unknown" in expected["problem"]["enum"]
    assert expected["state"]["anyOf"][0]["enum"] == ["read", "held", "ignored", "refused"]


def test_every_key_of_the_shipped_mappings_is_on_the_page():
    page = reference_page()
    for path in MAPPINGS.rglob("*.yaml"):
        for key in yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader):
            assert f"| `{key}` |" in page


def test_the_page_says_what_each_part_may_be():
    page = reference_page()
    assert "| `status` | `draft`, `active`, `retired` | required |" in page
    assert "| `required` | true or false | `false` |" in page
    assert "[SuvRule](#suvrule) or list of [SuvRule](#suvrule)" in page
    assert "| `version` | version (1.2.0) | required |" in page
