"""Brings a database to the schema of this version; what is there already stays as it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine

from adapter.outcome import StoreUnavailableError

SCRIPTS = Path(__file__).parent / "migrations"


def migration_config() -> Config:
    """Turn the scripts shipped in this package into alembic's configuration; no file is needed beside them."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config


def migrate(engine: Engine) -> None:
    """Run the missing migrations in one transaction; raises StoreUnavailableError for a newer schema."""
    config = migration_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StoreUnavailableError(
                "the database was written by a newer version of this program: install that version, or restore a backup"
            ) from error
