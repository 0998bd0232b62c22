"""``netpet-adapter map schema``: the JSON Schemas of the forms, and their reference page."""

from pathlib import Path

import typer

from adapter.cli.exits import ENVIRONMENT, FINDING, OK
from adapter.mapping.cases import CaseFile
from adapter.mapping.form import Mapping
from adapter.mapping.reference import reference_page
from adapter.mapping.schema import SCHEMA_FILES, schema_text


def print_schema(*, tests: bool, reference: bool) -> int:
    """Print a schema, or the page."""
    form = CaseFile if tests else Mapping
    typer.echo(reference_page() if reference else schema_text(form), nl=False)
    return OK


def write_schemas(folder: Path) -> int:
    """Write the schema files beside the mappings."""
    for name, form in SCHEMA_FILES.items():
        try:
            (folder / name).write_text(schema_text(form), encoding="utf-8")
        except OSError as error:
            typer.echo(f"{folder / name}: {error.strerror}", err=True)
            return ENVIRONMENT
        typer.echo(f"{folder / name}: written")
    return OK


def check_schemas(folder: Path) -> int:
    """Say which schema files are missing or are not those of this program."""
    stale = [name for name, form in SCHEMA_FILES.items() if _text(folder / name) != schema_text(form)]
    for name in stale:
        typer.echo(f"{folder / name}: not this program's schema; write it with: netpet-adapter map schema --write")
    return FINDING if stale else OK


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
