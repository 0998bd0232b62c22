"""Settings of the store, and of a process's part among those that share it."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from adapter.outcome import StoreUnavailableError
from adapter.sections import Section, is_loopback, split_text
from adapter.store.engine import sqlite_file
from adapter.store.postgres import is_postgres, postgres_address

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
