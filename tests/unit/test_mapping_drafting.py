"""A draft from samples: what is known by its code is filled in, what words suggest is asked, the rest is named."""

from pathlib import Path

import pytest
from drafts import CLASS, drafted, form, loaded
from mapping_messages import FDG, PID, ROOT, groups, obr, oru

from adapter.hl7v2.batch import split_file
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.drafting import draft
from adapter.mapping.drafting_survey import survey
from adapter.mapping.errors import MappingFileError

FIXTURES = sorted([*(ROOT / "fixtures/oru_r01").rglob("*.hl7"), *(ROOT / "fixtures/mappings").rglob("*.hl7")])


def parsed(path: Path) -> list[Message]:
    found = []
    for payload in split_file(path.read_bytes()):
        decoded = decode_text(payload, read_header(payload))
        found.append(Message.parse(decoded.text, charset=decoded.charset))
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: str(path.relative_to(ROOT / "fixtures")))
def test_a_draft_of_any_sample_loads_or_a_todo_stands_where_it_does_not(path):
    try:
        text = draft(survey(parsed(path)), "site").text
    except FormatError:
        return
    lines = text.splitlines()

    assert [lines[fault.line - 1] for fault in faults(text) if "TODO" not in lines[fault.line - 1]] == []


def faults(text):
    try:
        loaded(text)
    except MappingFileError as error:
        return error.faults
    return ()


@pytest.mark.parametrize(
    ("keys", "parts", "pattern", "asked"),
    [
        (("1", "2"), 1, None, False),
        (("A", "B"), 1, None, False),
        (("1.1", "1.2"), 1, None, False),
        (("1a", "1b"), None, "(?P<row>[0-9]+)[a-z]", True),
        (("L1-1", "L1-2"), None, "(?P<row>[A-Za-z]*[0-9]+)[-_/:][A-Za-z0-9]+", True),
        (("?", "!"), 1, None, True),
    ],
)
def test_the_row_is_read_from_the_shape_of_its_keys(keys, parts, pattern, asked):
    made = drafted(oru(FDG, *(("CWE", "CLS^Class^99X", key, "MAL^Malignant^99X") for key in keys)))
    key = loaded(made.text).form.rows.key

    assert (key.parts, key.pattern) == (parts, pattern)
    assert any(todo.startswith("rows") for todo in made.todos) is asked


def test_without_rows_the_other_kinds_are_named():
    assert any("obx-table" in todo for todo in drafted(oru(FDG)).todos)


def test_what_a_row_is_stays_uncertain_until_a_person_says():
    said, unsaid = drafted(oru(FDG, CLASS)), drafted(oru(FDG))

    assert loaded(said.text).form.lesion.nature[0].absent == "uncertain"
    assert loaded(unsaid.text).form.lesion.nature[0].const == "uncertain"
    assert all(any(todo.startswith("nature") for todo in made.todos) for made in (said, unsaid))


def test_a_code_that_is_not_recognised_is_named_and_prose_is_told_apart():
    made = drafted(oru(FDG, CLASS, ("ST", "GDT^Remark^99X", "", "x"), ("TX", "FND^Findings^99X", "", "y")))

    assert any(todo.startswith("unread: GDT^Remark^99X (ST, no row)") for todo in made.todos)
    assert "# prose, counted and not read: FND^Findings^99X (TX, no row)" in made.text


def test_words_that_stand_where_their_fact_cannot_are_not_taken_for_it():
    made = drafted(oru(FDG, CLASS, ("NM", "S^SUVmax^99X", "", "8"), ("ST", "T^Therapy^99X", "1", "no")))

    assert [todo.split()[1] for todo in made.todos if todo.startswith("unread")] == ["S^SUVmax^99X", "T^Therapy^99X"]


def test_no_value_that_identifies_the_patient_stands_in_a_draft():
    message = groups((obr(), FDG, CLASS, ("ST", "112039^Tracking Identifier^DCM", "1", "JANE-DOE-1")))

    text = drafted(message).text

    assert not [value for value in ("123456", "DOE", "JANE", "19600101", "ACC-1", PID) if value in text]


def test_an_observation_without_code_can_be_read_by_no_rule_and_is_counted():
    assert (
        "codes: 2 OBX have no code in OBX-3: they can be read by no rule"
        in drafted(oru(FDG, ("NM", "", "1", "8"), ("NM", "^SUVmax", "1", "8"))).todos
    )


def test_a_code_that_stands_only_as_the_alternate_one_is_taken():
    found = form(oru(FDG, CLASS, ("NM", "^^^SZ^Size^99X", "1", "8", "mm")))

    assert found.lesion.size_mm[0].obx == ("SZ^Size^99X",)


def test_what_cannot_be_seen_is_left_out_and_what_yaml_would_misread_is_quoted():
    hidden = ("CWE", "CLS^Cl\u200bass: a # b^99X", "1", "NO^\u202ebenign^99X")

    found = form(oru(FDG, hidden))

    assert found.lesion.nature[0].obx == ("CLS^Class: a # b^99X",)
    assert found.tables["nature"] == {"NO^benign^99X": "not-tumour"}


def test_a_draft_that_is_settled_by_hand_reads_its_sample():
    sample = oru(FDG, CLASS, ("NM", "126401^SUVbw^DCM", "1", "8", "g/mL{SUVbw}"))
    text = drafted(sample).text.replace("status: draft", "status: active\napproval: {by: x, on: 2026-01-01, ticket: y}")
    mappings = MappingSet((loaded(text),))

    assert mappings.owner_of(Message.parse(sample)).name == "site@0.1.0"
