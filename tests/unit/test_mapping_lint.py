"""Each rule of lint: silent on a mapping that is right, and heard, at its line, when one thing in it is not."""

import pytest
from lint_subjects import CASES, CLEAN, exchanged, found, subject

from adapter.mapping.errors import MappingFault, MappingFileError
from adapter.mapping.lint.finding import Severity
from adapter.mapping.lint.known_codes import KNOWN, is_sctid
from adapter.mapping.lint.run import RULES, lint, lint_together, not_loaded
from adapter.mapping.lint.versions import read_versions, record_of

UNKNOWN_HOLD = ("tables:\n", "doubts: {unknown_code: flag}\ntables:\n")
NO_TESTS = {"cases": None}
TRACER = "  tracer: {field: OBR-4, lookup: tracers, required: true}\n"
UPTAKE = "  uptake: {obx: [CALL^^99STC], lookup: calls}\n"
SUV = '  suv: {obx: [SUVMAX^^99STC], type: SUVbw, unit: "g/mL{SUVbw}"}\n'
NATURE = "  nature: {obx: [CLASS^^99STC], lookup: nature, required: true}\n"

BROKEN = [
    ("NP002", [("owner:", "# TODO owner: who answers\nowner:")], "TODO"),
    ("NP002", [("CHG0042", "TODO")], "TODO"),
    ("NP005", [("2026-10-02", "2026-11-23")], "approval:"),
    ("NP006", [("status: active", "status: draft")], "approval:"),
    ("NP101", [("Europe/Berlin", "UTC")], "zone:"),
    ("NP101", [("Europe/Berlin", "Etc/GMT-1")], "zone:"),
    ("NP102", [("accession: [OBR-3]", "accession: [OBR-2, ORC-2.1]")], "accession:"),
    ("NP103", [("  patient: {prefer: [MR]}\n", "")], "header:"),
    ("NP104", [("acquired: [OBR-7]", "acquired: [OBR-7, OBR-22]")], "acquired:"),
    ("NP105", [("P: preliminary", "R^Results stored^HL70123: final")], "states:"),
    ("NP105", [("P: preliminary", "Vorläufig: corrected")], "states:"),
    ("NP106", [("P: preliminary", "C^Corrected^HL70123: final")], "states:"),
    ("NP201", [(", PETFDG^^99STC: 18F-FDG", "")], "tracer:"),
    ("NP202", [("PETGA^^99STC: 68Ga-DOTATATE, ", "")], "tracer:"),
    ("NP203", [("lookup: tracers, req", "lookup: tracers, otherwise: 18F-FDG, req")], "tracer:"),
    ("NP203", [(TRACER, "  tracer: {const: 18F-FDG}\n")], "tracer:"),
    ("NP204", [("lookup: tracers, req", "lookup: tracers, unmapped: flag, req")], "tracer:"),
    ("NP205", [("lookup: tracers, required: true", "lookup: tracers")], "tracer:"),
    ("NP301", [(NATURE, "  nature: {const: tumour}\n")], "nature:"),
    ("NP301", [("lookup: nature, required: true", "lookup: nature, absent: tumour")], "nature:"),
    (
        "NP302",
        [("  tracking_id: {obx: [LESID^^99STC]}\n", ""), ("  site: {obx: [SITE^^99STC], lookup: sites}\n", "")],
        "lesion:",
    ),
    ("NP303", [("  tracking_id: {obx: [LESID^^99STC]}\n", "")], "site:"),
    ("NP304", [(UPTAKE, ""), (SUV, "")], "lesion:"),
    ("NP305", [(UPTAKE, ""), ('  liver_suv: {obx: [LIVSUV^^99STC], type: SUVbw, unit: "g/mL{SUVbw}"}\n', "")], "suv:"),
    ("NP306", [("lookup: calls", "lookup: calls, otherwise: negative")], "uptake:"),
    ("NP307", [("lookup: calls", "lookup: calls, unmapped: flag")], "uptake:"),
    ("NP307", [UNKNOWN_HOLD], "uptake:"),
    (
        "NP308",
        [("  laterality: {obx: [SIDE^^99STC], lookup: sides}\n", ""), ('LIV: "10200004"', 'LUN: "39607008"')],
        "sites:",
    ),
    ("NP309", [("  therapy: {obx: [THER^^99STC], lookup: therapy}\n", "")], "report:"),
    ("NP310", [("tables:\n", 'suv_cutoffs: {sstr: {value: "5", signed_by: Dr A}}\ntables:\n')], "suv_cutoffs:"),
    ("NP310", [("tables:\n", 'suv_cutoffs: {fdg: {value: "5", signed_by: Dr A}}\ntables:\n')], "suv_cutoffs:"),
    ("NP401", [("NEG: negative", "EQ^Indeterminate^99STC: negative")], "calls:"),
    ("NP401", [("MAL: tumour", "FR^Fraglich^99STC: tumour")], "nature:"),
    ("NP402", [("POS: positive", "NIL^No uptake^99STC: positive")], "calls:"),
    ("NP402", [("NEG: negative", "AV^Avid^99STC: negative")], "calls:"),
    ("NP403", [('multiple: ">=2"', 'multiple: "3"')], "counts:"),
    ("NP404", [('L^Left^99STC: "7771000"', 'L^Left^99STC: "24028007"')], "sides:"),
    ("NP501", [("{obx: [LESID^^99STC", "{obx: [11111-1^Lesion^LN")], "tracking_id:"),
    ("NP501", [("[CLASS^^99STC, ", "[11111-1^Lesion^LN, ")], "match:"),
    ("NP501", [("{obx: [LESID^^99STC", "{obx: [404684003^Finding^SCT")], "tracking_id:"),
    ("NP502", [("MAL: tumour", "404684004^Finding^SCT: tumour")], "nature:"),
    ("NP503", [('LIV: "10200004"', 'SKN: "39937001"')], "sites:"),
    ("NP601", [('SUVMAX^^99STC], type: SUVbw, unit: "g/mL{SUVbw}"', "SUVMAX^^99STC], unit: g/mL")], "suv:"),
    ("NP602", [("unit: mm}", 'unit: mm, decimal: ","}')], "size_mm:"),
    ("NP603", [("SUVMAX^^99STC", "SUVPEAK^^99STC")], "suv:"),
    ("NP604", [("SUVMAX^^99STC", "SULMAX^^99STC")], "suv:"),
    ("NP605", [("  mm: [millimetre]", '  cm2/mL{SUVbsa}: ["1"]')], "cm2/mL{SUVbsa}:"),
    ("NP701", [("tables:\n", "tables:\n  spare: {A: b}\n")], "spare:"),
    ("NP702", [("NEG: negative", 'NEG: negative, "NO": negative')], "calls:"),
    ("NP703", [(UPTAKE, UPTAKE.replace("{", "[{").replace("}", "}, {obx: [CALL^^99STC]}]"))], "uptake:"),
    ("NP801", [("key: {parts: 1}", 'key: {pattern: "(?P<row>[0-9]+).*"}')], "key:"),
    ("NP803", [("path: OBX-3, in: [CLASS^^99STC, LESID^^99STC]", "path: MSH-4, in: [STC]")], "match:"),
    ("NP804", [("own_systems: [99STC]", "own_systems: [99OTHER]")], "therapy:"),
    ("NP805", [("tables:\n", "doubts: {own_obx: flag}\ntables:\n")], "doubts:"),
]
"""Rule, what is exchanged in the clean mapping, and what stands in the line that is then named."""


def test_nothing_is_found_in_a_mapping_that_is_right():
    assert [str(one) for one in lint(subject())] == []


@pytest.mark.parametrize(("rule", "edits", "line"), BROKEN)
def test_what_is_wrong_is_found_at_its_line(rule, edits, line):
    first, *_ = found(*edits, rule=rule)
    assert line in exchanged(*edits).splitlines()[first.line - 1]
    assert first.column > 0
    assert first.file == "st-clean.yaml"


CASES_BROKEN = [
    ("NP902", [("{grade: P1}", "{grade: P5}")], "a pair"),
    ("NP903", [("name: not finished", "name: a pair")], "name: a pair"),
    ("NP906", [("{grade: P1}", "{group: P1}")], "cases:"),
    ("NP907", [("{state: held}", "{ack: AA}")], "cases:"),
]


@pytest.mark.parametrize(("rule", "edits", "line"), CASES_BROKEN)
def test_what_is_wrong_with_the_tests_is_found_in_their_file(rule, edits, line):
    cases = exchanged(*edits, text=CASES)
    (one,) = [one for one in lint(subject(cases=cases)) if one.id == rule]
    assert line in cases.splitlines()[one.line - 1]
    assert one.file == "st-clean.test.yaml"


def test_rules_and_required_values_that_no_case_tries_are_found():
    only_one = CASES[: CASES.index("  - name: not finished")]
    (required,) = [
        one
        for one in lint(subject(cases=only_one))
        if one.id == "NP905" and "nature" in CLEAN.splitlines()[one.line - 1]
    ]
    assert required.severity is Severity.ERROR
    (untouched, *_) = [
        one
        for one in lint(subject(cases=CASES.replace("NM|SIZE", "NM|OTHER").replace("{state: read}", "{ack: AA}")))
        if one.id == "NP904"
    ]
    assert untouched.severity is Severity.ERROR


def test_a_mapping_without_tests_is_found_and_nothing_is_said_of_its_cases():
    assert [one.id for one in lint(subject(cases=None))] == ["NP901"]


def test_a_content_that_changed_under_its_version_is_found():
    assert found(rule="NP003", versions={"st-clean@1.2.0": "0" * 64})
    assert not found(rule="NP003")


def test_an_active_version_that_is_not_recorded_is_found_a_draft_is_not():
    assert found(rule="NP004", versions={})
    assert not found(("status: active", "status: draft"), rule="NP004", versions={})


def test_a_comment_that_says_why_is_heard():
    for edits in (
        [("zone: Europe/Berlin", "zone: UTC  # the PACS clock runs on UTC, CHG0042")],
        [("  zone: Europe/Berlin", "  # the PACS clock runs on UTC, CHG0042\n  zone: UTC")],
    ):
        assert not found(*edits, rule="NP101")
    constant = "  # this sender lists tumour alone, CHG0042\n  nature: {const: tumour}\n"
    assert not found((NATURE, constant), rule="NP301")
    assert not found(("{obx: [LESID^^99STC]}", "{obx: [11111-1^Lesion^LN]}  # LOINC 2.80"), rule="NP501")


def test_a_status_as_the_standard_has_it_needs_no_table():
    edits = [("status: {field: OBR-25, lookup: states}", "status: {field: OBR-25}")]
    assert not found(*edits, rule="NP105")
    assert found(*edits, rule="NP701")


def test_meanings_that_keep_the_score_open_may_stand_for_all_other_words():
    assert not found(("lookup: calls", "lookup: calls, otherwise: unknown"), rule="NP306")
    assert not found(("lookup: calls", "lookup: calls, otherwise: unknown, unmapped: flag"), rule="NP307")


def test_a_tracer_that_is_fixed_where_something_else_says_so_is_no_guess():
    when = "  tracer:\n    - {const: 18F-FDG, when: {OBR-4: [PETFDG^^99STC]}, required: true}\n"
    both = when + "    - {const: 68Ga-DOTATATE, when: {OBR-4: [PETGA^^99STC]}}\n"
    edits = [(TRACER, both), ("  tracers: {PETGA^^99STC: 68Ga-DOTATATE, PETFDG^^99STC: 18F-FDG}\n", "")]
    for rule in ("NP201", "NP202", "NP203", "NP204", "NP205"):
        assert not found(*edits, rule=rule, cases=None)


def test_an_earlier_rule_takes_all_only_where_it_is_as_wide():
    narrow = (
        "  uptake: [{obx: [CALL^^99STC], lookup: calls, when: {OBX-11: [F]}}, {obx: [CALL^^99STC], lookup: calls}]\n"
    )
    assert not found((UPTAKE, narrow), rule="NP703")
    other = "  uptake: [{obx: [CALL^^99STC], lookup: calls}, {field: OBR-13}]\n"
    assert not found((UPTAKE, other), rule="NP703")
    same_field = "  uptake: [{field: OBR-13}, {field: OBR-13, lookup: calls}]\n"
    assert found((UPTAKE, same_field), rule="NP703")


PROSE = """\
rows:
  kind: narrative
  review: always
  obx: [TEXT^^99STC]
  sections: {findings: {headings: [FINDINGS]}}
  patterns: [{row: "(?P<row>L[0-9]+) (?P<class>[A-Z]+)"}]
  negations: ["no uptake"]
"""


def prose(*edits):
    """The clean mapping with rows in prose."""
    head, _, rest = CLEAN.partition("rows:")
    tables = rest[rest.index("tables:") :]
    for name in ("sites", "sides", "counts", "calls", "therapy"):
        start = tables.index(f"  {name}:")
        tables = tables[:start] + tables[tables.index("\n", start) + 1 :]
    head = head.replace("  therapy: {obx: [THER^^99STC], lookup: therapy}\n", "")
    lesion = "lesion:\n  nature: {group: class, lookup: nature, required: true}\n"
    return exchanged(*edits, text=head + PROSE + lesion + tables)


@pytest.mark.parametrize(
    ("rule", "edits"),
    [
        ("NP801", [('row: "(?P<row>', 'row: ".*(?P<row>')]),
        ("NP801", [("[A-Z]+)", "[A-Z]+).*?")]),
        ("NP802", [('  negations: ["no uptake"]\n', "")]),
    ],
)
def test_prose_needs_whole_lines_and_words_of_denial(rule, edits):
    assert rule not in [one.id for one in lint(subject(prose(), None))]
    assert rule in [one.id for one in lint(subject(prose(*edits), None))]


def test_two_active_mappings_that_own_one_message_are_found():
    other = CLEAN.replace("id: st-clean", "id: st-other")
    both = [subject(), subject(other, None, file="st-other.yaml")]
    assert {one.id for one in lint_together(both)} == {"NP806"}
    assert lint_together([subject()]) == []
    elsewhere = other.replace("in: [CLASS^^99STC, LESID^^99STC]", "in: [CT^^99STC]")
    assert lint_together([subject(), subject(elsewhere, None, file="st-other.yaml")]) == []
    draft = other.replace("status: active", "status: draft")
    assert lint_together([subject(), subject(draft, None, file="st-other.yaml")]) == []


def test_an_input_that_cannot_be_read_says_nothing_of_owners():
    gone = "schema: netpet-mapping-test/1\ncases:\n  - {name: a, input: gone.hl7, expect: {state: read}}\n"
    assert lint_together([subject(cases=gone)]) == []


def test_a_file_that_does_not_load_is_a_finding_with_its_place():
    said = str(not_loaded(MappingFault("x.yaml", 3, 4, "the key `id` is missing: add it")))
    assert said.startswith("x.yaml:3:4: error NP001: the file is no mapping (the key `id` is missing: add it); ")


def test_the_record_of_versions_only_grows():
    mapping = subject().mapping
    text = record_of({"st-clean@1.1.0": "aa"}, [mapping])
    assert read_versions(text) == {"st-clean@1.1.0": "aa", "st-clean@1.2.0": mapping.sha256}
    assert read_versions(record_of({"st-clean@1.2.0": "bb"}, [mapping])) == {"st-clean@1.2.0": "bb"}


@pytest.mark.parametrize("line", ["st-clean@1.2.0", "a@1.0.0 x\na@1.0.0 y"])
def test_a_record_that_contradicts_itself_is_refused(line):
    with pytest.raises(MappingFileError):
        read_versions(f"# head\n\n{line}\n")


def test_the_known_codes_of_snomed_ct_have_their_check_digit():
    assert all(is_sctid(code) for code in KNOWN["SCT"])


def test_every_rule_has_its_own_id_and_a_test_that_breaks_it():
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert len(ids) >= 40
    tried = {rule for rule, *_ in (*BROKEN, *CASES_BROKEN)}
    assert set(ids) - tried == {"NP001", "NP003", "NP004", "NP802", "NP806", "NP901", "NP904", "NP905"}


@pytest.mark.parametrize("code", ["10200004", "724025002", "7771000", "35321007"])
def test_a_snomed_ct_identifier_is_known_by_its_check_digit(code):
    assert is_sctid(code)
    assert not is_sctid(code[:-1] + str((int(code[-1]) + 1) % 10))
    assert not is_sctid("1234")
    assert not is_sctid("1020000A")
