"""The form describes itself as a JSON Schema, for completion in editors."""

from adapter.mapping.form import Mapping

SCHEMA = Mapping.model_json_schema()


def test_every_part_of_the_form_is_closed():
    parts = [SCHEMA, *SCHEMA["$defs"].values()]

    assert all(part["additionalProperties"] is False for part in parts if "properties" in part)


def test_keys_stand_as_they_are_written_in_a_file():
    assert {"schema", "id", "match", "header", "lesion"} <= set(SCHEMA["properties"])
    assert set(SCHEMA["$defs"]["Condition"]["properties"]) == {"path", "in"}


def test_what_may_be_written_shortly_may_be_written_shortly_in_the_schema():
    facts = SCHEMA["$defs"]["LesionFacts"]["properties"]

    assert {"$ref": "#/$defs/Rule"} in facts["site"]["anyOf"]
    (table,) = SCHEMA["properties"]["tables"]["patternProperties"].values()
    assert [kind["type"] for kind in table["anyOf"]] == ["object", "array"]
    assert SCHEMA["$defs"]["Rule"]["properties"]["required"]["type"] == "boolean"
