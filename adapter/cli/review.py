"""``netpet-adapter review``: the scores that wait for a person, and what that person decides."""

from pathlib import Path
from typing import Annotated

import typer

review_app = typer.Typer(name="review", help="Scores that wait for a person: confirm, override or reject them.")

Score = Annotated[str, typer.Argument(help="The score's id, as review list shows it.")]
Seen = Annotated[str, typer.Option("--seen", help="The basis that review list showed: what is decided on.")]
Person = Annotated[str, typer.Option("--person", help="Who decides, by name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept and sent with the score.")]
Client = Annotated[str, typer.Option("--client", help="A name of security.api_keys; else the first.")]
Config = Annotated[Path | None, typer.Option("--config", help="A YAML file of settings (docs/settings.md).")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@review_app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Those already decided on as well.")] = False,
    client: Client = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the scores that were sent and that nobody has decided on as they now are."""
    from adapter.cli.review_asked import Access, run_list  # noqa: PLC0415 - a command imports only what it runs

    raise typer.Exit(run_list(Access(config, client, as_json), every=every))


@review_app.command()
def confirm(  # noqa: PLR0913, PLR0917 - each is an option of the command
    score: Score, seen: Seen, person: Person, client: Client = "", config: Config = None, as_json: AsJson = False
) -> None:
    """Confirm a score as it was seen: it becomes final. Exit 2 when it has changed since."""
    from adapter.cli.review_asked import Access, decision, run_decide  # noqa: PLC0415 - imports only what it runs

    raise typer.Exit(run_decide(score, decision("confirmed", seen, person), Access(config, client, as_json)))


@review_app.command()
def override(  # noqa: PLR0913, PLR0917 - each is an option of the command
    score: Score,
    seen: Seen,
    person: Person,
    reason: Reason,
    grade: Annotated[str, typer.Option("--grade", help="P0, P1, P2, P2a ... P5.")],
    client: Client = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Set another grade; what was computed stays readable beside it."""
    from adapter.cli.review_asked import Access, decision, run_decide  # noqa: PLC0415 - imports only what it runs

    body = decision("overridden", seen, person, reason) | {"grade": grade}
    raise typer.Exit(run_decide(score, body, Access(config, client, as_json)))


@review_app.command()
def reject(  # noqa: PLR0913, PLR0917 - each is an option of the command
    score: Score,
    seen: Seen,
    person: Person,
    reason: Reason,
    client: Client = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say that a score must not be used: it is withdrawn."""
    from adapter.cli.review_asked import Access, decision, run_decide  # noqa: PLC0415 - imports only what it runs

    raise typer.Exit(run_decide(score, decision("rejected", seen, person, reason), Access(config, client, as_json)))
