"""The command line: exit 0 ok, 1 finding, 2 usage or bad input, 3 environment."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from adapter.cli.db import db_app
from adapter.cli.map import map_app
from adapter.cli.messages import messages_app
from adapter.cli.replay_options import replay
from adapter.cli.review import review_app

app = typer.Typer(
    name="netpet-adapter",
    help="Dual-PET radiology results in, NETPET scores out. For research and evaluation; not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(map_app)
app.add_typer(db_app)
app.add_typer(review_app)
app.add_typer(messages_app)


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


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit when all samples have arrived; 1 if one did not.")] = False,
) -> None:
    """Start the whole service on loopback, send sample patients, show what became of each."""
    from adapter.cli.demo import run_demo  # noqa: PLC0415

    raise typer.Exit(run_demo(once=once))


Config = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings (docs/settings.md).")]


@app.command()
def serve(
    config: Config = None,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLES", help="Of receive,work,web: what this process does; else all.")
    ] = "",
) -> None:
    """Run the service until it is told to stop (SIGTERM, Ctrl-C)."""
    from adapter.cli.serve import run_serve  # noqa: PLC0415

    raise typer.Exit(run_serve(config, role))


@app.command()
def send(
    files: Annotated[list[Path], typer.Argument(help="Files of HL7 v2 messages, one or several in each.")],
    to: Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="An MLLP listener.")],
    ca: Annotated[Path | None, typer.Option("--ca", help="TLS: the authorities to trust (PEM).")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", help="TLS: our client certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="TLS: its private key (PEM).")] = None,
) -> None:
    """Send messages over MLLP and print each answer; exit 1 when one is not accepted."""
    from adapter.cli.send import make_target, run_send  # noqa: PLC0415

    raise typer.Exit(run_send(files, make_target(to, (ca, cert, key))))


@app.command()
def doctor(
    ready: Annotated[
        bool, typer.Option("--ready", help="Ask the running service whether it is ready, no more.")
    ] = False,
    write_test: Annotated[
        bool, typer.Option("--write-test", help="Write a score of a made-up patient, read it back, withdraw it.")
    ] = False,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Look at settings, mappings, store, service and destination; exit 1 when something is to be mended."""
    from adapter.cli.doctor import run_doctor  # noqa: PLC0415
    from adapter.cli.doctor_ready import run_ready  # noqa: PLC0415

    if ready:
        raise typer.Exit(run_ready(config, as_json=as_json))
    raise typer.Exit(run_doctor(config, write_test=write_test, as_json=as_json))


app.command()(replay)


@app.command()
def waiting(
    client: Annotated[str, typer.Option("--client", help="A name of security.api_keys; else the first.")] = "",
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """List the studies that wait for their partner: what they wait for, and until when."""
    from adapter.cli.review_asked import Access, run_waiting  # noqa: PLC0415

    raise typer.Exit(run_waiting(Access(config, client, as_json)))


@app.command()
def purge(  # noqa: PLR0913, PLR0917 - each is an option of the command
    patient: Annotated[
        str, typer.Argument(help="IDENTIFIER^^^AUTHORITY as in PID-3, or - to read it from standard input.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit. Name no patient.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it what would go is listed.")] = False,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="MESSAGE", help="The id of a further message to remove.")
    ] = None,
    leave: Annotated[
        bool, typer.Option("--leave-at-destination", help="What stands at other servers is seen to there.")
    ] = False,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Remove every row of a patient and prove that it is gone; a SQLite store with the service stopped."""
    from adapter.cli.purge import Asked, run_purge  # noqa: PLC0415

    raise typer.Exit(run_purge(config, Asked(patient, reason, yes, tuple(also or ()), leave, as_json)))


@app.command()
def version(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Print the versions of the program and of the algorithm."""
    from adapter.scoring.result import ALGORITHM, ALGORITHM_VERSION  # noqa: PLC0415
    from adapter.version import VERSION  # noqa: PLC0415

    if as_json:
        members = {"program": VERSION, "algorithm": {"name": ALGORITHM, "version": ALGORITHM_VERSION}}
        typer.echo(json.dumps(members))
    else:
        typer.echo(f"netpet-adapter {VERSION}, algorithm {ALGORITHM} {ALGORITHM_VERSION}")
