"""``netpet-adapter map preview``: which field fed which fact, the lesions and the score; shown again at each save."""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.cli.map.preview_screen import show
from adapter.cli.map.replayed import ReplayError, messages_in
from adapter.cli.score import to_members
from adapter.cli.serve import settings_or_exit
from adapter.mapping.errors import MappingFileError
from adapter.mapping.impact import Replayed
from adapter.mapping.preview import Preview, preview
from adapter.mapping.site_mapping import site_mapping
from adapter.scoring.result import Policy

LOOK = 0.05
"""Seconds between looks at the mapping's file; what was saved is on the screen within 200 ms."""


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """By which mapping, again at each save or once, with names masked or not, on a screen or as JSON."""

    mapping: Path
    watch: bool = False
    masked: bool = True
    as_json: bool = False


def run_preview(files: Sequence[Path], options: PreviewOptions) -> int:
    """Show what the mapping makes of the messages; the return value is the exit code (1: one is not read)."""
    policy = settings_or_exit(None).policy.to_policy()
    try:
        messages = [one for file in files for one in messages_in(file)]
    except (OSError, ReplayError) as error:
        typer.echo(str(error), err=True)
        return BAD_INPUT
    console = Console(markup=False, highlight=False)
    code = _once(messages, options, policy, console)
    if not options.watch:
        return code
    try:
        for _ in _saves(options.mapping):
            _once(messages, options, policy, console)
    except KeyboardInterrupt:
        return OK
    raise AssertionError  # pragma: no cover - a watch has no other end


def _once(messages: Sequence[Replayed], options: PreviewOptions, policy: Policy, console: Console) -> int:
    try:
        mapping = site_mapping(options.mapping.read_bytes(), str(options.mapping))
    except MappingFileError as error:
        _tell_faults(list(map(str, error.faults)), options, console)
        return BAD_INPUT
    except OSError as error:
        _tell_faults([f"{options.mapping}: {error.strerror}"], options, console)
        return ENVIRONMENT
    found = preview(messages, mapping, policy, masked=options.masked)
    if options.as_json:
        print(json.dumps(members(found)), flush=True)  # noqa: T201 - a line for each save
    else:
        _clear(options, console)
        show(found, console)
    return OK if all(one.state == "read" for one in found.messages) else FINDING


def _tell_faults(faults: Sequence[str], options: PreviewOptions, console: Console) -> None:
    """While a mapping is written it is mostly wrong: that is a part of the preview."""
    if options.as_json and options.watch:
        print(json.dumps({"faults": list(faults)}), flush=True)  # noqa: T201 - a line for each save
    elif options.watch:
        _clear(options, console)
        for fault in faults:
            console.print(fault, style="red")
    else:
        for fault in faults:
            typer.echo(fault, err=True)


def _clear(options: PreviewOptions, console: Console) -> None:
    if options.watch and console.is_terminal:
        console.clear()


def _saves(file: Path) -> Iterator[None]:
    """Give one item for each time that the file is another one, for ever."""
    seen = _signature(file)
    while True:
        time.sleep(LOOK)
        now = _signature(file)
        if now != seen:
            seen = now
            yield


def _signature(file: Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError:
        return (0, 0, 0)
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def members(found: Preview) -> dict[str, Any]:
    """Turn a preview into JSON members."""
    mapping = found.mapping
    return {
        "mapping": {"id": mapping.form.id, "version": mapping.form.version, "sha256": mapping.sha256},
        "messages": [asdict(one) | {"unused": list(one.unused)} for one in found.messages],
        "scores": [to_members(one.result) | {"explanation": one.result.explanation} for one in found.scores],
    }
