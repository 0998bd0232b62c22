"""The tutorial is what it says: its files are written, its commands run, and at its end the score is the right one."""

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from program import Serving, run

PAGE = (Path(__file__).parents[2] / "docs/tutorial.md").read_text("utf-8")
BLOCK = re.compile(r"((?:<!-- [a-z]+(?:: [^>]*)? -->\n)*)```(\w*)\n(.*?)```", re.DOTALL)
MARK = re.compile(r"<!-- ([a-z]+)(?:: ([^>]*))? -->")


@dataclass
class Reader:
    """Somebody who does what the page says, in a folder of his own."""

    folder: Path
    service: Serving | None = None
    said: dict[str, str] = field(default_factory=dict)

    def follow(self) -> Iterator[None]:
        """Do each step; a step is done when the next one is asked for."""
        for marks, kind, text in BLOCK.findall(PAGE):
            told = dict(MARK.findall(marks))
            if "dir" in told:
                (self.folder / told["dir"]).mkdir()
            if "file" in told:
                self.write(told["file"], text)
            elif "change" in told:
                self.change(told["change"], text)
            elif kind == "console":
                self.do(text, told)
            yield

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def change(self, name: str, text: str) -> None:
        """Apply a diff: each run of lines with - becomes the run of lines with + behind it."""
        file = self.folder / name
        content = file.read_text("utf-8")
        for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", text, re.MULTILINE):
            before, after = (re.sub(r"^[-+]", "", lines, flags=re.MULTILINE) for lines in (old, new))
            assert content.count(before) == 1, before
            content = content.replace(before, after)
        file.write_text(content, encoding="utf-8")

    def do(self, text: str, told: dict[str, str]) -> None:
        if "wait" in told:
            assert self.service is not None
            self.service.wait_for(f'"event": "{told["wait"]}"')
        for command in [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]:
            words = shlex.split(command)
            if "background" in told:
                self.service = Serving(self.folder, *words[2:]).__enter__()
            elif words[0] == "cp":
                shutil.copy(self.folder / words[1], self.folder / words[2])
            elif words[0] == "curl":
                self.said[command] = self.fetch(words)
            else:
                self.run(command, words[1:], int(told.get("exit", 0)))

    def run(self, command: str, words: list[str], code: int) -> None:
        settings = {}
        if self.service is not None:
            settings["NETPET_HTTP__PORT"] = str(self.service.address("http")[1])
            words = [self.service.mllp if word == "127.0.0.1:2575" else word for word in words]
        done = run(*words, folder=self.folder, **settings)
        assert done.returncode == code, (command, done.stdout, done.stderr)
        self.said[command] = done.stdout + done.stderr

    def fetch(self, words: list[str]) -> str:
        assert self.service is not None
        header, url = words[words.index("-H") + 1].split(": "), words[-1]
        address = url.replace("127.0.0.1:8080", "{}:{}".format(*self.service.address("http")))
        with urlopen(Request(address, headers=dict([header])), timeout=30) as answer:
            return answer.read().decode()

    def saw(self, beginning: str) -> str:
        """What the last command that begins so said."""
        return [text for command, text in self.said.items() if command.startswith(beginning)][-1]


@pytest.fixture
def reader(tmp_path):
    reader = Reader(tmp_path)
    yield reader
    if reader.service is not None:
        reader.service.__exit__()


@pytest.mark.slow
def test_whoever_follows_the_tutorial_ends_with_the_right_score(reader):
    for _ in reader.follow():
        pass

    assert "25 TODOs" in reader.saw("netpet-adapter map new")
    assert "score: P2a (P2-4), scored" in reader.saw("netpet-adapter map preview")
    assert "5 cases, 0 failed" in reader.saw("netpet-adapter map test")
    assert "rules 100 %" in reader.saw("netpet-adapter map coverage")
    assert reader.saw("netpet-adapter send").count(": AA\n") == 2
    assert "2 message(s) will be read anew" in reader.saw("netpet-adapter replay")
    assert "No grade and no group changes" in reader.saw("netpet-adapter map diff")
    (entry,) = [
        entry["resource"]
        for entry in json.loads(reader.saw("curl"))["entry"]
        if entry["resource"]["resourceType"] == "Observation" and entry["search"]["mode"] == "match"
    ]
    assert (entry["valueCodeableConcept"]["text"], entry["status"]) == ("P2a", "preliminary")
