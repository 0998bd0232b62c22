"""The peers: who they are, what they need on this machine, how they are made ready, how they are told to send."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "interop"
SEND_WITHIN = 180
PREPARE_WITHIN = 600


class PeerError(Exception):
    """A peer cannot be had, or failed; the text says what to do or what it said."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A sender that is not ours. ``prepare`` downloads or compiles it and gives its command, less the target."""

    name: str
    version: str
    prepare: Callable[[], list[str]]


def peers() -> list[Peer]:
    """All peers, each with its version."""
    python_hl7 = f"hl7 {version('hl7')}"
    lock = json.loads((HERE / "node" / "package-lock.json").read_text(encoding="utf-8"))
    node_client = lock["packages"]["node_modules/node-hl7-client"]["version"]
    return [
        Peer("python-hl7 mllp_send", python_hl7, lambda: _python("mllp_send.py")),
        Peer("python-hl7 MLLPClient", python_hl7, lambda: _python("python_hl7_client.py")),
        Peer("node-hl7-client", node_client, _node),
        Peer("HAPI HL7v2", _hapi_version(), _hapi),
    ]


def send(command: Sequence[str], address: tuple[str, int], files: Sequence[Path]) -> list[dict[str, str]]:
    """Have a peer send files to an address; gives what it said of each answer; raises PeerError."""
    environment = os.environ | {"INTEROP_NODE": str(BUILD / "node")}
    arguments = [*command, address[0], str(address[1]), *map(str, files)]
    printed = _run(arguments, SEND_WITHIN, environment=environment)
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def _python(script: str) -> list[str]:
    return [sys.executable, str(HERE / "senders" / script)]


def _node() -> list[str]:
    node, npm = _tool("node", "node-hl7-client needs Node.js 20.15 or later"), _tool("npm", "it comes with Node.js")
    folder = BUILD / "node"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "node" / name, folder / name)
    _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], PREPARE_WITHIN, folder=folder)
    return [node, str(HERE / "node" / "send.mjs")]


def _hapi_version() -> str:
    text = (HERE / "hapi" / "pom.xml").read_text(encoding="utf-8")
    return text.partition("<hapi.version>")[2].partition("</hapi.version>")[0]


def _hapi() -> list[str]:
    java, maven = _tool("java", "HAPI needs a JDK, 11 or later"), _tool("mvn", "HAPI is built with Maven 3")
    settings = [f"-Dbuild.folder={BUILD / 'hapi'}", f"-Dmaven.repo.local={BUILD / 'm2'}"]
    command = [maven, "-q", "-B", *settings, "-f", str(HERE / "hapi" / "pom.xml"), "package"]
    try:
        _run([*command, "-o"], PREPARE_WITHIN)
    except PeerError:  # the first time, or another version: then it is downloaded
        _run(command, PREPARE_WITHIN)
    classpath = os.pathsep.join([str(BUILD / "hapi" / "classes"), str(BUILD / "hapi" / "lib" / "*")])
    return [java, "-cp", classpath, "Sender"]


def _tool(name: str, need: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise PeerError(f"`{name}` is not installed: {need}")
    return found


def _run(
    command: Sequence[str], within: float, *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> str:
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
