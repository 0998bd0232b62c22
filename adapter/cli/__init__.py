"""The command line: exit 0 ok, 1 finding, 2 usage or bad input, 3 environment."""

from typing import Annotated

import typer

app = typer.Typer(
    name="netpet-adapter",
    help="Dual-PET radiology results in, NETPET scores out. For research and evaluation; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _main() -> None:
    """Keep ``score`` a sub-command while there is only one."""


@app.command()
def score(
    file: Annotated[str, typer.Argument(help="A lesion table in JSON, or - for standard input.")] = "-",
    lines: Annotated[bool, typer.Option("--lines", help="One table a line in, one result a line out.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Add the explanation in a sentence.")] = False,
) -> None:
    """Score a lesion table: grade, group, bounds, reasons. Exit 2 when the table cannot be read."""
    from adapter.cli.score import run_score  # noqa: PLC0415 - a command imports only what it runs

    raise typer.Exit(run_score(file, lines=lines, explain=explain))
