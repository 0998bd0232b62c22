"""``netpet-adapter send``: files of messages out over MLLP, each answer printed as it comes."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.hl7v2.batch import split_file
from adapter.hl7v2.errors import FormatError
from adapter.outbound.mllp_client import MllpClient, MllpClientError, client_context

ACCEPTS = frozenset({"AA", "CA"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: an MLLP listener, with TLS when a context is given."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    seconds: float = 30.0


def make_target(to: str, files: tuple[Path | None, Path | None, Path | None]) -> Target:
    """Turn ``HOST:PORT`` and PEM files (authorities, certificate, key) into a target; else exit 2 or 3."""
    host, _, port = to.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        typer.echo("--to: give HOST:PORT", err=True)
        raise typer.Exit(BAD_INPUT)
    try:
        tls = client_context(*files) if any(files) else None
    except MllpClientError as error:
        typer.echo(f"--ca, --cert, --key: {error}", err=True)
        raise typer.Exit(ENVIRONMENT) from None
    return Target(host.strip("[]"), int(port), tls)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message of one file; ``number`` counts within the file, from 1."""

    file: str
    number: int
    payload: bytes


def read_parcels(files: Sequence[Path]) -> list[Parcel]:
    """Turn files into the messages in them, in order; raises OSError and FormatError."""
    parcels = []
    for file in files:
        messages = split_file(file.read_bytes())
        parcels += [Parcel(str(file), number, payload) for number, payload in enumerate(messages, start=1)]
    return parcels


def run_send(files: Sequence[Path], target: Target) -> int:
    """Send every message of every file, in order; the return value is the exit code (1: one was not accepted)."""
    try:
        parcels = read_parcels(files)
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        return BAD_INPUT
    except FormatError as error:
        typer.echo(f"not HL7 v2: {error}", err=True)
        return BAD_INPUT
    if not parcels:
        typer.echo("no message found: a message begins with MSH", err=True)
        return BAD_INPUT
    return asyncio.run(_send(parcels, target))


async def _send(parcels: Sequence[Parcel], target: Target) -> int:
    try:
        async with await MllpClient.connect(target.host, target.port, target.tls) as client:
            codes = [await _send_one(parcel, client, target.seconds) for parcel in parcels]
    except MllpClientError as error:
        typer.echo(f"{target.host}:{target.port}: {error}", err=True)
        return ENVIRONMENT
    return max(codes)


async def _send_one(parcel: Parcel, client: MllpClient, seconds: float) -> int:
    """Send one message and print its answer; without one, say which message it was: those before it were answered."""
    name = f"{parcel.file} [{parcel.number}]"
    try:
        answer = await client.send(parcel.payload, seconds)
    except MllpClientError as error:
        typer.echo(f"{name}: {'no answer, it may have arrived' if error.maybe_received else 'not sent'}", err=True)
        raise
    code = acknowledgement_code(answer)
    typer.echo(f"{name}: {code or 'no MSA'}\n{_indented(answer)}")
    return OK if code in ACCEPTS else FINDING


def acknowledgement_code(answer: bytes) -> str:
    """Turn an answer into its MSA-1; empty when it has none."""
    separator = answer[3:4]
    for segment in answer.replace(b"\n", b"\r").split(b"\r"):
        fields = segment.split(separator) if separator else []
        if len(fields) > 1 and fields[0] == b"MSA":
            return fields[1].decode("ascii", "replace").strip()
    return ""


def _indented(answer: bytes) -> str:
    text = answer.decode("utf-8", "backslashreplace")
    return "\n".join(f"    {line}" for line in text.replace("\r", "\n").split("\n") if line)
