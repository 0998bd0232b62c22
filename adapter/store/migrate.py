"""Brings a database to the schema of this version; what is there already stays as it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from adapter.outcome import StoreUnavailableError
from adapter.store.postgres_address import BACKEND
from adapter.store.schema import metadata

ONE_AT_A_TIME = 7_265_938_104
"""The number by which processes that start at once agree in PostgreSQL who migrates first."""

SCRIPTS = Path(__file__).parent / "migrations"


def migration_config() -> Config:
    """Turn the scripts shipped in this package into alembic's configuration; no file is needed beside them."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def migrate(engine: Engine) -> None:
    """Run the missing migrations in one transaction; raises StoreUnavailableError for a newer schema.

    In PostgreSQL a newer schema that only adds to ours is taken: while replicas are replaced one by one, those of the
    old version go on, and start anew, beside those of the new one.
    """
    config = migration_config()
    with engine.begin() as connection:
        if connection.dialect.name == BACKEND:
            _wait_in_line(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            if connection.dialect.name == BACKEND and has_all_of_ours(connection):
                return
            raise StoreUnavailableError(
                "the database was written by a newer version of this program: install that version, or restore a backup"
            ) from error


def _wait_in_line(connection: Connection) -> None:
    for name in ("statement_timeout", "lock_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {name} = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")


def has_all_of_ours(connection: Connection) -> bool:
    """Has the database every table and column of this version, and what else it has may stay empty in our rows?"""
    found = inspect(connection)
    there = set(found.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in there:
            return False
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        ours = {column.name for column in table.c}
        others = (column for name, column in columns.items() if name not in ours)
        if not ours <= set(columns) or any(not one["nullable"] and one["default"] is None for one in others):
            return False
    return True
