"""What the pages tell to type is there: commands with their options, and targets of make."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from adapter.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = typer.main.get_command(app)
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def typed() -> Iterator[tuple[str, str]]:
    """Each line of code on a page, with the page's name; a line that ends in a backslash goes on."""
    for page in PAGES:
        text = page.read_text("utf-8")
        blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ")
        for line in [*blocks.splitlines(), *CODE.findall(FENCE.sub("", text))]:
            yield page.name, line.strip().removeprefix("$ ")


def of_program(word: str) -> list[tuple[str, str]]:
    return [(page, line) for page, line in typed() if line.startswith(f"{word} ")]


def unknown(line: str) -> list[str]:
    """What a command line names that the program does not have: a command, or options of one."""
    command: Any = COMMAND
    _, *words = re.split(r"\s{2,}|(?<!\\)[|&>;]", line)[0].replace("[", " ").replace("]", " ").split()
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        first, *others = words[0].split("\\|")  # a table writes several commands so
        missing = [name for name in (first, *others) if name not in command.commands]
        if missing:
            return missing
        if others:
            return []
        command, words = command.commands[first], words[1:]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in known | {"--help"}]


def test_every_command_and_option_on_a_page_is_one_of_the_program():
    lines = of_program("netpet-adapter")

    assert len(lines) > 50
    assert {(page, line): names for page, line in lines if (names := unknown(line))} == {}


def test_every_target_on_a_page_is_one_of_the_makefile():
    lines = of_program("make")

    assert len(lines) > 10
    assert [(page, line) for page, line in lines if line.split()[1] not in TARGETS] == []


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("netpet-adapter scores", ["scores"]),
        ("netpet-adapter map tests", ["tests"]),
        ("netpet-adapter doctor [--ready] [--reddy]", ["--reddy"]),
        ("netpet-adapter map lint [ID|FILE ...] --help", []),
    ],
)
def test_what_is_not_there_is_found(line, names):
    assert unknown(line) == names
