"""The service as a user runs it: ``netpet-adapter serve`` in a process of its own, on loopback, with its own store."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_WITHIN = 90.0
"""A second on a machine at rest; beside other work on two cores it has taken more than thirty."""
STOP_WITHIN = 40.0


class ServiceDiedError(Exception):
    """The service ended by itself, or did not start in time; the text is the end of its log."""


class ChildService:
    """A running service: where it listens, and what its process costs. Started on entry, stopped on exit."""

    def __init__(self, folder: Path, core: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "service.log"
        self._core = core
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("NETPET_")} | {
            "NETPET_MLLP__PORT": "0",
            "NETPET_HTTP__PORT": "0",
            "NETPET_STORE__URL": f"sqlite:///{folder.resolve()}/netpet.db",
            **(settings or {}),
        }
        self.mllp = ("", 0)
        self.http = ""

    def __enter__(self) -> "ChildService":
        with self._log.open("wb") as log, pinned(self._core):
            command = [sys.executable, "-m", "adapter", "serve"]
            self._process = subprocess.Popen(command, env=self._environment, stderr=log)
        try:
            self._await_start()
        except BaseException:  # whatever it was, nobody else knows of the process
            self._process.kill()
            self._process.wait()
            raise
        return self

    def kill(self) -> None:
        """End the process at once, as a crash would; it may be entered again, on the same store."""
        self._process.kill()
        self._process.wait()

    def __exit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_start(self) -> None:
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            lines = self.log_lines()
            if any(line.get("event") == "started" for line in lines):
                self._read_addresses(lines)
                return
            time.sleep(0.02)
        raise ServiceDiedError(self._log.read_text()[-2000:])

    def _read_addresses(self, lines: list[dict[str, Any]]) -> None:
        ports = {
            line["listener"]: int(line["port"])
            for line in lines
            if line.get("event") == "listening" and "address" in line
        }
        self.mllp = ("127.0.0.1", ports["mllp"])
        self.http = f"http://127.0.0.1:{ports['http']}"

    def log_lines(self) -> list[dict[str, Any]]:
        """What the service has said so far; a line that is still being written is left out."""
        *whole, _rest = self._log.read_text().split("\n")
        return [json.loads(line) for line in whole if line.startswith("{")]

    def get(self, path: str) -> bytes:
        """Read from the HTTP side."""
        with urllib.request.urlopen(self.http + path, timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def counter(self, name: str, label: str = "") -> float:
        """Turn a metric's name into the sum over its labels, or over those that hold ``label``."""
        lines = self.get("/metrics").decode().splitlines()
        mine = [line for line in lines if line.startswith((name + "{", name + " ")) and label in line]
        return sum(float(line.rsplit(" ", 1)[1]) for line in mine)

    def memory(self, field: str = "VmRSS") -> float:
        """The process's memory in MB: VmRSS now, VmHWM at its most."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1000 for line in status.splitlines() if line.startswith(field + ":"))

    def cpu_seconds(self) -> float:
        """Processor time that the process has used."""
        return process_seconds(self._process.pid)

    def told(self, event: str) -> int:
        """How many lines of its log speak of an event: to ask over HTTP all the time would cost what is measured."""
        return self._log.read_bytes().count(f'"event": "{event}"'.encode())


def process_seconds(pid: int, *, children: bool = False) -> float:
    """Turn a process into the processor time that it has used, on request with its children, those that ended too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own = sum(int(field) for field in fields[11 : 15 if children else 13]) / os.sysconf("SC_CLK_TCK")
    if not children:
        return own
    living = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(process_seconds(int(child)) for child in living)


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Run on one core; a process started meanwhile stays on it. Does nothing where the system cannot."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
