"""The peers: who they are, what they need on this machine, how they are made ready, how they are told to send."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from toolchain import BUILD, HERE, maven, npm_install, run, tool

SEND_WITHIN = 180


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
    printed = run(arguments, SEND_WITHIN, environment=environment)
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def _python(script: str) -> list[str]:
    return [sys.executable, str(HERE / "senders" / script)]


def _node() -> list[str]:
    node = tool("node", "node-hl7-client needs Node.js 20.15 or later")
    npm_install("node")
    return [node, str(HERE / "node" / "send.mjs")]


def _hapi_version() -> str:
    text = (HERE / "hapi" / "pom.xml").read_text(encoding="utf-8")
    return text.partition("<hapi.version>")[2].partition("</hapi.version>")[0]


def _hapi() -> list[str]:
    return [tool("java", "HAPI needs a JDK, 17 or later"), "-cp", maven("hapi"), "Sender"]
