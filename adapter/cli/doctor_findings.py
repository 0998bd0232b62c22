"""What ``doctor`` found: each with its area, whether it is well, what was seen and what to do."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import typer

from adapter.cli.exits import FINDING, OK

State = Literal["ok", "note", "finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``advice`` says what to do where it is not well."""

    area: str
    state: State
    says: str
    advice: str = ""


def well(area: str, says: str) -> Finding:
    """Something that is as it should be."""
    return Finding(area, "ok", says)


def note(area: str, says: str, advice: str = "") -> Finding:
    """Something to know that is no fault."""
    return Finding(area, "note", says, advice)


def ill(area: str, says: str, advice: str = "") -> Finding:
    """Something that a person has to mend."""
    return Finding(area, "finding", says, advice)


def tell(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print what was found; the return value is the exit code, 1 where something is to be mended."""
    is_well = all(finding.state != "finding" for finding in findings)
    if as_json:
        typer.echo(json.dumps({"ok": is_well, "findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            typer.echo(f"{finding.state:<8}{finding.area}: {finding.says}")
            if finding.advice:
                typer.echo(f"{'':<8}-> {finding.advice}")
    return OK if is_well else FINDING
