"""``map preview``: on the terminal which field fed which fact, the lesions and the score, anew at each save."""

import json
import time
from pathlib import Path

import pytest
from program import Running
from typer.testing import CliRunner

from adapter.cli import app
from adapter.cli.visible import visible

ROOT = Path(__file__).parents[2]
CANONICAL = ROOT / "mappings/canonical.yaml"
PAIR = [ROOT / f"fixtures/demo/03_p2b_{half}.hl7" for half in ("1_sstr", "2_fdg")]
COLOURS = {"COLUMNS": "200", "TERM": "xterm-256color", "FORCE_COLOR": "1"}
PLAIN = {"COLUMNS": "200", "NO_COLOR": "1"}


def preview(*arguments, **variables):
    return CliRunner().invoke(app, ["map", "preview", *map(str, arguments)], env=variables or PLAIN)


def test_segments_lesions_and_score_are_shown():
    result = preview(*PAIR, "-m", CANONICAL)

    assert result.exit_code == 0
    assert "126401^SUVbw^DCM" in result.stdout
    assert "<- suv" in result.stdout
    assert "10200004 Liver" in result.stdout
    assert "score: P2b (P2-4), scored" in result.stdout
    assert "DOE" not in result.stdout


def test_a_fact_has_one_colour_in_all_segments():
    text = preview(*PAIR, "-m", CANONICAL, **COLOURS).stdout
    before = [line.partition("  <- uptake")[0] for line in text.splitlines() if "<- uptake" in line]
    colours = {line.rpartition("\x1b[")[2] for line in before}

    assert len(colours) == 1
    assert "\x1b[" in text


def test_a_held_message_is_a_finding_with_its_place():
    result = preview(ROOT / "fixtures/demo/07_held_unknown_uptake_code_2_fdg.hl7", "-m", CANONICAL)

    assert result.exit_code == 1
    assert "[held: code-unknown" in result.stdout


def test_what_nobody_reads_and_what_was_noted_is_named(tmp_path):
    message = PAIR[0].read_bytes().rstrip(b"\r\n") + b"\rOBX|99|ST|GDT^Remark^L||\\X1B\\[2Jx\x1b[2J||||||F\r"
    (tmp_path / "x.hl7").write_bytes(message)

    text = preview(tmp_path / "x.hl7", "-m", CANONICAL).stdout

    assert "read by no rule: OBX[" in text
    assert "note: unused OBX[" in text
    assert "\\x1b[2J" in text
    assert "\x1b[2J" not in text


def test_a_report_without_lesions_says_so():
    text = preview(*(ROOT / f"fixtures/demo/01_p0_{half}.hl7" for half in ("1_sstr", "2_fdg")), "-m", CANONICAL).stdout

    assert text.count("no lesions") == 2
    assert "score: P0 (P0)" in text


def test_a_single_study_has_no_grade_and_says_why():
    text = preview(PAIR[0], "-m", CANONICAL).stdout

    assert "score: no grade (no group), not-scorable, needs review" in text
    assert "missing-fdg-study" in text


def test_the_answer_in_json_holds_the_same():
    found = json.loads(preview(*PAIR, "-m", CANONICAL, "--json").stdout)

    assert found["mapping"]["id"] == "canonical"
    assert [one["state"] for one in found["messages"]] == ["read", "read"]
    assert found["messages"][0]["unused"] == []
    assert found["scores"][0]["grade"] == "P2b"


def test_of_a_fhir_report_the_paths_that_fed_a_fact_are_shown():
    body = ROOT / "fixtures/fhir/tracer_dotatoc/1_sstr.json"

    text = preview(body, "-m", ROOT / "mappings/canonical_fhir.yaml").stdout

    assert "Bundle.entry[1].resource.effectiveDateTime  <- acquired" in text
    assert "10200004 Liver" in text


def test_unmasked_the_patient_is_shown():
    assert "***" in preview(PAIR[0], "-m", CANONICAL).stdout
    assert "***" not in preview(PAIR[0], "-m", CANONICAL, "--no-mask").stdout


@pytest.mark.parametrize(("text", "code"), [("id: [", 2), (None, 3)])
def test_a_mapping_that_cannot_be_used_is_named_with_its_faults(tmp_path, text, code):
    if text:
        (tmp_path / "m.yaml").write_text(text)

    result = preview(PAIR[0], "-m", tmp_path / "m.yaml")

    assert (result.exit_code, "m.yaml" in result.stderr) == (code, True)


def test_a_message_file_that_is_not_there_is_named(tmp_path):
    result = preview(tmp_path / "none.hl7", "-m", CANONICAL)

    assert (result.exit_code, "none.hl7" in result.stderr) == (2, True)


def test_what_controls_a_terminal_is_spelled_out():
    assert visible("a\x1b[2J\u202eb\n") == r"a\x1b[2J\u202eb\n"


class Previewing(Running):
    """A preview that watches a mapping in a folder of its own; each look is a line of JSON."""

    def __init__(self, folder: Path, *options: str) -> None:
        (folder / "m.yaml").write_text(CANONICAL.read_text("utf-8"))
        super().__init__(folder, "map", "preview", *PAIR, "-m", "m.yaml", "--watch", *options)

    def save(self, old: str, new: str) -> float:
        """Save the mapping with some text exchanged; gives the time at which that was done."""
        file = self.folder / "m.yaml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new))
        return time.monotonic()

    def lines(self, count: int) -> list[str]:
        until = time.monotonic() + 20
        while len(lines := self.stdout.splitlines()) < count:
            assert self.process.poll() is None, self.stderr
            assert time.monotonic() < until, self.stdout
            time.sleep(0.005)
        return lines


@pytest.mark.slow
def test_after_a_save_the_preview_is_another_one_within_200_ms(tmp_path):
    with Previewing(tmp_path, "--json") as watching:
        watching.lines(1)
        took = []
        for number in range(5):
            call = ("positive", "equivocal") if number % 2 == 0 else ("equivocal", "positive")
            saved = watching.save(*(f"10828004^Positive^SCT: {word}\n" for word in call))
            watching.lines(number + 2)
            took.append(time.monotonic() - saved)
        grades = [json.loads(line)["scores"][0]["grade"] for line in watching.lines(6)]
        code = watching.end(2)

    assert grades == ["P2b", None, "P2b", None, "P2b", None]
    assert min(took) < 0.2
    assert code == 0


@pytest.mark.slow
def test_a_mapping_that_is_broken_while_it_is_written_shows_its_faults_and_the_watch_goes_on(tmp_path):
    with Previewing(tmp_path, "--json") as watching:
        watching.lines(1)
        watching.save("status: active", "status: perhaps")
        broken = json.loads(watching.lines(2)[1])
        (tmp_path / "m.yaml").unlink()
        gone = json.loads(watching.lines(3)[2])
        (tmp_path / "m.yaml").write_text(CANONICAL.read_text("utf-8"))
        mended = json.loads(watching.lines(4)[3])

    assert broken["faults"][0].startswith("m.yaml:")
    assert "No such file" in gone["faults"][0]
    assert mended["scores"][0]["grade"] == "P2b"


@pytest.mark.slow
def test_on_a_screen_the_faults_stand_in_place_of_the_preview(tmp_path):
    with Previewing(tmp_path) as watching:
        watching.wait_for("score: P2b")
        watching.save("status: active", "status: perhaps")
        watching.wait_for("m.yaml:")
