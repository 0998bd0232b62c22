"""``netpet-adapter map test``: the cases beside each mapping, run; a failing one shows what was expected and got."""

import difflib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from adapter.app.mapping_files import door
from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.cli.map.junit import junit
from adapter.cli.map.targets import Target
from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import CaseResult, cases_file_of, from_folder, run_cases
from adapter.mapping.cases_update import updated
from adapter.mapping.errors import MappingFileError
from adapter.mapping.loader import Tree


@dataclass(frozen=True, slots=True)
class MappingRun:
    """The cases of one mapping, run. ``tree`` and ``text`` are the test file's; without one there are no results."""

    target: Target
    file: Path
    results: tuple[CaseResult, ...] = ()
    tree: Tree | None = None
    text: str = ""

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases that do not hold."""
        return tuple(result for result in self.results if not result.holds)

    @property
    def is_good(self) -> bool:
        """Do all cases hold, and has a mapping that reads patients' messages any?"""
        return not self.failed and (self.tree is not None or not self.target.mapping.is_active)

    def line_of(self, index: int) -> int:
        """The line of a case in its file."""
        return self.tree.positions["cases", index][0] if self.tree else 0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to do beside running: rewrite expectations, unasked, and write JUnit's XML or JSON."""

    update: bool = False
    yes: bool = False
    junit: Path | None = None
    as_json: bool = False


def run_tests(targets: Sequence[Target], options: RunOptions) -> int:
    """Run the cases of each mapping, say how they went; the return value is the exit code."""
    runs = [_run_or_exit(target) for target in targets]
    if options.update:
        runs = [_updated(run, unasked=options.yes) for run in runs]
    if options.junit:
        _write_or_exit(options.junit, junit([(str(run.file), run.results) for run in runs]))
    if options.as_json:
        typer.echo(json.dumps({"mappings": [_members(run) for run in runs]}, indent=2))
    else:
        for run in runs:
            for line in _report(run):
                typer.echo(line)
    return OK if all(run.is_good for run in runs) else FINDING


def _write_or_exit(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(ENVIRONMENT) from None


def _run_or_exit(target: Target) -> MappingRun:
    try:
        return run_of(target)
    except MappingFileError as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(BAD_INPUT) from None


def run_of(target: Target) -> MappingRun:
    """Turn a mapping into its cases, run; raises MappingFileError for a test file that has not its form."""
    file = cases_file_of(target.path)
    if not file.is_file():
        return MappingRun(target, file)
    content = file.read_bytes()
    cases, tree = read_cases(content, str(file))
    results = tuple(result for result, _ in run_cases(cases, target.mapping, from_folder(file.parent), door))
    return MappingRun(target, file, results, tree, content.decode("utf-8-sig"))


def _updated(run: MappingRun, *, unasked: bool) -> MappingRun:
    """Show how the file would change, ask, write it, and run it again."""
    if run.tree is None or not run.failed:
        return run
    new = updated(run.text, run.tree, run.results)
    for name in new.left:
        typer.echo(f"{run.file}: {name!r} is left: its `expect` must begin a line, and its input be readable", err=True)
    if new.text == run.text or not _can_be_read(new.text, run.file):
        return run
    sys.stderr.writelines(_diff(run, new.text))
    if not unasked and not typer.confirm(f"Write {run.file}?", err=True):
        return run
    _write_or_exit(run.file, new.text)
    return _run_or_exit(run.target)


def _can_be_read(text: str, file: Path) -> bool:
    """A file is never exchanged for one that is too large to be read again."""
    try:
        read_cases(text.encode(), str(file))
    except MappingFileError as error:
        typer.echo(f"{file}: not written, as it could not be read again: {error}; split the file", err=True)
        return False
    return True


def _diff(run: MappingRun, text: str) -> Iterator[str]:
    old, new = run.text.splitlines(keepends=True), text.splitlines(keepends=True)
    return difflib.unified_diff(old, new, str(run.file), f"{run.file} (as read now)")


def _report(run: MappingRun) -> Iterator[str]:
    name = run.target.mapping.name
    if run.tree is None:
        yield f"{name}: no tests: {run.file} is missing"
        return
    for index, result in enumerate(run.results):
        if not result.holds:
            yield f"{run.file}:{run.line_of(index)}: {result.case.name!r} does not hold"
            for one in result.differences:
                yield f"    {one.path}"
                yield f"      expected  {one.expected}"
                yield f"      got       {one.got}"
    yield f"{name}: {len(run.results)} cases, {len(run.failed)} failed"


def _members(run: MappingRun) -> dict[str, Any]:
    cases = [
        {
            "name": result.case.name,
            "line": run.line_of(index),
            "holds": result.holds,
            "differences": [{"path": one.path, "expected": one.expected, "got": one.got} for one in result.differences],
            "got": result.got.members() if result.got else None,
        }
        for index, result in enumerate(run.results)
    ]
    mapping = run.target.mapping
    return {
        "mapping": mapping.form.id,
        "version": mapping.form.version,
        "sha256": mapping.sha256,
        "file": str(run.file),
        "has_tests": run.tree is not None,
        "good": run.is_good,
        "cases": cases,
    }
