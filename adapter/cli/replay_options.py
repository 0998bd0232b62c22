"""The options of ``netpet-adapter replay``: what is done anew, with which mapping, and why."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter.cli.exits import BAD_INPUT

DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
BOUNDLESS = (
    "this would replay every message: name one, or say since when (--since 2026-11-20T18:00), "
    "or --all if it is to be all of them, however old"
)
NOTHING_CHOSEN = "say what to replay: --offered or --dead, one message by its id, or messages --since a time"
ALONE = "--offered and --dead stand alone: with --reason, --client, --json, and --dead with the id of one of them"
NO_REASON_DEAD = "say why with --reason, which is kept with your name; --dead alone lists them"
NO_REASON = "say why with --reason, which is kept with your name; or look first with --dry-run"

Message = Annotated[
    str,
    typer.Argument(
        help="One message, by its id; without it, those that the filter finds. With --dead one id that it lists."
    ),
]
Offered = Annotated[
    bool | None,
    typer.Option(
        "--offered/--dead",
        help="Held messages that the mappings can read by now, or scores and answers that were not taken.",
        show_default=False,
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", metavar="TIME", formats=DATES, help="Received then or later: 2026-11-20T18:00, or a day."),
]
Until = Annotated[
    datetime | None, typer.Option("--until", metavar="TIME", formats=DATES, help="Received before that time.")
]
Every = Annotated[bool, typer.Option("--all", help="However old; needed where there is no --since.")]
Mapping = Annotated[str, typer.Option("--mapping", metavar="ID[@VERSION]", help="Read by this mapping.")]
Sender = Annotated[str, typer.Option("--sender", help="From this sender, by the site's name for it.")]
Channel = Annotated[str, typer.Option("--channel", help="From this door: mllp, http, drop, fhir ...")]
State = Annotated[
    list[str] | None, typer.Option("--state", help="read, held, ignored, received or closed; may be repeated.")
]
ReasonCode = Annotated[str, typer.Option("--reason-code", help="Held for this, as --offered lists it: no-mapping ...")]
AsSent = Annotated[
    bool,
    typer.Option("--as-sent/--current", help="With the mapping that read each message, or with those in use."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; nothing is written or delivered.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; --offered and --dead list without it.")]
Client = Annotated[str, typer.Option("--client", help="A name of security.api_keys; else the first.")]
Config = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings (docs/settings.md).")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages, in the words of the service's own face, and whether they are only looked at."""

    members: dict[str, Any]
    dry_run: bool


def replay(  # noqa: PLR0913, PLR0917 - each is an option of the command
    message: Message = "",
    offered: Offered = None,
    since: Since = None,
    until: Until = None,
    every: Every = False,
    mapping: Mapping = "",
    sender: Sender = "",
    channel: Channel = "",
    state: State = None,
    reason_code: ReasonCode = "",
    as_sent: AsSent = False,
    dry_run: DryRun = False,
    reason: Reason = "",
    client: Client = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Have a running service read kept messages anew, or deliver dead letters again (docs/replay.md)."""
    from adapter.cli.replay import ReplayOffered, run_replay_offered  # noqa: PLC0415 - imports only what it runs
    from adapter.cli.replay_dead import run_replay_dead  # noqa: PLC0415
    from adapter.cli.replay_messages import run_replay_messages  # noqa: PLC0415

    told = ReplayOffered(reason, client, as_json)
    filters = {"mapping": mapping, "sender": sender, "channel": channel, "reason_code": reason_code}
    times = {"since": _moment(since), "until": _moment(until)}
    chosen: dict[str, Any] = {"message": message, "all": every, "state": state or []} | filters | times
    asked = {name: value for name, value in chosen.items() if value}
    if offered is not None:
        fits = set() if offered else {"message"}
        _refuse(bool(asked.keys() - fits or as_sent or dry_run), ALONE)
        _refuse(bool(message) and not reason, NO_REASON_DEAD)
        raise typer.Exit(run_replay_offered(config, told) if offered else run_replay_dead(config, told, message))
    _refuse(not asked, NOTHING_CHOSEN)
    _refuse(not asked.keys() & {"message", "since", "all"}, BOUNDLESS)
    _refuse("message" in asked and len(asked) > 1, "one message, or a filter: not both")
    _refuse(not reason and not dry_run, NO_REASON)
    asked["with"] = "as-sent" if as_sent else "current"
    raise typer.Exit(run_replay_messages(config, told, Chosen(asked, dry_run)))


def _moment(given: datetime | None) -> str | None:
    """A time without offset is one of this machine's clock."""
    return None if given is None else given.astimezone().isoformat()


def _refuse(wrong: bool, advice: str) -> None:
    if wrong:
        typer.echo(f"netpet-adapter replay: {advice}", err=True)
        raise typer.Exit(BAD_INPUT)
