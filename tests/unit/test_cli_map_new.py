"""``map new``: sample messages in, a draft and what is left to settle out; nothing is overwritten."""

import json
from pathlib import Path

import pytest
from mapping_messages import FDG, SITE_OBR, SSTR, oru
from typer.testing import CliRunner

from adapter.cli import app
from adapter.mapping.site_mapping import site_mapping

FIXTURES = Path(__file__).parents[2] / "fixtures"
SAMPLES = [FIXTURES / f"mappings/example_local_subid/{name}.hl7" for name in ("1_sstr", "2_fdg")]


def new(*arguments):
    return CliRunner().invoke(app, ["map", "new", *map(str, arguments)], env={"NO_COLOR": "1"})


def test_a_draft_goes_to_standard_output_and_what_is_left_to_standard_error():
    result = new("--from", SAMPLES[0], "--from", SAMPLES[1])

    assert result.exit_code == 0
    assert site_mapping(result.stdout.encode(), "x.yaml").form.id == "exsubid"
    assert result.stderr.splitlines()[0].endswith(" TODOs:")
    assert result.stderr.endswith("it loads, as a draft: it reads nobody's messages yet\n")


def test_a_draft_is_written_into_a_new_file_and_never_over_one_that_is_there(tmp_path):
    out = tmp_path / "site.yaml"

    assert new("--from", SAMPLES[0], "--id", "site", "--out", out).exit_code == 0
    assert "\nid: site\n" in out.read_text("utf-8")
    again = new("--from", SAMPLES[1], "--out", out)
    assert (again.exit_code, again.stderr) == (3, f"{out}: File exists\n")


def test_in_json_everything_seen_is_listed():
    found = json.loads(new("--from", SAMPLES[0], "--json").stdout)

    assert found["faults"] == []
    assert {"code": "SUVMAX^SUVmax^99EX", "types": ["NM"], "rows": ["1.8", "2.8", "3.8", "4.8"], "units": ["g/mL"]} | {
        "times": 4
    } in found["seen"]
    assert found["mapping"].startswith("# A draft")
    assert found["todos"]


def test_a_draft_that_does_not_load_names_the_place(tmp_path):
    (tmp_path / "x.hl7").write_text(oru(("CWE", "CLS^Class^99X", "1", "MAL"), head=SITE_OBR.replace("PETGA68", "X")))
    text = (tmp_path / "x.hl7").read_text().replace("Ga68 PET", "something")
    (tmp_path / "x.hl7").write_text(text)

    result = new("--from", tmp_path / "x.hl7")

    assert result.exit_code == 0
    assert "it does not load yet:\n  nucmed.yaml:" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        ("", "x.hl7: "),
        ('{"resourceType": "Bundle"}', "a FHIR sample"),
        ("MSH|^~\\&|\rMSH", "x.hl7: "),
        ("MSH|^~\\&|\x1b", "x.hl7: "),
    ],
)
def test_a_file_that_is_no_sample_is_named(tmp_path, content, said):
    if content is not None:
        (tmp_path / "x.hl7").write_text(content)

    result = new("--from", tmp_path / "x.hl7")

    assert (result.exit_code, said in result.stderr) == (2, True)


def test_an_id_that_is_none_is_refused_with_the_form_of_one():
    result = new("--from", SAMPLES[0], "--id", "My Site")

    assert (result.exit_code, "lower case letters" in result.stderr) == (2, True)


def test_a_sender_without_name_gives_a_name_to_settle(tmp_path):
    (tmp_path / "x.hl7").write_text(oru(FDG).replace("RIS|NUCMED", "|") + "\r" + oru(SSTR).replace("RIS|NUCMED", "|"))

    assert "\nid: new-site\n" in new("--from", tmp_path / "x.hl7").stdout
