"""What the commands of ``netpet-adapter db`` do; each gives its exit code."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.cli.serve import settings_or_exit
from adapter.outcome import StoreUnavailableError
from adapter.settings import Store
from adapter.store import backup, verification
from adapter.store.copying import CopyError, TableCount
from adapter.store.opening import Premises, open_database
from adapter.store.postgres_address import is_postgres


def run_migrate(config: Path | None, *, as_json: bool) -> int:
    """Bring the store of the settings to this version's schema."""
    store = settings_or_exit(config).store
    return _done(lambda: _migrated(store), _revision_line, as_json=as_json)


def run_copy(config: Path | None, to: str, password_file: Path | None, *, as_json: bool) -> int:
    """Copy the SQLite store of the settings into an empty PostgreSQL database."""
    store = settings_or_exit(config).store
    if store.is_shared or not is_postgres(to):
        return _misused("migrate: --to copies a SQLite store to PostgreSQL: give postgresql://user@host/name")
    target = _named(to, password_file)
    return _done(
        lambda: _counted(backup.copy_store(store.url, target.url, Premises(password_file))),
        lambda told: _count_lines(told, "copied and compared; set store.url to the new database"),
        as_json=as_json,
    )


def run_backup(config: Path | None, file: Path, *, as_json: bool) -> int:
    """Write the store of the settings into a new file."""
    store = settings_or_exit(config).store
    if file.exists():
        return _misused(f"backup: {file} is there already: name another")
    if store.is_shared:
        typer.echo("this is a copy of the rows; to go back to a point in time use pg_basebackup and WAL", err=True)
    return _done(
        lambda: _counted(backup.back_up(store.url, file.absolute(), store.password_file)),
        lambda told: _count_lines(told, f"{file} is whole and on disk"),
        as_json=as_json,
    )


def run_restore(config: Path | None, file: Path, *, as_json: bool) -> int:
    """Make a backup the store of the settings."""
    store = settings_or_exit(config).store
    if not file.is_file():
        return _misused(f"restore: {file} is not there")
    return _done(
        lambda: _counted(backup.restore(file.absolute(), store.url, Premises(store.password_file))),
        lambda told: _count_lines(told, "restored; what came after the backup is to be sent again by its senders"),
        as_json=as_json,
    )


def run_verify(config: Path | None, file: Path | None, *, as_json: bool) -> int:
    """Check the store of the settings, or a backup."""
    if file is not None and not file.is_file():
        return _misused(f"verify: {file} is not there")
    store = settings_or_exit(config).store if file is None else _named(f"sqlite:///{file.absolute()}")
    return _done(lambda: _verified(store), _verification_lines, as_json=as_json)


def _misused(text: str) -> int:
    typer.echo(f"netpet-adapter db {text}", err=True)
    return BAD_INPUT


def _named(url: str, password_file: Path | None = None) -> Store:
    """Turn an address on the command line into settings, held to the same rules."""
    try:
        return Store(url=url, password_file=password_file)
    except ValueError as error:
        reason = str(error).partition("Value error, ")[2].partition(" [type=")[0]
        typer.echo(f"db: the address cannot be used: {reason}", err=True)
        raise typer.Exit(BAD_INPUT) from None


def _done(work: Callable[[], dict[str, Any]], lines: Callable[[dict[str, Any]], str], *, as_json: bool) -> int:
    """Do the work, tell it, and give the exit code."""
    try:
        told = work()
    except StoreUnavailableError as error:
        typer.echo(f"netpet-adapter db: {error}", err=True)
        return FINDING if isinstance(error, CopyError) else ENVIRONMENT
    typer.echo(json.dumps(told) if as_json else lines(told))
    return FINDING if told.get("faults") else OK


def _migrated(store: Store) -> dict[str, Any]:
    open_database(store.url, Premises(store.password_file)).close()
    with backup.reading(store.url, store.password_file) as connection:
        return {"schema": verification.revision(connection)}


def _revision_line(told: dict[str, Any]) -> str:
    return f"the store has schema {told['schema']}"


def _counted(counts: Sequence[TableCount]) -> dict[str, Any]:
    return {"tables": [asdict(one) for one in counts]}


def _count_lines(told: dict[str, Any], end: str) -> str:
    rows = [f"{one['table']:<20}{one['rows']:>10} rows  {one['digest'][:16]}" for one in told["tables"]]
    return "\n".join([*rows, end])


def _verified(store: Store) -> dict[str, Any]:
    with backup.reading(store.url, store.password_file) as connection:
        checks = verification.verify(connection)
        return {
            "schema": verification.revision(connection),
            "looked_at": {check.name: check.looked_at for check in checks},
            "faults": [fault for check in checks for fault in check.faults],
            "numbers_without_message": verification.missing_numbers(connection),
        }


def _verification_lines(told: dict[str, Any]) -> str:
    looked_at = [f"{name:<20}{number:>10}" for name, number in told["looked_at"].items()]
    gaps = told["numbers_without_message"]
    note = [f"{gaps} number(s) of messages are not there: pruned, or a write that was undone"] if gaps else []
    faults = told["faults"]
    return "\n".join([f"schema {told['schema']}", *looked_at, *note, *faults, f"{len(faults)} fault(s)"])
