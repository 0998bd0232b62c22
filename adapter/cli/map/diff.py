"""``netpet-adapter map diff``: what another version of a mapping changes, for whoever approves it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from adapter.cli.exits import BAD_INPUT, ENVIRONMENT, FINDING, OK
from adapter.cli.map.replayed import LAST, ReplayError, messages_of, recorded
from adapter.cli.map.targets import targets_or_exit
from adapter.cli.serve import settings_or_exit
from adapter.cli.visible import visible
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFileError
from adapter.mapping.impact import Conditions, Impact, Replayed, ScoreChange, Standing, impact
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import StoreUnavailableError
from adapter.settings import Settings, shipped_folder


@dataclass(frozen=True, slots=True)
class DiffOptions:
    """What to compare over and beside what, by which settings, and how to say it."""

    replay: str
    beside: Path | None = None
    config: Path | None = None
    as_json: bool = False


def run_diff(old: str, new: str, options: DiffOptions) -> int:
    """Read the messages with both versions and say what differs; the return value is the exit code."""
    settings = settings_or_exit(options.config)
    one, other = _version(old), _version(new)
    try:
        messages, conditions = _replay(options, settings)
    except (ReplayError, MappingFileError) as error:
        typer.echo(str(error), err=True)
        return BAD_INPUT
    except (StoreUnavailableError, OSError) as error:
        typer.echo(f"netpet-adapter map diff: {error}", err=True)
        return ENVIRONMENT
    found = impact(messages, one, other, conditions)
    if options.as_json:
        typer.echo(json.dumps(members(found), indent=2))
    else:
        _print(found, Console(markup=False, highlight=False, soft_wrap=True))
    return FINDING if found.changes_a_grade else OK


def _version(named: str) -> SiteMapping:
    """Turn a file or an id into its one mapping, else exit 2."""
    found = targets_or_exit([named], None)
    if len(found) != 1:
        typer.echo(f"{named}: name one mapping file", err=True)
        raise typer.Exit(BAD_INPUT)
    return found[0].mapping


def _replay(options: DiffOptions, settings: Settings) -> tuple[list[Replayed], Conditions]:
    """What the service keeps was read beside its other mappings; a folder stands for itself unless told otherwise."""
    policy = settings.policy.to_policy()
    if not options.replay.startswith(LAST):
        return messages_of(Path(options.replay)), Conditions(_others(options.beside), policy)
    messages, read = recorded(options.replay, settings)
    folder = options.beside or settings.mappings.directory or shipped_folder("mappings")
    return messages, Conditions(_others(folder), policy, read)


def _others(folder: Path | None) -> tuple[SiteMapping, ...]:
    return MappingSet.load(folder).active if folder else ()


def members(found: Impact) -> dict[str, Any]:
    """Turn what differs into JSON members."""
    return {
        "old": _named(found.old),
        "new": _named(found.new),
        "messages": {"count": found.messages, "sha256": found.messages_sha256},
        "read": {"old": found.read[0], "new": found.read[1]},
        "states": [{"message": one.message, "old": one.old, "new": one.new} for one in found.states],
        "facts": [
            {"message": one.message, "report": one.report, "row": one.row, "fact": one.fact}
            | {"old": one.old, "new": one.new}
            for one in found.facts
        ],
        "scores": [
            {"score": one.score, "messages": list(one.messages), "old": _standing(one.old), "new": _standing(one.new)}
            | {"grade_changes": one.is_of_the_grade}
            for one in found.scores
        ],
        "scores_compared": found.compared_scores,
        "changes_a_grade": found.changes_a_grade,
    }


def _named(mapping: SiteMapping) -> dict[str, str]:
    form = mapping.form
    return {"file": mapping.file, "id": form.id, "version": form.version, "sha256": mapping.sha256}


def _standing(one: Standing) -> dict[str, Any]:
    return {"outcome": one.outcome, "grade": one.grade, "group": one.group, "reasons": list(one.reasons)}


def _print(found: Impact, console: Console) -> None:
    for said, mapping in (("old", found.old), ("new", found.new)):
        console.print(f"{said}  {mapping.name}  sha256 {mapping.sha256}  {mapping.file}")
    read = f"{found.read[0]} read by old, {found.read[1]} by new"
    console.print(f"{found.messages} messages  sha256 {found.messages_sha256}  {read}")
    _print_table(
        console, "Messages", ("message", "old", "new"), ((one.message, one.old, one.new) for one in found.states)
    )
    facts = ((one.message, str(one.report), one.row or "report", one.fact, one.old, one.new) for one in found.facts)
    _print_table(console, "Facts", ("message", "report", "row", "fact", "old", "new"), facts)
    headings = ("messages", "old", "new", "reasons gone", "reasons added")
    _print_table(console, f"Scores (of {found.compared_scores})", headings, map(_score_row, found.scores))
    console.print(_verdict(found))


def _print_table(console: Console, title: str, headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", show_lines=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*("\n".join(map(visible, cell.split("\n"))) for cell in row))
    if table.row_count:
        console.print(table)
    else:
        console.print(f"{title}: no difference")


def _score_row(one: ScoreChange) -> tuple[str, ...]:
    gone = [reason for reason in one.old.reasons if reason not in one.new.reasons]
    added = [reason for reason in one.new.reasons if reason not in one.old.reasons]
    return "\n".join(one.messages), _said(one.old), _said(one.new), "\n".join(gone), "\n".join(added)


def _said(one: Standing) -> str:
    return one.outcome if one.grade == one.group == "-" else f"{one.grade} ({one.group})"


def _verdict(found: Impact) -> str:
    if not found.changes_a_grade:
        return "No grade and no group changes, and no message is read no longer."
    changed = sum(one.is_of_the_grade for one in found.scores)
    lost = sum(one.old == "read" for one in found.states)
    return f"{changed} score(s) change grade or group; {lost} message(s) are read no longer."
