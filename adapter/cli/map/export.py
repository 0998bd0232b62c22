"""``netpet-adapter map export``: code tables out as FHIR ConceptMaps, and ConceptMaps in as tables."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from adapter.cli.exits import BAD_INPUT, OK
from adapter.cli.map.targets import Target
from adapter.fhir.json_text import from_json
from adapter.fhir.resource import JsonUnreadableError
from adapter.mapping.concept_map import ConceptMapError, concept_map, table_of
from adapter.mapping.yaml_text import flow


def export_tables(target: Target, names: Sequence[str]) -> int:
    """Print a table as a ConceptMap, several as a Bundle of them; the return value is the exit code."""
    try:
        maps = [concept_map(target.mapping, name) for name in names or target.mapping.form.tables]
    except ConceptMapError as error:
        typer.echo(f"{target.path}: {error}", err=True)
        return BAD_INPUT
    if not maps:
        typer.echo(f"{target.path}: the mapping has no tables", err=True)
        return BAD_INPUT
    entries = [{"fullUrl": one["url"], "resource": one} for one in maps]
    whole: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    typer.echo(json.dumps(maps[0] if len(names) == 1 else whole, indent=2, ensure_ascii=False))
    return OK


def print_table(file: Path) -> int:
    """Print a ConceptMap as the lines of a table, to be put under ``tables`` and tested there."""
    try:
        entries = table_of(from_json(file.read_bytes()))
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        return BAD_INPUT
    except (JsonUnreadableError, ConceptMapError) as error:
        typer.echo(f"{file}: {error}", err=True)
        return BAD_INPUT
    for sent, meant in entries.items():
        typer.echo(f"    {flow(sent)}: {flow(meant)}")
    return OK
