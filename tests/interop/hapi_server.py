"""A HAPI FHIR server on loopback, R4 on a database file: started, killed and started again by who tests against it."""

import json
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from toolchain import PeerError, maven, tool

START_WITHIN = 180.0
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"


class HapiServer:
    """The server; ``base`` is where it serves FHIR once it was started, at the same port each time."""

    def __init__(self, folder: Path, port: int) -> None:
        self._database = folder / "hapi"
        self._log = folder / "hapi.log"
        self._port = port
        self.base = f"http://127.0.0.1:{port}/fhir"

    def __enter__(self) -> "HapiServer":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start the server on the database as it was left; raises PeerError when it does not serve in time."""
        java = [tool("java", "HAPI needs a JDK, 17 or later"), "-Xmx1g", "-XX:TieredStopAtLevel=1", QUIET]
        arguments = ["-cp", maven("hapi_server"), "FhirServer", str(self._port), str(self._database)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*java, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until and self._process.stdout:
            line = self._process.stdout.readline()
            if line.startswith("listening "):
                return
            if not line:
                break
        self.kill()
        raise PeerError(f"the HAPI server did not start: {self._log.read_text()[-1500:]}")

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()

    def read(self, path: str) -> Any:
        """Read what stands under a path of the server, past its search cache."""
        request = urllib.request.Request(f"{self.base}/{path}", headers={"Cache-Control": "no-cache"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def put(self, resource: dict[str, Any]) -> None:
        """Put a resource of the hospital's own there."""
        where = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        body = json.dumps(resource).encode()
        headers = {"Content-Type": "application/fhir+json"}
        request = urllib.request.Request(where, body, headers, method="PUT")
        urllib.request.urlopen(request, timeout=60).close()
