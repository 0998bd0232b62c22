"""What the Observations of one FHIR report say, under way to the report: every one of them is in one list."""

from dataclasses import dataclass, field

from adapter.fhir.shelf import Entry
from adapter.mapping.gathered import Gathered


@dataclass(slots=True)
class FhirGathered(Gathered):
    """Facts and rows as of all formats; the lists hold indexes of ``paths``, the Observations and components.

    ``structure`` are Observations that only hold others together. ``of_row`` are each row's Observations that stand.
    """

    paths: list[str] = field(default_factory=list)
    structure: list[int] = field(default_factory=list)
    of_row: dict[str, list[Entry]] = field(default_factory=dict)

    def number(self, path: str) -> int:
        """Take in an Observation or a component, which from now on has to be accounted for."""
        self.paths.append(path)
        return len(self.paths) - 1

    @property
    def everything(self) -> int:
        """How many of them are accounted for."""
        return self.accounted + len(self.structure)

    def listed(self) -> tuple[str, ...]:
        """The notes, with one line for each Observation or component that gave no fact."""
        kinds = (
            ("retracted", self.retracted),
            ("no value", self.without_value),
            ("narrative", self.narrative),
            ("unused", self.unused),
        )
        lines = [f"{kind} {self.paths[number]}" for kind, numbers in kinds for number in numbers]
        return (*dict.fromkeys(self.notes), *lines)
