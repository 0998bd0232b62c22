"""What the peers are made with: programs of this machine, downloads under build/interop, and how they are run."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "interop"
PREPARE_WITHIN = 900


class PeerError(Exception):
    """A peer cannot be had, or failed; the text says what to do or what it said."""


class MissingToolError(PeerError):
    """A program that a peer needs is not installed on this machine."""


def maven(project: str) -> str:
    """Turn a Maven project of this folder into its class path, built and with its libraries; raises PeerError."""
    tool("java", "HAPI needs a JDK, 17 or later")
    command = [tool("mvn", "HAPI is built with Maven 3"), "-q", "-B", f"-Dbuild.folder={BUILD / project}"]
    command += [f"-Dmaven.repo.local={BUILD / 'm2'}", "-f", str(HERE / project / "pom.xml"), "package"]
    try:
        run([*command, "-o"], PREPARE_WITHIN)
    except PeerError:  # the first time, or another version: then it is downloaded
        run(command, PREPARE_WITHIN)
    return os.pathsep.join([str(BUILD / project / "classes"), str(BUILD / project / "lib" / "*")])


def tool(name: str, need: str) -> str:
    """Turn a program's name into its path; raises MissingToolError, which says what it is needed for."""
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(f"`{name}` is not installed: {need}")
    return found


def run(
    command: Sequence[str], within: float, *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    """Run a program to its end and give what it printed; raises PeerError with the end of what it said."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=within, check=False
        )
    except subprocess.TimeoutExpired:
        raise PeerError(f"{Path(command[0]).name} did not end within {within:.0f} s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise PeerError(f"{Path(command[0]).name} ended with {done.returncode}: {said}")
    return done.stdout
