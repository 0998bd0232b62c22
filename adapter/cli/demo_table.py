"""The demonstration's table: what each sample became, and why, as wide as the terminal allows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from adapter.cli.samples import Sample

_HEADINGS = ("sample", "answers", "became", "grade", "group", "status", "why", "as expected")


@dataclass(slots=True)
class Became:
    """What one sample became: the answers it got, its messages' states, and its Observation as an EHR reads it."""

    sample: Sample
    acks: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    state: str = "none"
    grade: str | None = None
    group: str | None = None
    status: str | None = None
    why: str = ""

    @property
    def as_expected(self) -> bool:
        """Is it what the samples' own list says?"""
        wanted = self.sample
        accepted = all(ack == "AA" for ack in self.acks) and len(self.acks) == len(wanted.payloads)
        right = (self.state, self.grade, self.status) == (wanted.state, wanted.grade, wanted.status)
        return accepted and right and tuple(self.states) == wanted.message_states


def print_table(outcomes: Sequence[Became], console: Console | None = None) -> None:
    """Print what became of each sample; one that is not as expected is marked."""
    console = console or _console()
    table = Table(title="What became of each sample patient")
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold", ratio=1 if heading == "why" else None)
    for outcome in outcomes:
        table.add_row(*_cells(outcome))
    console.print(table)


def _console() -> Console:
    """A pipe has no width of its own: give it room for the reasons."""
    console = Console()
    return console if console.is_terminal else Console(width=180)


def _cells(outcome: Became) -> list[str]:
    texts = (outcome.sample.name, " ".join(outcome.acks), outcome.state, outcome.grade, outcome.group, outcome.status)
    return [*(text or "-" for text in texts), outcome.why, "yes" if outcome.as_expected else "NO"]
