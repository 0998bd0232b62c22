"""What lint says: a rule by its id, where it is broken, what is wrong there and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from adapter.mapping.lint.subject import Subject
from adapter.mapping.loader import Path


class Severity(StrEnum):
    """An error may give a wrong or a lost result; a warning should be looked at."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class At:
    """A place that no part of the form stands at: within a comment."""

    line: int
    column: int


Spots = Iterator[tuple[Path | At, str]]
"""Where a rule is broken: the part of the file, and what of it (a table's entry, a case's name), never a patient's."""


@dataclass(frozen=True, slots=True)
class LintRule:
    """One thing that lint looks for: its id, how bad it is, what is wrong, what to do, and how it is found.

    ``of_cases`` says that its spots are parts of the test file.
    """

    id: str
    severity: Severity
    wrong: str
    cure: str
    spots: Callable[[Subject], Spots]
    of_cases: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule broken at one place (1-based; 0 is the file as a whole)."""

    file: str
    line: int
    column: int
    id: str
    severity: Severity
    wrong: str
    detail: str
    cure: str

    def __str__(self) -> str:
        """Read as compilers write it: ``site.yaml:12:5: error NP301: what is wrong (where): what to do``."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity} {self.id}: {self.wrong}{detail}; {self.cure}"
