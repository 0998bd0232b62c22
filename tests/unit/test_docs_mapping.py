"""The page of mappings: each of its examples is a mapping that loads and reads its message as the page shows."""

import re

import pytest
from mapping_messages import ROOT

from adapter.hl7v2.message import Message
from adapter.mapping.cases_run import alone
from adapter.mapping.cases_words import lesion_words
from adapter.mapping.form import Doubts, Mapping
from adapter.mapping.message_reading import Extraction, read_message
from adapter.mapping.rules import SOURCES, Rule
from adapter.mapping.site_mapping import site_mapping

PAGE = (ROOT / "docs/mapping.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n```hl7\n(.*?)```\n((?:\|[^\n]*\n)+)", PAGE, re.DOTALL)
KINDS = ["obx-subid", "obx-table", "narrative"]


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def shown(table):
    """The lesions of a table on the page: its first line names the facts, an empty cell states none."""
    names, _, *rows = map(cells, table.strip().split("\n"))
    return [{name: text for name, text in zip(names, row, strict=True) if text} for row in rows]


def read(mapping, message):
    loaded = site_mapping(mapping.encode(), "mapping.md")
    return read_message(Message.parse(message.strip("\n").replace("\n", "\r")), alone(loaded))


def test_there_is_an_example_of_each_kind():
    assert [kind for mapping, _, _ in EXAMPLES for kind in KINDS if f"kind: {kind}" in mapping] == KINDS


@pytest.mark.parametrize(("mapping", "message", "table"), EXAMPLES, ids=KINDS)
def test_an_example_is_read_as_the_page_shows(mapping, message, table):
    found = read(mapping, message)

    assert isinstance(found, Extraction), found
    assert [lesion_words(row) for row in found.reports[0].rows] == shown(table)


def test_the_page_names_every_part_every_source_and_every_kind():
    parts = {field.alias or name for name, field in Mapping.model_fields.items()} - {"schema"}

    assert [name for name in [*parts, *SOURCES] if f"`{name}`" not in PAGE] == []
    assert [kind for kind in [*KINDS, "fhir"] if f": `{kind}`\n" not in PAGE] == []


def test_the_page_names_what_a_rule_can_do():
    done = set(Rule.model_fields) - set(SOURCES)

    assert [name for name in done if f"`{name}" not in PAGE] == []
    assert "unused_obx" in Doubts.model_fields
