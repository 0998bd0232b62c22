"""Settings of the store, and of a process's part among those that share it."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from adapter.outcome import StoreUnavailableError
from adapter.sections import Section, is_loopback, split_text
from adapter.store.engine import sqlite_file
from adapter.store.postgres_address import is_postgres, postgres_address

Role = Literal["receive", "work", "web"]
ROLES: list[Role] = ["receive", "work", "web"]
Roles = Annotated[list[Role], NoDecode, BeforeValidator(split_text), Field(min_length=1)]


class Store(Section):
    """What survives a restart."""

    url: str = "sqlite:///var/netpet.db"
    """SQLAlchemy URL: ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or
    ``postgresql://user@host/database?sslmode=verify-full&sslrootcert=...``."""
    password_file: Path | None = None
    """File with the password of PostgreSQL's user; read anew for each connection."""
    lease: Annotated[float, Field(ge=2, le=3600)] = 60
    """Seconds after which others take over the patients of a process that died; renewed three times as often."""

    @field_validator("url")
    @classmethod
    def _is_durable(cls, value: str) -> str:
        try:
            if not is_postgres(value):
                sqlite_file(value)
            elif _leaves_the_machine(value):
                raise ValueError("add ?sslmode=verify-full and sslrootcert: the server is not on this machine")
        except StoreUnavailableError as error:
            raise ValueError(str(error).removeprefix("store.url: ")) from None
        return value

    @model_validator(mode="after")
    def _password_has_a_use(self) -> Self:
        if self.password_file is not None and not self.is_shared:
            raise ValueError("password_file: SQLite has no password")
        return self

    @property
    def is_shared(self) -> bool:
        """May several processes use it at a time?"""
        return is_postgres(self.url)


def _leaves_the_machine(url: str) -> bool:
    address = postgres_address(url)
    hosts = address.query.get("host", address.host or "")
    local = all(
        not host or host.startswith("/") or is_loopback(host)
        for host in (hosts.split(",") if isinstance(hosts, str) else hosts)
    )
    return not local and address.query.get("sslmode") != "verify-full"


class Part(Section):
    """What this process does of the service; the others that share its PostgreSQL database do the rest."""

    roles: Roles = ROLES  # pydantic copies it
    """``receive``: the doors for messages. ``work``: reading, scoring, delivering. ``web``: what FHIR clients read."""


Days = Annotated[float, Field(gt=0, le=36500)]
"""A hundred years at most: for good."""
Bytes = Annotated[int, Field(ge=0)] | None


class Retention(Section):
    """How long what is kept stays; readings, scores, decisions and the audit stay for good (docs/retention.md)."""

    read_days: Days = 365
    """Days that the body of a message that was read stays."""
    read_bytes: Bytes = None
    """Bytes of such bodies that stay, the newest; unset: no limit."""
    ignored_bytes: Bytes = None
    """The same of ignored messages, which stay ``intake.keep_ignored`` days at most."""
    closed_days: Days = 90
    """Days that the body of a held message stays after a person closed it."""
    closed_bytes: Bytes = None
    """Bytes of such bodies that stay."""
    message_days: Days = 365
    """Days after which a message without body is forgotten, where nothing was read from it."""
    sent_days: Days = 365
    """Days that a result message stays which its receiver accepted, and which a later one replaced."""
    every: Annotated[float, Field(ge=1, le=86400)] = 3600
    """Seconds between two looks for what may go."""
    batch: Annotated[float, Field(ge=0.001, le=1)] = 0.02
    """Seconds that one commit of it may take; five times as long the others have the store to themselves."""
