"""``netpet-adapter map``: write, test, check, compare and export a hospital's mapping, without code."""

from pathlib import Path
from typing import Annotated

import typer

map_app = typer.Typer(
    name="map",
    help="Write, test, check, compare and export mappings (docs/mapping.md).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Named = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID|FILE|DIR", help="Mappings by id, file or folder; none: all of the directory."),
]
Directory = Annotated[
    Path | None,
    typer.Option("--directory", help="Where mappings are looked for; else the settings' mappings.directory."),
]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@map_app.callback()
def about_mappings() -> None:
    """Write, test, check, compare and export mappings (docs/mapping.md)."""


@map_app.command("test")
def run_mapping_tests(  # noqa: PLR0913, PLR0917 - one parameter an option
    named: Named = None,
    directory: Directory = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write what is read into failing cases; shows the change, and asks.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --update: write without asking.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the results as JUnit XML.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run the cases beside each mapping (ID.test.yaml); exit 1 when one does not hold."""
    from adapter.cli.map.cases import RunOptions, run_tests  # noqa: PLC0415 - a command imports only what it runs
    from adapter.cli.map.targets import targets_or_exit  # noqa: PLC0415

    targets = targets_or_exit(named or [], directory)
    raise typer.Exit(run_tests(targets, RunOptions(update, yes, junit, as_json)))


@map_app.command("coverage")
def cover_mappings(named: Named = None, directory: Directory = None, as_json: AsJson = False) -> None:
    """Say which rules, table entries and doubts no case touches; exit 1 when an active mapping's rules are not."""
    from adapter.cli.map.coverage import run_coverage  # noqa: PLC0415
    from adapter.cli.map.targets import targets_or_exit  # noqa: PLC0415

    raise typer.Exit(run_coverage(targets_or_exit(named or [], directory), as_json=as_json))


@map_app.command("diff")
def compare_mappings(  # noqa: PLR0913, PLR0917 - one parameter an option
    old: Annotated[str, typer.Argument(help="The version in use: a file, or an id of the settings' directory.")],
    new: Annotated[str, typer.Argument(help="The version to be approved: a file.")],
    replay: Annotated[str, typer.Option("--replay", metavar="DIR|last-N", help="Messages to read with both.")],
    beside: Annotated[
        Path | None, typer.Option("--beside", help="A folder: its other active mappings read the other studies.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="A YAML file of settings (docs/settings.md).")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which facts and which scores another version changes; exit 1 when a grade does."""
    from adapter.cli.map.diff import DiffOptions, run_diff  # noqa: PLC0415

    raise typer.Exit(run_diff(old, new, DiffOptions(replay, beside, config, as_json)))


@map_app.command("lint")
def lint_mappings(  # noqa: PLR0913, PLR0917 - one parameter an option
    named: Named = None,
    directory: Directory = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List every rule, and look at nothing.")] = False,
    record: Annotated[
        bool, typer.Option("--record", help="Write the digests of new active versions into versions.lock.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a mapping may get wrong, clinically and technically, with the cure; exit 1 for errors."""
    from adapter.cli.map.lint import print_rules, record_versions, run_lint  # noqa: PLC0415
    from adapter.cli.map.targets import paths_or_exit  # noqa: PLC0415

    if rules:
        raise typer.Exit(print_rules(as_json=as_json))
    paths = paths_or_exit(named or [], directory)
    raise typer.Exit(record_versions(paths) if record else run_lint(paths, strict=strict, as_json=as_json))


@map_app.command("schema")
def schemas(
    directory: Directory = None,
    tests: Annotated[bool, typer.Option("--tests", help="The form of the tests, not of the mapping.")] = False,
    reference: Annotated[bool, typer.Option("--reference", help="Both forms as a page (Markdown).")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write both schema files beside the mappings.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 when they are not this program's.")] = False,
) -> None:
    """Print the JSON Schema of the mapping's form, for editors; or write or check the files beside the mappings."""
    from adapter.cli.map.schema import check_schemas, print_schema, write_schemas  # noqa: PLC0415
    from adapter.cli.map.targets import folder_or_exit  # noqa: PLC0415

    if write or check:
        folder = folder_or_exit(directory)
        raise typer.Exit(write_schemas(folder) if write else check_schemas(folder))
    raise typer.Exit(print_schema(tests=tests, reference=reference))


@map_app.command("new")
def draft_mapping(
    samples: Annotated[list[Path], typer.Option("--from", metavar="FILE", help="Sample messages; repeatable.")],
    name: Annotated[str, typer.Option("--id", help="The mapping's id; else after the sender.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="A new file; else standard output.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draft a mapping from sample messages: what is recognised is filled in, the rest are TODOs that lint reports."""
    from adapter.cli.map.new import NewOptions, run_new  # noqa: PLC0415

    raise typer.Exit(run_new(samples, NewOptions(name, out, as_json)))


@map_app.command("export")
def export_mapping(
    named: Annotated[str | None, typer.Argument(metavar="ID|FILE", help="The mapping whose tables to print.")] = None,
    directory: Directory = None,
    table: Annotated[list[str] | None, typer.Option("--table", help="A table by name; may be given again.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All tables, as one Bundle.")] = False,
    source: Annotated[
        Path | None, typer.Option("--from", help="A ConceptMap to print as the lines of a table instead.")
    ] = None,
) -> None:
    """Print code tables as FHIR R4 ConceptMaps (--table, --all), or a ConceptMap as a table (--from)."""
    from adapter.cli.map.export import export_tables, print_table  # noqa: PLC0415
    from adapter.cli.map.targets import targets_or_exit  # noqa: PLC0415

    if source is not None:
        raise typer.Exit(print_table(source))
    if named is None or bool(table) == every:
        typer.echo("say which mapping, and either --table NAME or --all; or --from FILE", err=True)
        raise typer.Exit(2)
    raise typer.Exit(export_tables(targets_or_exit([named], directory)[0], table or []))


@map_app.command("preview")
def preview_mapping(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Messages of one patient, in their order.")],
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="The mapping's file.")],
    watch: Annotated[bool, typer.Option("--watch", help="Show it again at each save, until Ctrl-C.")] = False,
    mask: Annotated[bool, typer.Option("--mask/--no-mask", help="Hide who the patient and the readers are.")] = True,
    as_json: AsJson = False,
) -> None:
    """Show which field fed which fact, what is not used, the lesions and the score; exit 1 when one is not read."""
    from adapter.cli.map.preview import PreviewOptions, run_preview  # noqa: PLC0415

    raise typer.Exit(run_preview(files, PreviewOptions(mapping, watch, mask, as_json)))
