"""PostgreSQL as the engine: the server's own durability is read back on every connection before anything is trusted.

Several processes may use one database. So there is no lock of the whole: lanes are locked row by row, a claim passes
over what another process has locked, and a write holds its locks for one commit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

from adapter.outcome import StoreUnavailableError
from adapter.store.engine import READERS, Engines
from adapter.store.failure import unavailable
from adapter.store.postgres_address import postgres_address

OLDEST = 130000
"""server_version_num of PostgreSQL 13."""
TIMEOUTS = {
    "statement_timeout": "30s",
    "lock_timeout": "10s",  # a write of another process holds its locks for one commit
    "idle_in_transaction_session_timeout": "60s",  # of a process that hangs: its locks must not outlive its leases
}
PLANNING = {
    "enable_seqscan": "off",  # a plan made while tables were small is kept: it must not go through them once they grew
    "jit": "off",  # statements of a few rows: compiling one takes longer than running it
}
CONNECTING: dict[str, Any] = {
    "application_name": "netpet-adapter",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": " ".join(f"-c {name}={value}" for name, value in (TIMEOUTS | PLANNING).items()),
}

LZ4 = """SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings
    WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"""
"""A server's own default packs a report ten times more slowly, and one built without LZ4 keeps to that."""

STATE = """SELECT current_setting('server_version_num')::integer, current_setting('fsync'),
    current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('server_encoding'),
    pg_is_in_recovery()"""


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server says of itself; ``version`` is server_version_num."""

    version: int
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    encoding: str
    standby: bool


def open_postgres(url: str, password_file: Path | None) -> Engines:
    """Turn an address into its engines; the password is read anew for each connection, so it can be changed."""
    address = postgres_address(url)
    return Engines(
        writer=_engine(address, password_file, 1, _prepare_writer, "READ COMMITTED"),
        reader=_engine(address, password_file, READERS, _prepare_reader, "REPEATABLE READ"),
    )


def _engine(
    address: URL,
    password_file: Path | None,
    size: int,
    prepare: Callable[[psycopg.Connection[Any]], None],
    isolation: str,
) -> Engine:
    engine = create_engine(
        address,
        pool_size=size,
        max_overflow=0,
        connect_args=CONNECTING,
        isolation_level=isolation,
        hide_parameters=True,  # an error's text would otherwise quote the message
    )

    @event.listens_for(engine, "do_connect")
    def on_connecting(_dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        if password_file is not None:
            parameters["password"] = _password(password_file)

    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _record: object) -> None:
        raw = cast("psycopg.Connection[Any]", connection)
        try:
            prepare(raw)
            raw.rollback()
        except psycopg.Error as error:
            raise unavailable(error) from error

    return engine


def _password(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeError):
        raise StoreUnavailableError(f"store.password_file: {file} cannot be read: check path and rights") from None


def _prepare_reader(connection: psycopg.Connection[Any]) -> None:
    connection.read_only = True


def refuse_unless_durable(connection: psycopg.Connection[Any]) -> None:
    """Ask the server what it does with a commit; raises StoreUnavailableError where that is less than keep it."""
    row = connection.execute(STATE).fetchone()
    refuse_state(ServerState(*cast("tuple[Any, ...]", row)))


def _prepare_writer(connection: psycopg.Connection[Any]) -> None:
    refuse_unless_durable(connection)
    connection.execute(LZ4)
    connection.commit()  # what a transaction sets is undone with it


def refuse_state(state: ServerState) -> None:
    """Turn what a server says of itself into nothing, or into StoreUnavailableError with what must change."""
    if state.version < OLDEST:
        raise StoreUnavailableError("PostgreSQL is older than 13: use a version that still gets corrections")
    if state.standby:
        raise StoreUnavailableError("this PostgreSQL is a standby: name the primary in store.url")
    for name in ("fsync", "full_page_writes"):
        if getattr(state, name) != "on":
            raise StoreUnavailableError(f"PostgreSQL runs with {name}=off: a power cut would lose what was accepted")
    if state.synchronous_commit == "off":
        raise StoreUnavailableError("PostgreSQL does not wait for the disk (synchronous_commit=off): switch it on")
    if state.encoding != "UTF8":
        raise StoreUnavailableError("the PostgreSQL database is not in UTF8: create it with ENCODING 'UTF8'")


class NumberedCursor(psycopg.RawCursor[Any]):
    """Takes statements with ``$1`` as they are, and gets values in binary form: nothing is spelled out on the way."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__(connection)
        self.format = psycopg.pq.Format.BINARY


def raw_cursor(connection: PoolProxiedConnection) -> NumberedCursor:
    """Turn a connection of the pool into a cursor for statements with numbered placeholders."""
    return NumberedCursor(cast("psycopg.Connection[Any]", connection.driver_connection))
