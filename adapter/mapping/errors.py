"""What can be wrong with a mapping file, said so that its writer can mend it: where, what, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass

from adapter.outcome import NOWHERE, AdapterError, Held, Place, Problem

_SHOWN = 20
"""Faults named in one text: a file with more is broken in kind, not in detail."""


@dataclass(frozen=True, slots=True, order=True)
class MappingFault:
    """One fault of one file; line and column are 1-based, 0 is the file as a whole."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        """Read as compilers write it: ``site.yaml:12:5: what is wrong and what to do``."""
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class MappingFileError(AdapterError):
    """The mapping files cannot be used; ``faults`` names every fault of every file at once."""

    def __init__(self, faults: Iterable[MappingFault]) -> None:
        self.faults = tuple(sorted(faults))
        more = len(self.faults) - _SHOWN
        lines = [str(fault) for fault in self.faults[:_SHOWN]] + ([f"and {more} more faults"] if more > 0 else [])
        super().__init__("\n".join(lines))


class ExtractionError(AdapterError):
    """A message cannot be read with certainty: it is held, with the problem, the place and the rule, never a value."""

    def __init__(self, problem: Problem, place: Place = NOWHERE, rule: str = "") -> None:
        self.held = Held(problem, place, rule)
        super().__init__(f"{place}: {rule}" if str(place) else rule)

    def within(self, where: str) -> "ExtractionError":
        """Turn it into the same error that also says where in the field (``line 4``)."""
        return ExtractionError(self.held.problem, self.held.place, f"{self.held.rule} ({where})")
