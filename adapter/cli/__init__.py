"""The command line: exit 0 ok, 1 finding, 2 usage or bad input, 3 environment."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

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
    from adapter.cli.score import score_one  # noqa: PLC0415 - a command imports only what it runs
    from adapter.cli.score_lines import score_lines  # noqa: PLC0415

    with open_input(file) as source:
        if lines:
            raise typer.Exit(score_lines(source, sys.stdout, explain=explain))
        raise typer.Exit(score_one(source, sys.stdout, sys.stderr, explain=explain))


@contextmanager
def open_input(file: str) -> Iterator[BinaryIO]:
    """Turn a file's name, or - for standard input, into an open file; exit 2 when it cannot be opened."""
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115 - closed below; opening alone may fail with a usage error
    except OSError as error:
        typer.echo(f"{file}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    with source:
        yield source
