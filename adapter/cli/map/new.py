"""``netpet-adapter map new``: a first mapping from sample messages, with what is left to settle."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, OK
from adapter.hl7v2.batch import split_file
from adapter.hl7v2.charset import decode_text
from adapter.hl7v2.errors import FormatError
from adapter.hl7v2.header import read_header
from adapter.hl7v2.message import Message
from adapter.mapping.drafting import Draft, draft
from adapter.mapping.drafting_survey import Survey, survey
from adapter.mapping.errors import MappingFileError
from adapter.mapping.site_mapping import site_mapping

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewOptions:
    """What the mapping is called (else after the sender), where it goes (else standard output), and how it is told."""

    name: str = ""
    out: Path | None = None
    as_json: bool = False


def run_new(files: Sequence[Path], options: NewOptions) -> int:
    """Turn sample messages into a draft, and say what it leaves open; the return value is the exit code."""
    found = survey(_messages_or_exit(files))
    name = options.name or _after_the_sender(found)
    if not _NAME.fullmatch(name):
        typer.echo("--id: lower case letters, digits, - and _, at most 64, beginning with a letter or digit", err=True)
        return BAD_INPUT
    made = draft(found, name)
    if options.out and not _write(options.out, made.text):
        return ENVIRONMENT
    faults = _faults(made, options.out or Path(f"{name}.yaml"))
    if options.as_json:
        typer.echo(json.dumps(_members(name, found, made, faults), indent=2))
        return OK
    if options.out is None:
        typer.echo(made.text, nl=False)
    _tell(made, faults)
    return OK


def _messages_or_exit(files: Sequence[Path]) -> list[Message]:
    messages = []
    for file in files:
        try:
            messages += _messages(file)
        except OSError as error:
            typer.echo(f"{file}: {error.strerror}", err=True)
            raise typer.Exit(BAD_INPUT) from None
        except FormatError as error:
            typer.echo(f"{file}: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from None
    return messages


def _messages(file: Path) -> list[Message]:
    content = file.read_bytes()
    if content.lstrip()[:1] in (b"{", b"["):
        typer.echo(f"{file}: a FHIR sample: start from mappings/canonical_fhir.yaml and docs/mapping.md", err=True)
        raise typer.Exit(BAD_INPUT)
    return [_parsed(payload) for payload in split_file(content)]


def _parsed(payload: bytes) -> Message:
    decoded = decode_text(payload, read_header(payload))
    return Message.parse(decoded.text, charset=decoded.charset)


def _after_the_sender(found: Survey) -> str:
    sender = next(iter((*found.facilities, *found.applications)), "")
    return re.sub(r"[^a-z0-9]+", "-", sender.lower()).strip("-")[:64] or "new-site"


def _write(out: Path, text: str) -> bool:
    """Never over a file that is there: it may be somebody's work of days."""
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        typer.echo(f"{out}: {error.strerror}", err=True)
        return False
    return True


def _faults(made: Draft, file: Path) -> tuple[str, ...]:
    """A draft should load; when it does not, the TODO that keeps it from that is named by its place."""
    try:
        site_mapping(made.text.encode(), str(file))
    except MappingFileError as error:
        return tuple(map(str, error.faults))
    return ()


def _tell(made: Draft, faults: Sequence[str]) -> None:
    typer.echo(f"{len(made.todos)} TODOs:", err=True)
    for todo in made.todos:
        typer.echo(f"  {todo}", err=True)
    typer.echo("it does not load yet:" if faults else "it loads, as a draft: it reads nobody's messages yet", err=True)
    for fault in faults:
        typer.echo(f"  {fault}", err=True)


def _members(name: str, found: Survey, made: Draft, faults: Sequence[str]) -> dict[str, Any]:
    seen = [
        {
            "code": one.coding.reference,
            "types": list(one.types),
            "rows": list(one.rows),
            "units": list(one.units),
            "times": one.times,
        }
        for one in found.observations.values()
    ]
    return {"id": name, "seen": seen, "todos": list(made.todos), "faults": list(faults), "mapping": made.text}
