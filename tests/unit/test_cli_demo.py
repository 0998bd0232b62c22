"""The demonstration: all samples over real sockets, what each became, and an exit code that tells the truth."""

import json
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from program import Running, run
from rich.console import Console

from adapter.cli.demo import run_demo
from adapter.cli.demo_table import Became, print_table
from adapter.cli.samples import Sample, load_samples
from adapter.settings import shipped_folder

FIXTURES = shipped_folder("fixtures")


def sample_folder(folder: Path, name: str, **differing: Any) -> Path:
    """A folder with one sample of the demonstration, whose expectation differs as said."""
    (found,) = [case for case in json.loads((FIXTURES / "expected.json").read_text("utf-8")) if case["name"] == name]
    score = found["score"] and found["score"] | differing.pop("score", {})
    (folder / "demo").mkdir(parents=True)
    for file in found["files"]:
        shutil.copy(FIXTURES / file, folder / file)
    (folder / "expected.json").write_text(json.dumps([found | {"score": score} | differing]))
    return folder


@pytest.mark.slow
def test_the_demonstration_shows_every_sample_as_it_should_be_and_ends_with_0(tmp_path):
    ended = run("demo", "--once", folder=tmp_path)

    assert ended.stderr == ""
    assert set(re.findall(r"│ (P\d)[ab]? +│", ended.stdout)) == {"P0", "P1", "P2", "P3", "P4", "P5"}
    assert len(re.findall(r"│ yes +│", ended.stdout)) == len(load_samples(FIXTURES))
    assert ended.returncode == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"NETPET_HTTP__HOST": "0.0.0.0", "NETPET_MLLP__HOST": "0.0.0.0"},
        {"NETPET_POLICY__INTERVAL_LIMIT_DAYS": "0", "NETPET_SECURITY__API_KEYS": "/none"},
        {"NETPET_MAPPINGS__DIRECTORY": "/none", "NETPET_HTTP__PORT": "many"},
    ],
    ids=["hosts", "policy", "mappings"],
)
def test_no_variable_of_the_environment_changes_the_demonstration(tmp_path, variables):
    with Running(tmp_path, "demo", **variables) as demo:
        demo.wait_for("Ctrl-C")
        assert re.search(r"│ P5 +│", demo.stdout)
        assert "http://127.0.0.1:" in demo.stdout
        assert "--to 127.0.0.1:" in demo.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demonstration_stays_up_until_it_is_told_to_end_and_removes_its_store(tmp_path, number):
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    with Running(tmp_path, "demo", TMPDIR=str(rooms)) as demo:
        demo.wait_for("Ctrl-C ends the demonstration")
        assert len(list(rooms.iterdir())) == 1

        assert demo.end(number) == 0

    assert list(rooms.iterdir()) == []
    assert demo.stderr == ""


EARLY = """
import sys
from pathlib import Path
from adapter.cli.demo import run_demo
sys.exit(run_demo(once=sys.argv[1] == "once", fixtures=Path(sys.argv[2])))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [("once", 1), ("on", 0)])
def test_ctrl_c_before_all_has_arrived_is_no_fault_unless_the_answer_was_asked_for(tmp_path, how, code):
    """The sample lists the same patient ten thousand times: it takes longer than the test waits."""
    fixtures = sample_folder(tmp_path / "fixtures", "demo/01_p0")
    (case,) = json.loads((fixtures / "expected.json").read_text())
    (fixtures / "expected.json").write_text(json.dumps([case | {"files": case["files"] * 10_000}]))
    with Running(tmp_path, how, fixtures, command=[sys.executable, "-c", EARLY]) as demo:
        demo.wait_for("service up")

        assert demo.end(signal.SIGINT) == code

    assert demo.stderr == "interrupted before every sample had arrived\n"


@pytest.mark.parametrize("name", ["demo/01_p0", "demo/08_waiting_for_fdg"])
def test_a_sample_that_became_what_it_should_ends_with_0(tmp_path, name):
    assert run_demo(once=True, fixtures=sample_folder(tmp_path, name)) == 0


@pytest.mark.parametrize(
    ("name", "differing"),
    [
        ("demo/01_p0", {"score": {"grade": "P1"}}),
        ("demo/01_p0", {"score": {"status": "final"}}),
        ("demo/01_p0", {"message_states": ["read", "held"]}),
        ("demo/08_waiting_for_fdg", {"state": "published"}),
    ],
)
def test_a_sample_that_became_something_else_is_marked_and_ends_with_1(tmp_path, capsys, name, differing):
    assert run_demo(once=True, fixtures=sample_folder(tmp_path, name, **differing)) == 1
    assert re.search(r"│ NO +│", capsys.readouterr().out)


def test_a_sample_that_the_service_refuses_ends_with_1(tmp_path, capsys):
    folder = sample_folder(tmp_path, "demo/08_waiting_for_fdg")
    (message,) = (folder / "demo").iterdir()
    message.write_bytes(message.read_bytes().replace(b"|P|2.5.1", b"|X|2.5.1"))

    assert run_demo(once=True, fixtures=folder) == 1
    assert re.search(r"│ AR +│", capsys.readouterr().out)


SAMPLE = Sample("one", (b"MSH",), "key", "1", ("read",), "published", "P1", "preliminary")


def became(**facts: Any) -> Became:
    return Became(SAMPLE, **({"acks": ["AA"], "states": ["read"], "state": "published"} | facts))


@pytest.mark.parametrize(
    "facts",
    [
        {"acks": []},
        {"acks": ["AE"]},
        {"acks": ["AA", "AA"]},
        {"states": ["held"]},
        {"state": "waiting"},
        {"grade": "P2a"},
        {"status": "final"},
    ],
)
def test_what_differs_in_anything_is_not_as_expected(facts):
    right = {"grade": "P1", "status": "preliminary"}

    assert became(**right).as_expected
    assert not became(**(right | facts)).as_expected


def test_the_table_is_as_wide_as_the_terminal_and_cuts_no_word_off(capsys):
    why = "lesion L1: SSTR positive, FDG negative: pattern 1; " * 3
    console = Console(width=90)

    print_table([became(grade="P1", status="preliminary", why=why)], console)

    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= 90
    assert printed.count("SSTR") == 3
