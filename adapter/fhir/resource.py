"""What a resource is here: a plain dict, its decimals still decimals; and what is raised when one may not leave."""

from typing import Any

from adapter.outcome import AdapterError, Problem

Resource = dict[str, Any]
Element = dict[str, Any]


class RenderError(AdapterError):
    """A resource would break R4 or our profile; the text names the element and the rule, never a value."""


class JsonUnreadableError(AdapterError):
    """A body is not JSON that may be read safely; ``problem`` and ``rule`` say what is wrong, never with a value."""

    def __init__(self, rule: str, problem: Problem = Problem.RESOURCE_INVALID) -> None:
        super().__init__(rule)
        self.problem = problem
        self.rule = rule
