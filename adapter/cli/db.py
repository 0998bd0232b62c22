"""``netpet-adapter db``: the store's schema, its backups, and whether it is whole (docs/database.md)."""

from pathlib import Path
from typing import Annotated

import typer

db_app = typer.Typer(
    name="db",
    help="Bring the store to this version, move it, back it up, check it (docs/database.md).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Config = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings (docs/settings.md).")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@db_app.callback()
def about_the_store() -> None:
    """Bring the store to this version, move it, back it up, check it (docs/database.md)."""


@db_app.command("migrate")
def migrate_store(
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="Copy the SQLite store into this empty PostgreSQL database.")
    ] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="With --to: the file with the database user's password.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring the store to this version's schema, or copy it to PostgreSQL; a SQLite store with the service stopped."""
    from adapter.cli.db_commands import run_copy, run_migrate  # noqa: PLC0415 - a command imports only what it runs

    if to:
        raise typer.Exit(run_copy(config, to, password_file, as_json=as_json))
    raise typer.Exit(run_migrate(config, as_json=as_json))


@db_app.command("backup")
def back_up_store(
    file: Annotated[Path, typer.Argument(help="The backup to make; it must not be there yet.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write the store into a SQLite file while the service runs; for PostgreSQL prefer its own tools."""
    from adapter.cli.db_commands import run_backup  # noqa: PLC0415

    raise typer.Exit(run_backup(config, file, as_json=as_json))


@db_app.command("restore")
def restore_store(
    file: Annotated[Path, typer.Argument(help="A backup made by db backup.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a backup the store of a stopped service: where store.url has none yet, or an empty database."""
    from adapter.cli.db_commands import run_restore  # noqa: PLC0415

    raise typer.Exit(run_restore(config, file, as_json=as_json))


@db_app.command("prune")
def prune_store(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, beside a running service.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Remove now what may go by the settings, and give its space back; a SQLite store with the service stopped."""
    from adapter.cli.db_prune import Asked, run_prune  # noqa: PLC0415

    raise typer.Exit(run_prune(config, Asked(dry_run, as_json)))


@db_app.command("verify")
def verify_store(
    file: Annotated[Path | None, typer.Argument(help="A backup; else the store of the settings.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every digest and follow every reference, beside a running service; exit 1 when something is wrong."""
    from adapter.cli.db_commands import run_verify  # noqa: PLC0415

    raise typer.Exit(run_verify(config, file, as_json=as_json))
