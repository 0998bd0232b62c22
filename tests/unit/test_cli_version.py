"""The command line as a whole: its versions, its help, and what a wrong command line gets."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from program import run
from typer.core import TyperGroup
from typer.main import get_command

from adapter.cli import app
from adapter.scoring.result import ALGORITHM, ALGORITHM_VERSION
from adapter.version import VERSION

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def commands() -> dict[str, set[str]]:
    """Each command with the options that it takes."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for name, command in group.commands.items()
    }


COMMANDS = commands()


def test_the_version_is_that_of_the_project():
    assert tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"] == VERSION


def test_the_versions_of_program_and_algorithm_are_given_as_json(tmp_path):
    ended = run("version", "--json", folder=tmp_path)

    assert ended.returncode == 0
    assert json.loads(ended.stdout) == {
        "program": VERSION,
        "algorithm": {"name": ALGORITHM, "version": ALGORITHM_VERSION},
    }


def test_a_person_reads_the_versions_in_a_line(tmp_path):
    ended = run("version", folder=tmp_path)

    assert ended.stdout == f"netpet-adapter {VERSION}, algorithm {ALGORITHM} {ALGORITHM_VERSION}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_names_every_option_of_it(tmp_path, command):
    ended = run(command, "--help", folder=tmp_path)

    assert ended.returncode == 0
    assert set(re.findall(r"--[a-z-]+", ended.stdout)) >= COMMANDS[command] | {"--help"}


def test_the_help_names_every_command_and_what_the_program_is_not(tmp_path):
    ended = run("--help", folder=tmp_path)

    assert ended.returncode == 0
    assert set(re.findall(r"\w+", ended.stdout)) >= set(COMMANDS)
    assert "not a medical device" in ended.stdout


@pytest.mark.parametrize("arguments", [("scores",), ("serve", "--port", "1"), ("version", "--yaml"), ("demo", "x")])
def test_what_no_command_takes_is_used_wrongly(tmp_path, arguments):
    ended = run(*arguments, folder=tmp_path)

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
