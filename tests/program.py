"""The program as its users run it: a command in a process of its own, told by its environment."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

COMMAND = (sys.executable, "-m", "adapter")
PATIENCE = 30.0
"""Seconds until a process must have done what is waited for."""
TREE = Path(__file__).parents[1]


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with no settings but those given, and with this tree's code."""
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith("NETPET_")}
    return ours | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONPATH": str(TREE)} | variables


def run(*arguments: object, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a folder; the variables are its settings."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _hear_interrupts() -> None:
    """A shell lets its background jobs ignore Ctrl-C, and what they start inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Running:
    """A command that stays up, in a folder of its own: what it says is read from files, it ends by a signal."""

    def __init__(self, folder: Path, *arguments: object, command: Sequence[object] = COMMAND, **variables: str) -> None:
        self.folder = folder
        self._arguments = [str(part) for part in (*command, *arguments)]
        self._variables = variables
        self._out, self._err = folder / "stdout.txt", folder / "stderr.txt"

    def __enter__(self) -> "Running":
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                self._arguments,
                cwd=self.folder,
                env=environment(**self._variables),
                stdout=out,
                stderr=err,
                preexec_fn=_hear_interrupts,  # noqa: PLW1509 - it only resets a signal, before the command begins
            )
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    @property
    def stdout(self) -> str:
        return self._out.read_text("utf-8")

    @property
    def stderr(self) -> str:
        return self._err.read_text("utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.endswith("}")]

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.events if line["event"] == event]

    def wait_for(self, text: str) -> None:
        """Wait until the process has said something on either stream."""
        until = time.monotonic() + PATIENCE
        while text not in self.stdout + self.stderr:
            assert self.process.poll() is None, f"it ended: {self.stdout}{self.stderr}"
            assert time.monotonic() < until, f"it never said {text}: {self.stdout}{self.stderr}"
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and give the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


class Serving(Running):
    """``netpet-adapter serve`` on free loopback ports; entered when it has started."""

    def __init__(self, folder: Path, *arguments: object, **variables: str) -> None:
        ports = {"NETPET_MLLP__PORT": "0", "NETPET_HTTP__PORT": "0"}
        super().__init__(folder, "serve", *arguments, **(ports | variables))

    def __enter__(self) -> "Serving":
        super().__enter__()
        try:
            self.wait_for('"event": "started"')
        except BaseException:
            self.__exit__()
            raise
        return self

    def address(self, listener: str) -> tuple[str, int]:
        told = [line for line in self.said("listening") if line["listener"] == listener and "address" in line]
        return told[0]["address"], int(told[0]["port"])

    @property
    def mllp(self) -> str:
        """HOST:PORT as ``send --to`` takes it."""
        return written(*self.address("mllp"))

    def get(self, path: str) -> tuple[int, bytes]:
        """Read from the HTTP side; gives status and body."""
        try:
            with urlopen(f"http://{written(*self.address('http'))}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def scores(self, identifier: str) -> list[dict[str, Any]]:
        """The scores of a patient as an EHR finds them."""
        _, body = self.get(f"/fhir/Observation?patient.identifier={identifier}&code=netpet-score")
        return [entry["resource"] for entry in json.loads(body).get("entry", ()) if entry["search"]["mode"] == "match"]


def written(host: str, port: int) -> str:
    """An address as it stands in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
