"""``netpet-adapter map coverage``: what of a mapping no case touches."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from adapter.app.mapping_files import door
from adapter.cli.exits import BAD_INPUT, FINDING, OK
from adapter.cli.map.targets import Target
from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import cases_file_of, from_folder
from adapter.mapping.coverage import Coverage, coverage
from adapter.mapping.errors import MappingFileError
from adapter.mapping.loader import Path, Tree, read_tree

_UNTOUCHED = {
    "rules": "no case touches this rule",
    "required": "no case lacks this required value",
    "entries": "no case touches this table entry",
    "doubts": "no case comes to this doubt",
}


@dataclass(frozen=True, slots=True)
class Covered:
    """One mapping, what its cases touch, and where its parts stand."""

    target: Target
    coverage: Coverage
    tree: Tree

    @property
    def is_good(self) -> bool:
        """A mapping that reads patients' messages needs all of its rules touched."""
        return self.coverage.is_enough or not self.target.mapping.is_active


def run_coverage(targets: Sequence[Target], *, as_json: bool) -> int:
    """Run the cases of each mapping and say what they do not touch; the return value is the exit code."""
    covered = [covered_or_exit(target) for target in targets]
    if as_json:
        typer.echo(json.dumps({"mappings": [_members(one) for one in covered]}, indent=2))
    else:
        for one in covered:
            for line in _report(one):
                typer.echo(line)
    return OK if all(one.is_good for one in covered) else FINDING


def covered_or_exit(target: Target) -> Covered:
    """Turn a mapping into what its cases touch; a test file that has not its form is exit 2."""
    file = cases_file_of(target.path)
    try:
        cases = read_cases(file.read_bytes(), str(file))[0] if file.is_file() else None
    except MappingFileError as error:
        for fault in error.faults:
            typer.echo(str(fault), err=True)
        raise typer.Exit(BAD_INPUT) from None
    tree = read_tree(target.path.read_bytes(), str(target.path))
    return Covered(target, coverage(target.mapping, cases, from_folder(file.parent), door), tree)


def _report(covered: Covered) -> Iterator[str]:
    found = covered.coverage
    shares = ", ".join(f"{name} {share.percent} %" for name, share in found.shares.items())
    yield f"{covered.target.mapping.name}: {found.cases} cases; {shares}"
    if found.failed:
        yield f"  {found.failed} cases do not hold and count for nothing: netpet-adapter map test"
    for name, share in found.shares.items():
        for part in share.untouched:
            yield f"  {covered.tree.fault(part, f'{_UNTOUCHED[name]}: {spelt(part)}')}"
    if not covered.is_good:
        yield "  an active mapping needs cases that touch all of its rules, and one without each required value"


def spelt(part: Path) -> str:
    """Turn a part's path into how one says it: ``lesion.suv[2]``, ``tables.calls: 10828004^Positive^SCT``."""
    if part[0] == "tables":
        return f"tables.{part[1]}: {part[2]}"
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in part).removeprefix(".")


def _members(covered: Covered) -> dict[str, Any]:
    found, mapping = covered.coverage, covered.target.mapping
    shares = {
        name: {
            "percent": share.percent,
            "parts": len(share.parts),
            "untouched": [_place(covered.tree, part) for part in share.untouched],
        }
        for name, share in found.shares.items()
    }
    identity = {"mapping": mapping.form.id, "version": mapping.form.version, "sha256": mapping.sha256}
    return identity | {"cases": found.cases, "failed": found.failed, "good": covered.is_good} | shares


def _place(tree: Tree, part: Path) -> dict[str, Any]:
    fault = tree.fault(part, "")
    return {"part": spelt(part), "line": fault.line, "column": fault.column}
