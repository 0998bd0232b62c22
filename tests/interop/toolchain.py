"""What the peers are made with: programs of this machine, downloads under build/interop, and how they are run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "interop"
PREPARE_WITHIN = 900


class PeerError(Exception):
    """A peer cannot be had, or failed; the text says what to do or what it said."""


class MissingToolError(PeerError):
    """A program that a peer needs is not installed on this machine."""


@cache
def maven(project: str) -> str:
    """Turn a Maven project of this folder into its class path, built and with its libraries; raises PeerError.

    It is built once, and anew when a file of the project is another than the last time.
    """
    tool("java", "HAPI needs a JDK, 17 or later")
    classes = os.pathsep.join([str(BUILD / project / "classes"), str(BUILD / project / "lib" / "*")])
    with _made_from(project, "classes") as is_made:
        if not is_made:
            _package(project)
    return classes


def _package(project: str) -> None:
    command = [tool("mvn", "HAPI is built with Maven 3"), "-q", "-B", f"-Dbuild.folder={BUILD / project}"]
    command += [f"-Dmaven.repo.local={BUILD / 'm2'}", "-f", str(HERE / project / "pom.xml"), "package"]
    try:
        run([*command, "-o"], PREPARE_WITHIN)
    except PeerError:  # the first time, or another version: then it is downloaded
        run(command, PREPARE_WITHIN)


@cache
def npm_install(project: str) -> Path:
    """Turn the lock file of a folder into a folder with its packages, downloaded once; raises PeerError."""
    npm, place = tool("npm", "it comes with Node.js"), BUILD / project
    place.mkdir(parents=True, exist_ok=True)
    with _made_from(project, "node_modules") as is_made:
        if not is_made:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / project / name, place / name)
            run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], PREPARE_WITHIN, folder=place)
    return place


@contextmanager
def _made_from(project: str, result: str) -> Iterator[bool]:
    """Whether ``result`` was made from the very files that the project has now; noted when the block ends well."""
    files = sorted(file for file in (HERE / project).rglob("*") if file.is_file())
    digest = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    note = BUILD / project / "made-from"
    is_made = (BUILD / project / result).is_dir() and note.exists() and note.read_text() == digest
    if not is_made:
        print(f"   preparing {project}", file=sys.stderr, flush=True)
    yield is_made
    note.write_text(digest)


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
