"""``netpet-adapter messages``: what was kept and in which state, and the closing of problems (docs/retention.md)."""

from pathlib import Path
from typing import Annotated

import typer

messages_app = typer.Typer(
    name="messages",
    help="Kept messages: list them by state, show one, close a problem: a message's, an answer's, a score's.",
    no_args_is_help=True,
)

MessageOrScore = Annotated[
    str, typer.Argument(help="The message's id, as messages list shows it; with --score a score's.", metavar="ID")
]
Score = Annotated[
    bool, typer.Option("--score", help="A score that its destination did not take, by the id that replay --dead lists.")
]
Client = Annotated[str, typer.Option("--client", help="A name of security.api_keys; else the first.")]
Config = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings (docs/settings.md).")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@messages_app.command("list")
def list_(
    state: Annotated[
        str, typer.Option("--state", help="Of received,read,held,ignored,closed; with commas; all: every one.")
    ] = "held",
    client: Client = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the messages in a state, the last received first; without --state those that are held."""
    from adapter.cli.messages_asked import run_list  # noqa: PLC0415 - a command imports only what it runs
    from adapter.cli.review_asked import Access  # noqa: PLC0415

    raise typer.Exit(run_list("" if state == "all" else state, Access(config, client, as_json)))


@messages_app.command()
def show(
    message: MessageOrScore, score: Score = False, client: Client = "", config: Config = None, as_json: AsJson = False
) -> None:
    """Show what became of a message, by which rule, and what persons did with it; not what it says. A score too."""
    from adapter.cli.messages_asked import run_show  # noqa: PLC0415 - imports only what it runs
    from adapter.cli.review_asked import Access  # noqa: PLC0415

    raise typer.Exit(run_show(message, Access(config, client, as_json), score=score))


@messages_app.command()
def close(  # noqa: PLR0913, PLR0917 - each is an option of the command
    message: MessageOrScore,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit. Name no patient.")],
    answer: Annotated[
        bool, typer.Option("--answer", help="Its answer that was given up, as replay --dead lists it, and only that.")
    ] = False,
    score: Score = False,
    client: Client = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Close a message's problem, its answer that was given up, or a score that was not taken; nobody has to see to it.

    The answer and the score stay undelivered; what is kept of the message ages like others.
    """
    from adapter.cli.messages_asked import Closed, run_close  # noqa: PLC0415 - imports only what it runs
    from adapter.cli.review_asked import Access  # noqa: PLC0415

    if answer and score:
        raise typer.BadParameter("it is an answer's problem or a score's: --answer or --score, not both")
    what = Closed.ANSWER if answer else Closed.SCORE if score else Closed.MESSAGE
    raise typer.Exit(run_close(what, message, reason, Access(config, client, as_json)))
