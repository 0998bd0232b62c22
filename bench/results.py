"""What was measured, beside its bar: one row a figure, the median of the rounds with their range."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Bar:
    """What is to be reached: at least, or at most, so much."""

    limit: float
    at_least: bool = True

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {figure(self.limit)}"

    def is_reached_by(self, value: float) -> bool:
        """Does a median reach it?"""
        return value >= self.limit if self.at_least else value <= self.limit


def at_most(limit: float) -> Bar:
    """A bar that is not to be exceeded."""
    return Bar(limit, at_least=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: a value a round, and the bar where there is one."""

    name: str
    unit: str
    values: tuple[float, ...]
    bar: Bar | None = None

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.values)

    @property
    def spread(self) -> str:
        """The lowest and the highest round."""
        return f"{figure(min(self.values))} - {figure(max(self.values))}"

    @property
    def verdict(self) -> str:
        """``reached`` or ``NOT reached``; empty without a bar."""
        if self.bar is None:
            return ""
        return "reached" if self.bar.is_reached_by(self.median) else "NOT reached"


@dataclass(frozen=True, slots=True)
class Section:
    """One measurement: its title, what exactly was done, and its figures."""

    title: str
    method: str
    rows: tuple[Row, ...]


def ratios(upper: Sequence[float], lower: Sequence[float]) -> tuple[float, ...]:
    """Divide round by round, so that what slowed down a round slowed down both sides of its ratio."""
    return tuple(one / other for one, other in zip(upper, lower, strict=True))


def rounds(count: int, routes: dict[str, Callable[[], float]]) -> dict[str, tuple[float, ...]]:
    """Run every route once a round, each round beginning with another one; gives each route's values."""
    names = list(routes)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(count):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(routes[name]())
    return {name: tuple(values) for name, values in found.items()}


def figure(value: float) -> str:
    """Turn a number into text of about three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows: Iterable[Row]) -> list[str]:
    """Turn rows into the lines of a Markdown table."""
    lines = ["| what | unit | median | rounds | bar | |", "|---|---|---:|---:|---:|---|"]
    for row in rows:
        bar = "" if row.bar is None else str(row.bar)
        cells = (row.name, row.unit, figure(row.median), row.spread, bar, row.verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return lines
