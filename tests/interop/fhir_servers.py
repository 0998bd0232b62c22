"""FHIR servers that are not ours, on loopback: started, killed and started again by who tests against them."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolchain import HERE, PeerError, maven, npm_install, tool

from adapter.fhir.json_text import to_json

START_WITHIN = 180.0
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"


class FhirServer:
    """A server in a process of its own; ``base`` is where it serves FHIR once started, at the same port each time."""

    def __init__(
        self, name: str, command: Sequence[str], port: int, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.base = f"http://127.0.0.1:{port}/fhir"
        self._command = command
        self._log = log
        self._environment = environment or {}

    def __enter__(self) -> "FhirServer":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start the server on what it kept; raises PeerError when it does not serve in time."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | self._environment,
            )
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until and self._process.stdout:
            line = self._process.stdout.readline()
            if line.startswith("listening "):
                return
            if not line:
                break
        self.kill()
        raise PeerError(f"{self.name} did not start: {self._log.read_text()[-1500:]}")

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def read(self, path: str) -> Any:
        """Read what stands under a path of the server, past its search cache."""
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        """Read the text of what stands under a path of the server: every digit as it sends it."""
        request = urllib.request.Request(f"{self.base}/{path}", headers={"Cache-Control": "no-cache"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content: bytes = answer.read()
        return content.decode()

    def put(self, resource: Mapping[str, Any]) -> None:
        """Put a resource of the hospital's own there; decimals go with all their digits."""
        where = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        headers = {"Content-Type": "application/fhir+json"}
        request = urllib.request.Request(where, to_json(dict(resource)), headers, method="PUT")
        urllib.request.urlopen(request, timeout=60).close()


def free_port() -> int:
    """Give a loopback port that nobody listens on: a server that comes back comes back to the same one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def hapi(folder: Path, port: int) -> FhirServer:
    """Give a HAPI FHIR JPA server, R4, on a database file in the folder; raises PeerError when it cannot be built."""
    java = [tool("java", "HAPI needs a JDK, 17 or later"), "-Xmx1g", "-XX:TieredStopAtLevel=1", QUIET]
    command = [*java, "-cp", maven("hapi_server"), "FhirServer", str(port), str(folder / "hapi")]
    return FhirServer("HAPI FHIR", command, port, folder / "hapi.log")


def medplum(folder: Path, port: int) -> FhirServer:
    """Give Medplum's FHIR router on a repository in memory, which forgets all when it ends; raises PeerError."""
    node, place = tool("node", "Medplum's router needs Node.js 20.15 or later"), npm_install("medplum")
    command = [node, str(HERE / "medplum" / "server.mjs"), str(port)]
    return FhirServer("Medplum router", command, port, folder / "medplum.log", {"INTEROP_MEDPLUM": str(place)})
