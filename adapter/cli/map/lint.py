"""``netpet-adapter map lint``: what a mapping that loads may still get wrong."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer

from adapter.app.mapping_files import door
from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.mapping.cases import read_cases
from adapter.mapping.cases_run import cases_file_of, from_folder, run_cases
from adapter.mapping.coverage import coverage
from adapter.mapping.errors import MappingFileError
from adapter.mapping.lint.finding import Finding, Severity
from adapter.mapping.lint.run import RULES, lint, lint_together, not_loaded
from adapter.mapping.lint.subject import Subject, Tested
from adapter.mapping.lint.versions import VERSIONS_FILE, read_versions, record_of
from adapter.mapping.loader import read_tree
from adapter.mapping.site_mapping import SiteMapping, site_mapping


def run_lint(paths: Sequence[Path], *, strict: bool, as_json: bool) -> int:
    """Look at mappings and say what is wrong; the return value is the exit code."""
    findings = findings_of(paths)
    errors = sum(found.severity is Severity.ERROR for found in findings)
    if as_json:
        typer.echo(json.dumps({"findings": [asdict(found) for found in findings], "errors": errors}, indent=2))
    else:
        for found in findings:
            typer.echo(str(found))
        typer.echo(f"{len(paths)} mappings: {errors} errors, {len(findings) - errors} warnings")
    return FINDING if errors or (strict and findings) else OK


def findings_of(paths: Sequence[Path]) -> list[Finding]:
    """Turn mapping files into all that is wrong with each, and between those of one folder."""
    subjects: list[Subject] = []
    found: list[Finding] = []
    for path in paths:
        try:
            subjects.append(_subject(path))
        except MappingFileError as error:
            found += map(not_loaded, error.faults)
    for subject in subjects:
        found += lint(subject)
    for folder in dict.fromkeys(path.parent for path in paths):
        found += lint_together([subject for subject in subjects if Path(subject.mapping.file).parent == folder])
    return found


def print_rules(*, as_json: bool) -> int:
    """List every rule with what it finds and the cure."""
    if as_json:
        members = [{"id": one.id, "severity": one.severity, "wrong": one.wrong, "cure": one.cure} for one in RULES]
        typer.echo(json.dumps(members, indent=2))
    else:
        for one in RULES:
            typer.echo(f"{one.id} {one.severity:7} {one.wrong}; {one.cure}")
    return OK


def record_versions(paths: Sequence[Path]) -> int:
    """Write the active mappings that are not recorded yet into versions.lock; what is there is never changed."""
    for folder in dict.fromkeys(path.parent for path in paths):
        try:
            mappings = [mapping for path in paths if path.parent == folder and (mapping := _mapping(path)).is_active]
            if mappings:
                record = folder / VERSIONS_FILE
                record.write_text(record_of(_versions(folder), mappings), encoding="utf-8")
                typer.echo(f"{record}: written")
        except MappingFileError as error:
            typer.echo(str(error), err=True)
            return BAD_INPUT
        except OSError as error:
            typer.echo(f"{folder}: {error.strerror}", err=True)
            return ENVIRONMENT
    return OK


def _mapping(path: Path) -> SiteMapping:
    return site_mapping(_read(path), str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        typer.echo(f"{path}: {error.strerror}", err=True)
        raise typer.Exit(BAD_INPUT) from None


def _versions(folder: Path) -> dict[str, str]:
    record = folder / VERSIONS_FILE
    return read_versions(record.read_text(encoding="utf-8"), str(record)) if record.is_file() else {}


def _subject(path: Path) -> Subject:
    content = _read(path)
    mapping = site_mapping(content, str(path))
    tree = read_tree(content, str(path))
    today = datetime.now(UTC).date()
    text = content.decode("utf-8-sig")
    return Subject(mapping, tree, text, _tested(path, mapping), _versions(path.parent), today)


def _tested(path: Path, mapping: SiteMapping) -> Tested | None:
    file = cases_file_of(path)
    if not file.is_file():
        return None
    cases, tree = read_cases(_read(file), str(file))
    fetch = from_folder(file.parent)
    results = tuple(result for result, _ in run_cases(cases, mapping, fetch, door))
    return Tested(cases, tree, results, coverage(mapping, cases, fetch, door), fetch)
