"""The sample patients: what is sent for each, and what must become of it, as the list beside them says."""

import json
from pathlib import Path

import pytest

from adapter.cli.samples import load_samples
from adapter.settings import shipped_folder

MESSAGE = b"MSH|^~\\&|RIS|NUCMED|NETPET|HOSP|20261120||ORU^R01|1|P|2.5.1\rPID|1||123456^^^HOSP^MR||DOE^JANE\r"


def folder_of(tmp_path: Path, *cases: dict) -> Path:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/a.hl7").write_bytes(MESSAGE)
    (tmp_path / "expected.json").write_text(json.dumps(cases))
    return tmp_path


def case(name: str, **facts) -> dict:
    return {"name": name, "files": ["demo/a.hl7"], "patient": "123456", "message_states": ["read"]} | facts


def test_only_the_samples_of_the_demonstration_are_sent_in_order_of_their_names(tmp_path):
    score = {"grade": "P1", "status": "preliminary"}
    folder = folder_of(tmp_path, *(case(name, score=score) for name in ("demo/b", "oru_r01/c", "demo/a")))

    assert [sample.name for sample in load_samples(folder)] == ["a", "b"]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"score": {"grade": "P1", "status": "preliminary"}}, ("published", "P1", "preliminary")),
        ({"score": {"grade": None, "status": "preliminary"}}, ("published", None, "preliminary")),
        ({"score": None, "state": "waiting"}, ("waiting", None, None)),
    ],
)
def test_a_sample_says_what_must_become_of_it(tmp_path, facts, wanted):
    (sample,) = load_samples(folder_of(tmp_path, case("demo/a", **facts)))

    assert (sample.state, sample.grade, sample.status) == wanted
    assert sample.payloads == (MESSAGE,)
    assert (sample.identifier, sample.message_states) == ("123456", ("read",))


def test_the_samples_that_come_with_the_program_show_every_grade_a_held_a_waiting_and_a_corrected_one():
    samples = load_samples(shipped_folder("fixtures"))

    assert {sample.grade[:2] for sample in samples if sample.grade} == {"P0", "P1", "P2", "P3", "P4", "P5"}
    assert any("held" in sample.message_states for sample in samples)
    assert {"waiting", "published"} == {sample.state for sample in samples}
    assert "corrected" in {sample.status for sample in samples}


def test_no_two_samples_are_about_one_patient():
    samples = load_samples(shipped_folder("fixtures"))

    assert len({sample.patient for sample in samples}) == len(samples)
