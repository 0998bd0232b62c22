"""What the format refuses to read: a problem of the closed list, a place and a rule, never a value."""

from adapter.outcome import NOWHERE, AdapterError, Place, Problem


class FormatError(AdapterError):
    """A message, or a part of it, cannot be read; ``rule`` says in words what was broken, ``place`` where."""

    def __init__(self, problem: Problem, place: Place = NOWHERE, rule: str = "") -> None:
        self.problem = problem
        self.place = place
        self.rule = rule
        super().__init__(f"{place}: {rule}" if str(place) else rule)
