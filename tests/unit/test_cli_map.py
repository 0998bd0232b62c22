"""``netpet-adapter map``: what each command prints, what it writes, and how it ends."""

import json
import shutil
from xml.etree import ElementTree as ET

import pytest
from lint_subjects import CASES, CLEAN
from mapping_messages import MAPPINGS
from program import run as run_program
from typer.testing import CliRunner

from adapter.cli import app

OK, FINDING, BAD_INPUT, ENVIRONMENT = 0, 1, 2, 3


@pytest.fixture
def folder(tmp_path):
    """A site's mappings: one that is right, with its tests."""
    (tmp_path / "st-clean.yaml").write_text(CLEAN)
    (tmp_path / "st-clean.test.yaml").write_text(CASES)
    return tmp_path


def command(*arguments, typed=""):
    """Its exit code, what it printed, and what it said beside."""
    result = CliRunner().invoke(app, ["map", *map(str, arguments)], input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def change(folder, old, new, file="st-clean.test.yaml"):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))


def line_of(piece, text):
    return next(number for number, line in enumerate(text.splitlines(), start=1) if piece in line)


def test_the_command_says_what_it_can_do():
    for name in ("test", "coverage", "lint", "schema", "export"):
        code, out, _ = command(name, "--help")
        assert (code, "Usage:" in out) == (OK, True)


def test_the_program_itself_runs_the_shipped_cases(tmp_path):
    done = run_program("map", "test", "canonical", folder=tmp_path)
    assert (done.returncode, done.stdout) == (OK, "canonical@1.0.0: 27 cases, 0 failed\n")


def test_cases_that_hold_end_with_ok(folder):
    for named in (("st-clean",), (folder / "st-clean.yaml",), (folder / "st-clean.test.yaml",), (folder,), ()):
        assert command("test", *named, "--directory", folder) == (OK, "st-clean@1.2.0: 5 cases, 0 failed\n", "")


def test_a_mapping_is_known_by_its_id_whatever_its_file_is_called(folder):
    (folder / "st-clean.yaml").rename(folder / "other.yaml")
    (folder / "st-clean.test.yaml").rename(folder / "other.test.yaml")
    (folder / "broken.yaml").write_text("- no mapping\n")
    assert command("test", "st-clean", "--directory", folder)[0] == OK


def test_a_case_that_fails_shows_what_was_expected_and_what_came(folder):
    change(folder, "{grade: P1}", "{grade: P5}")
    code, out, _ = command("test", "--directory", folder)
    assert code == FINDING
    assert "'a pair' does not hold\n    grade\n      expected  P5\n      got       P1\n" in out
    line = line_of("name: a pair", (folder / "st-clean.test.yaml").read_text())
    assert f"st-clean.test.yaml:{line}: " in out


def test_the_answer_as_json_holds_all_that_was_read(folder):
    change(folder, "{grade: P1}", "{grade: P5}")
    code, out, _ = command("test", "--directory", folder, "--json")
    (mapping,) = json.loads(out)["mappings"]
    assert (code, mapping["good"], mapping["version"]) == (FINDING, False, "1.2.0")
    (failed,) = [case for case in mapping["cases"] if not case["holds"]]
    assert failed["differences"] == [{"path": "grade", "expected": "P5", "got": "P1"}]
    assert failed["got"]["grade"] == "P1"


def test_a_sites_ci_reads_the_results_as_junit(folder):
    change(folder, "{grade: P1}", "{grade: P5}")
    change(folder, "name: not finished", "name: 'a <b> & \"c\"'")
    file = folder / "results.xml"
    assert command("test", "--directory", folder, "--junit", file)[0] == FINDING
    root = ET.fromstring(file.read_text())
    assert root.attrib == {"tests": "5", "failures": "1", "errors": "0", "skipped": "0"}
    names = [case.get("name") for case in root.iter("testcase")]
    assert 'a <b> & "c"' in names
    (failure,) = root.iter("failure")
    assert failure.text == "grade: expected P5; got P1"
    code, _, errors = command("test", "--directory", folder, "--junit", folder / "none" / "results.xml")
    assert (code, "No such file" in errors) == (ENVIRONMENT, True)


def test_an_expectation_is_renewed_only_after_a_yes(folder):
    change(folder, "{grade: P1}", "{grade: P5}")
    before = (folder / "st-clean.test.yaml").read_text()
    code, _, errors = command("test", "--directory", folder, "--update", typed="n\n")
    assert (code, (folder / "st-clean.test.yaml").read_text()) == (FINDING, before)
    assert "-    expect: {grade: P5}\n+    expect:\n+      grade: P1\n" in errors
    assert command("test", "--directory", folder, "--update", typed="y\n")[0] == OK
    assert "      grade: P1\n" in (folder / "st-clean.test.yaml").read_text()
    assert command("test", "--directory", folder, "--update")[0] == OK


def test_an_expectation_is_renewed_unasked_with_yes(folder):
    change(folder, "{grade: P1}", "{grade: P5}")
    assert command("test", "--directory", folder, "--update", "--yes")[0] == OK


def test_a_case_that_cannot_be_renewed_is_named(folder):
    change(folder, "cases:\n", "cases:\n  - {name: gone, input: gone.hl7, expect: {ack: AA}}\n")
    code, out, errors = command("test", "--directory", folder, "--update", "--yes")
    assert (code, "'gone' is left" in errors) == (FINDING, True)
    assert "the file cannot be read" in out


def test_a_file_that_could_not_be_read_again_is_not_written(folder):
    spare = "#" + " spare" * 50_000
    with (folder / "st-clean.test.yaml").open("a") as file:
        file.write(spare[: 256 * 1024 - len(CASES) - 20] + "\n")
    change(folder, "{grade: P1}", "{}")
    before = (folder / "st-clean.test.yaml").read_text()
    code, _, errors = command("test", "--directory", folder, "--update", "--yes")
    assert (code, "not written, as it could not be read again" in errors) == (FINDING, True)
    assert (folder / "st-clean.test.yaml").read_text() == before


def test_an_active_mapping_needs_tests_a_draft_may_wait(folder):
    (folder / "st-clean.test.yaml").unlink()
    code, out, _ = command("test", "--directory", folder)
    assert (code, "no tests: " in out) == (FINDING, True)
    change(folder, "status: active", "status: draft", "st-clean.yaml")
    assert command("test", "--directory", folder)[0] == OK


def test_a_message_that_the_receiver_would_not_take_is_refused_in_a_case(folder):
    adt = "    input: |\n      MSH|^~\\&|A|B|C|D|2||ADT^A08|1|P|2.5\n"
    refused = f"  - name: no result\n{adt}    expect: {{state: refused, ack: AR}}\n"
    change(folder, "cases:\n", f"cases:\n{refused}")
    assert command("test", "--directory", folder)[0] == OK


@pytest.mark.parametrize("name", ["test", "coverage"])
def test_a_file_that_has_not_its_form_is_bad_input(folder, name):
    change(folder, "expect: {grade: P1}", "expect: {grad: P1}")
    code, _, errors = command(name, "--directory", folder)
    assert (code, "the form has no key `grad`" in errors) == (BAD_INPUT, True)
    (folder / "st-clean.yaml").write_text("schema: x\n")
    code, _, errors = command(name, "--directory", folder)
    assert (code, "the key `id` is missing" in errors) == (BAD_INPUT, True)


def test_what_is_not_there_is_named(folder, tmp_path):
    code, _, errors = command("test", "nobody", "--directory", folder)
    assert (code, "no mapping file of this id" in errors) == (BAD_INPUT, True)
    code, _, errors = command("test", folder / "none.yaml")
    assert (code, "No such file" in errors) == (BAD_INPUT, True)
    (tmp_path / "empty").mkdir()
    code, _, errors = command("test", "--directory", tmp_path / "empty")
    assert (code, "there is no mapping" in errors) == (BAD_INPUT, True)


def test_the_directory_is_that_of_the_settings(folder):
    done = run_program("map", "test", folder=folder, NETPET_MAPPINGS__DIRECTORY=str(folder))
    assert (done.returncode, done.stdout) == (OK, "st-clean@1.2.0: 5 cases, 0 failed\n")
    done = run_program("map", "test", folder=folder, NETPET_NONSENSE__X="1")
    assert (done.returncode, "NETPET_NONSENSE__X" in done.stderr) == (ENVIRONMENT, True)


def test_coverage_names_what_no_case_touches(folder):
    assert command("coverage", "--directory", folder)[0] == OK
    change(folder, "ST|COUNT^x^99STC|1|multiple|", "ST|OTHER^x^99LOC|1|multiple|")
    code, out, _ = command("coverage", "--directory", folder)
    line = line_of("  count:", CLEAN)
    assert code == FINDING
    assert f"st-clean.yaml:{line}:3: no case touches this rule: lesion.count[0]\n" in out
    assert "no case touches this table entry: tables.counts: multiple\n" in out
    code, out, _ = command("coverage", "--directory", folder, "--json")
    (mapping,) = json.loads(out)["mappings"]
    assert mapping["rules"]["untouched"] == [{"part": "lesion.count[0]", "line": line, "column": 3}]
    assert (mapping["good"], mapping["rules"]["percent"]) == (False, 90)


def test_coverage_counts_no_case_that_fails_and_asks_no_draft_for_all(folder):
    change(folder, "{grade: P1}", "{grade: P5}")
    code, out, _ = command("coverage", "--directory", folder)
    assert (code, "1 cases do not hold and count for nothing" in out) == (FINDING, True)
    (folder / "st-clean.test.yaml").unlink()
    change(folder, "status: active", "status: draft", "st-clean.yaml")
    assert command("coverage", "--directory", folder)[0] == OK


def test_lint_finds_nothing_once_the_version_is_recorded(folder):
    code, out, _ = command("lint", "--directory", folder)
    assert (code, "NP004" in out) == (OK, True)
    assert command("lint", "--directory", folder, "--strict")[0] == FINDING
    assert command("lint", "--directory", folder, "--record")[0] == OK
    assert command("lint", "--directory", folder, "--strict") == (OK, "1 mappings: 0 errors, 0 warnings\n", "")


def test_lint_hears_a_content_that_changed_under_its_version(folder):
    command("lint", "--directory", folder, "--record")
    change(folder, "Europe/Berlin", "Europe/Paris", "st-clean.yaml")
    code, out, _ = command("lint", "--directory", folder)
    assert (code, "error NP003" in out) == (FINDING, True)
    assert command("lint", "--directory", folder, "--record")[0] == OK
    assert "NP003" in command("lint", "--directory", folder)[1]


def test_lint_gives_each_finding_as_json(folder):
    change(folder, "NEG: negative", "NEG: positive", "st-clean.yaml")
    (folder / "st-clean.test.yaml").unlink()
    code, out, _ = command("lint", "--directory", folder, "--json")
    found = json.loads(out)
    assert code == FINDING
    assert found["errors"] == 1
    assert {one["id"] for one in found["findings"]} == {"NP004", "NP901"}
    assert set(found["findings"][0]) == {"file", "line", "column", "id", "severity", "wrong", "detail", "cure"}


def test_lint_takes_a_file_that_does_not_load_as_a_finding(folder):
    (folder / "st-clean.yaml").write_text("schema: x\n")
    code, out, _ = command("lint", "--directory", folder)
    assert (code, "error NP001" in out) == (FINDING, True)
    assert command("lint", "--directory", folder, "--record")[0] == BAD_INPUT
    code, _, errors = command("lint", folder / "none.yaml")
    assert (code, "No such file" in errors) == (BAD_INPUT, True)


def test_lint_hears_a_record_of_versions_that_is_none(folder):
    (folder / "versions.lock").write_text("nonsense\n")
    assert "NP001" in command("lint", "--directory", folder)[1]


def test_a_draft_is_not_recorded_and_a_record_that_cannot_be_written_is_said(folder):
    (folder / "versions.lock").mkdir()
    code, _, errors = command("lint", "--directory", folder, "--record")
    assert (code, "Is a directory" in errors) == (ENVIRONMENT, True)
    change(folder, "status: active", "status: draft", "st-clean.yaml")
    assert command("lint", "--directory", folder, "--record") == (OK, "", "")


def test_lint_lists_its_rules():
    code, out, _ = command("lint", "--rules")
    assert (code, out.splitlines()[0].startswith("NP001 error")) == (OK, True)
    ids = [one["id"] for one in json.loads(command("lint", "--rules", "--json")[1])]
    assert ids == sorted(ids)


def test_the_schema_is_printed_written_and_checked(folder):
    assert json.loads(command("schema")[1])["properties"]["schema"] == {"const": "netpet-mapping/1", "type": "string"}
    assert "netpet-mapping-test/1" in command("schema", "--tests")[1]
    assert command("schema", "--reference")[1].startswith("# The forms of a mapping")
    code, out, _ = command("schema", "--check", "--directory", folder)
    assert (code, out.count("not this program's schema")) == (FINDING, 2)
    assert command("schema", "--write", "--directory", folder)[0] == OK
    assert command("schema", "--check", "--directory", folder) == (OK, "", "")
    code, _, errors = command("schema", "--write", "--directory", folder / "none")
    assert (code, "No such file" in errors) == (ENVIRONMENT, True)


def test_tables_leave_as_concept_maps_and_come_back(tmp_path):
    shutil.copy(MAPPINGS / "canonical.yaml", tmp_path)
    code, out, _ = command("export", "canonical", "--table", "calls", "--directory", tmp_path)
    assert (code, json.loads(out)["resourceType"]) == (OK, "ConceptMap")
    (tmp_path / "calls.json").write_text(out)
    code, out, _ = command("export", "--from", tmp_path / "calls.json")
    assert (code, out.splitlines()[0]) == (OK, '    "10828004^Positive^SCT": positive')
    bundle = json.loads(command("export", "canonical", "--all", "--directory", tmp_path)[1])
    assert (bundle["resourceType"], bundle["type"], len(bundle["entry"])) == ("Bundle", "collection", 6)


def test_an_export_that_cannot_be_is_said(folder):
    assert command("export")[0] == BAD_INPUT
    assert command("export", "st-clean", "--directory", folder)[0] == BAD_INPUT
    code, _, errors = command("export", "st-clean", "--table", "tracers", "--directory", folder)
    assert (code, "99STC has no URI" in errors) == (BAD_INPUT, True)
    bare = (folder / "st-clean.yaml").read_text()
    head = bare[: bare.index("tables:")]
    const = "header:\n  zone: UTC\n  tracer: {const: 18F-FDG}\nrows: {kind: obx-subid, key: {parts: 1}}\n"
    (folder / "bare.yaml").write_text(head[: head.index("header:")] + const + "lesion: {nature: {const: tumour}}\n")
    assert "no tables" in command("export", folder / "bare.yaml", "--all")[2]
    (folder / "bad.json").write_text("[]")
    for file, said in (("bad.json", "not a JSON object"), ("none.json", "No such file")):
        code, _, errors = command("export", "--from", folder / file)
        assert (code, said in errors) == (BAD_INPUT, True)
    (folder / "other.json").write_text('{"resourceType": "ValueSet"}')
    assert "this is no ConceptMap" in command("export", "--from", folder / "other.json")[2]
