"""Every shipped mapping: its cases hold and touch all of it, lint finds nothing wrong, editors know its form."""

import re

import pytest
from mapping_messages import MAPPINGS, ROOT

from adapter.cli.map.cases import run_of
from adapter.cli.map.coverage import covered_or_exit
from adapter.cli.map.lint import findings_of
from adapter.cli.map.targets import Target, mapping_files
from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import from_folder, run_cases
from adapter.mapping.lint.finding import Severity
from adapter.mapping.lint.known_codes import KNOWN
from adapter.mapping.lint.run import RULES
from adapter.mapping.reference import reference_page
from adapter.mapping.schema import SCHEMA_FILES, schema_text
from adapter.mapping.site_mapping import site_mapping

SHIPPED = [*mapping_files(MAPPINGS)]
NAMES = [path.stem for path in SHIPPED]


def target(path):
    return Target(path, site_mapping(path.read_bytes(), str(path)))


def test_the_canonical_mapping_is_among_them():
    assert "canonical" in NAMES


@pytest.mark.parametrize("path", SHIPPED, ids=NAMES)
def test_the_cases_of_a_shipped_mapping_hold(path):
    run = run_of(target(path))
    assert run.tree is not None
    assert [(result.case.name, result.differences) for result in run.failed] == []


@pytest.mark.parametrize("path", SHIPPED, ids=NAMES)
def test_the_cases_of_a_shipped_mapping_touch_all_of_its_rules(path):
    found = covered_or_exit(target(path)).coverage
    assert found.is_enough, (found.rules.untouched, found.required.untouched)
    assert found.entries.untouched == ()


def test_lint_finds_nothing_wrong_in_any():
    assert [str(found) for found in findings_of(SHIPPED) if found.severity is Severity.ERROR] == []


def test_lint_finds_nothing_at_all_in_those_that_read_messages_as_they_come():
    active = [path for path in SHIPPED if target(path).mapping.is_active]
    assert [str(found) for found in findings_of(active)] == []


@pytest.mark.parametrize("name", SCHEMA_FILES)
def test_the_schema_beside_the_mappings_is_that_of_the_form(name):
    """Written anew by: netpet-adapter map schema --write"""
    assert (MAPPINGS / name).read_text("utf-8") == schema_text(SCHEMA_FILES[name])


def test_the_reference_page_is_that_of_the_form():
    """Written anew by: netpet-adapter map schema --reference > docs/mapping-reference.md"""
    assert (ROOT / "docs/mapping-reference.md").read_text("utf-8") == reference_page()


@pytest.mark.parametrize("path", [*MAPPINGS.rglob("*.yaml")], ids=lambda path: path.name)
def test_an_editor_is_told_the_schema_of_each_file(path):
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text("utf-8"))
    kind = "mapping-test-1" if path.name.endswith(".test.yaml") else "mapping-1"
    assert named, "the first line of the file is: # yaml-language-server: $schema=..."
    assert (path.parent / named[1]).resolve() == MAPPINGS / f"{kind}.schema.json"


def test_the_page_lists_every_rule_of_lint_and_every_code_that_it_knows():
    page = (ROOT / "docs/mapping-lint.md").read_text("utf-8")
    rows = [f"| {rule.id} | {rule.severity} | {rule.wrong} | {rule.cure} |" for rule in RULES]
    assert re.findall(r"^\| NP.*$", page, re.MULTILINE) == rows
    for system, codes in KNOWN.items():
        (line,) = re.findall(rf"^- {system}: (.*)$", page, re.MULTILINE)
        assert set(line.split(", ")) == codes


def test_the_cases_on_the_page_hold():
    page = (ROOT / "docs/mapping-tests.md").read_text("utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    cases, _ = read_cases(text.encode(), "page")
    results = run_cases(cases, target(MAPPINGS / "canonical.yaml").mapping, from_folder(ROOT))
    assert [result.differences for result, _ in results] == [(), ()]
