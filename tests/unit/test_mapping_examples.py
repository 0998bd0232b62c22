"""The shipped examples: each reads its samples as its cases say, is tried as a whole, and owns nobody's messages."""

import pytest
from mapping_messages import MAPPINGS, ROOT

from adapter.hl7v2.message import Message
from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import cases_file_of, from_folder, run_beside
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.coverage import coverage
from adapter.mapping.site_mapping import site_mapping

EXAMPLES = MAPPINGS / "examples"
NAMES = ("example_german_table", "example_ihe_rd", "example_local_subid", "example_powerscribe")
SAMPLES = sorted((ROOT / "fixtures/mappings").glob("*/*.hl7"))


def example(name):
    path = EXAMPLES / f"{name}.yaml"
    return site_mapping(path.read_bytes(), path.name)


def folder_of(sample):
    return sample.parent.name


@pytest.mark.parametrize("name", NAMES)
def test_every_case_beside_an_example_holds(name):
    results = run_beside(example(name), EXAMPLES)

    assert results
    assert [(result.case.name, result.differences) for result in results if not result.holds] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_cases_touch_every_rule_every_entry_and_every_required_value(name):
    file = cases_file_of(EXAMPLES / f"{name}.yaml")
    cases, _ = read_cases(file.read_bytes(), file.name)

    found = coverage(example(name), cases, from_folder(EXAMPLES))

    assert (found.rules.untouched, found.entries.untouched, found.required.untouched) == ((), (), ())


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_of_an_example_is_in_a_case(name):
    file = cases_file_of(EXAMPLES / f"{name}.yaml")
    cases, _ = read_cases(file.read_bytes(), file.name)

    named = {(EXAMPLES / one).resolve() for case in cases.cases for one in case.input}
    assert {sample for sample in SAMPLES if folder_of(sample) == name} <= named


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_draft_under_its_own_name(name):
    found = example(name)

    assert (found.form.id, found.form.status, found.form.approval) == (name, "draft", None)


def test_the_service_does_not_load_the_examples():
    loaded = MappingSet.load(MAPPINGS)

    assert [mapping.name for mapping in loaded.mappings if mapping.form.id.startswith("example_")] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_is_of_one_mapping_alone(sample):
    message = Message.parse(sample.read_bytes().decode())
    everything = [*map(example, NAMES), *MappingSet.load(MAPPINGS).mappings]

    assert [mapping.form.id for mapping in everything if mapping.matches(message)] == [folder_of(sample)]
