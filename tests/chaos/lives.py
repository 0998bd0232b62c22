"""The service as the harness sees it: born, killed, born again on what was left."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from chaos.power import Control

TREE = Path(__file__).parents[2]
START_WITHIN = 60.0


class DidNotStartError(Exception):
    """A life ended before it listened; the text is its exit code and the end of its log."""


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without settings of the service and of what measures tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("NETPET_", "COV"))}
    return ours | {"PYTHONPATH": f"{TREE}:{TREE / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"} | variables


class Lives:
    """One life at a time. ``database`` is in a folder of its own, which is all that the power cut knows."""

    def __init__(self, place: Path, library: Path, settings: Mapping[str, str], planted: str = "") -> None:
        self.folder = place / "store"
        self.folder.mkdir(mode=0o700)
        self.database = self.folder / "netpet.db"
        self.control = Control(place / "control")
        self.record = place / "record"
        self.log = place / "log"
        self._settings = {
            "NETPET_MLLP__PORT": "0",
            "NETPET_HTTP__PORT": "0",
            "NETPET_STORE__URL": f"sqlite:///{self.database}",
            **settings,
        }
        self.watches_disk = "NETPET_STORE__URL" not in settings
        self._command = [sys.executable, Path(__file__).with_name("child.py"), *([planted] if planted else [])]
        self._library = library
        self.keeps_record = False
        self.sync_lies = False
        self.pid: int | None = None
        self.mllp: tuple[str, int] | None = None
        self.http = ""

    async def __aenter__(self) -> "Lives":
        self._zygote = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(LD_PRELOAD=str(self._library)),
            cwd=TREE,
        )
        assert await self._line() == "ready"
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.kill()
        self._zygote.kill()
        await self._zygote.wait()
        self.control.close()

    async def _line(self) -> str:
        return (await self._zygote.stdout.readline()).decode().strip()

    async def conceive(self) -> None:
        """Begin a life; ``born`` waits until it listens."""
        self.record.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        order = {
            "environment": self._settings,
            "log": str(self.log),
            "folder": str(self.folder),
            "control": str(self.control.file),
            "record": str(self.record) if self.keeps_record else "",
            "sync_lies": self.sync_lies,
        }
        self._zygote.stdin.write(json.dumps(order).encode() + b"\n")
        self.pid = int(await self._line())
        self._end = asyncio.create_task(self._ended())

    async def _ended(self) -> int:
        code = int(await self._line())
        self.pid = self.mllp = None
        return code

    async def born(self) -> None:
        """Wait until the service listens; raises DidNotStartError when it ended before."""
        async with asyncio.timeout(START_WITHIN):
            while '"started"' not in self.said():
                if self._end.done():
                    raise DidNotStartError(f"exit code {self._end.result()}: {self.said()[-600:]}")
                await asyncio.sleep(0.01)
        lines = [json.loads(line) for line in self.said().splitlines() if '"listening"' in line and "address" in line]
        ports = {line["listener"]: int(line["port"]) for line in lines}
        if not self._end.done():
            self.mllp = ("127.0.0.1", ports["mllp"])
        self.http = f"http://127.0.0.1:{ports['http']}"

    def said(self) -> str:
        """The log of this life."""
        return self.log.read_text("utf-8") if self.log.exists() else ""

    def kill(self) -> None:
        """End the life at once, as a crash does."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def ended(self, within: float | None = None) -> int:
        """Wait for the end and give the exit code; raises TimeoutError."""
        return await asyncio.wait_for(asyncio.shield(self._end), within)

    async def stop(self) -> int:
        """Ask for an orderly end."""
        self._signal(signal.SIGTERM)
        return await self.ended(60)
