"""Which parts of a mapping its cases touch: rules, table entries, doubts, and each ``required`` by its absence."""

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.mapping.cases import CaseFile
from adapter.mapping.cases_reading import Door, InputReading, open_door
from adapter.mapping.cases_run import Fetch, run_cases
from adapter.mapping.consistency import every_rule
from adapter.mapping.facts import Kind
from adapter.mapping.form import Doubts, Mapping
from adapter.mapping.loader import Path
from adapter.mapping.site_mapping import SiteMapping
from adapter.outcome import Held

_MEASURED = frozenset({Kind.SUV, Kind.LENGTH, Kind.PERCENT})

_SIGNS = {
    "unknown_code": ("not in ", "the value is not in "),
    "own_obx": ("unused ", "a code of the mapping's own system that no rule knows"),
    "unused_obx": ("unused ", "no rule reads this code"),
    "missing_unit": ("unit missing ", "the unit is missing"),
    "equal_repeat": ("equal repeat ", "stated twice"),
}
"""How each doubt shows: the beginning of its flag, and the words of the rule that holds the message."""


@dataclass(frozen=True, slots=True)
class Share:
    """The parts of one kind, and those of them that no case touches."""

    parts: tuple[Path, ...]
    untouched: tuple[Path, ...]

    @property
    def percent(self) -> int:
        """How much is touched, in whole percent; 100 only when all is."""
        return 100 * (len(self.parts) - len(self.untouched)) // len(self.parts) if self.parts else 100


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the cases that hold touch. ``required`` are rules of which no case lacks the value.

    ``failed`` counts the cases that do not hold: what they touch proves nothing.
    """

    rules: Share
    entries: Share
    doubts: Share
    required: Share
    cases: int
    failed: int

    @property
    def is_enough(self) -> bool:
        """Is every rule touched, and every ``required`` tried without its value?"""
        return not (self.failed or self.rules.untouched or self.required.untouched)

    @property
    def shares(self) -> dict[str, Share]:
        """The shares by what they are of."""
        return {"rules": self.rules, "required": self.required, "entries": self.entries, "doubts": self.doubts}


def coverage(mapping: SiteMapping, cases: CaseFile | None, fetch: Fetch, door: Door = open_door) -> Coverage:
    """Turn a mapping and its cases (None: it has no tests) into what they touch of it."""
    watched, watch = mapping.watched()
    touched: set[Path] = set()
    failed = 0
    for result, inputs in run_cases(cases, watched, fetch, door) if cases else ():
        if result.holds:
            touched |= watch.parts
            touched.update(part for one in inputs for part in _shown(mapping.form, one))
        failed += not result.holds
        watch.clear()
    form = mapping.form
    return Coverage(
        _share(rule_parts(form), touched),
        _share(entry_parts(form), touched),
        _share(doubt_parts(form), touched),
        _share(required_parts(form), touched),
        len(cases.cases) if cases else 0,
        failed,
    )


def _share(parts: Iterator[Path], touched: set[Path]) -> Share:
    every = tuple(parts)
    return Share(every, tuple(part for part in every if part not in touched))


def rule_parts(form: Mapping) -> Iterator[Path]:
    """Turn a mapping into the paths of its rules, and of what a rule says of all other values or of none."""
    for path, _, rule in every_rule(form):
        yield path
        if rule.otherwise is not None:
            yield (*path, "otherwise")
        if getattr(rule, "absent", None) is not None:
            yield (*path, "absent")


def entry_parts(form: Mapping) -> Iterator[Path]:
    """Turn a mapping into the paths of the entries of its tables."""
    return (("tables", name, entry) for name, table in form.tables.items() for entry in table)


def doubt_parts(form: Mapping) -> Iterator[Path]:
    """Turn a mapping into the doubts that it can come to."""
    rules = [*every_rule(form)]
    possible = {
        "unknown_code": any(rule.lookup for _, _, rule in rules),
        "own_obx": bool(form.own_systems),
        "missing_unit": any(fact.kind in _MEASURED for _, fact, _ in rules),
    }
    return (("doubts", name) for name in Doubts.model_fields if possible.get(name, True))


def required_parts(form: Mapping) -> Iterator[Path]:
    """Turn a mapping into the paths of what must be stated."""
    return ((*path, "required") for path, _, rule in every_rule(form) if rule.required)


def _shown(form: Mapping, one: InputReading) -> Iterator[Path]:
    """The doubts and the missing values that a reading shows."""
    rule = one.reading.rule if isinstance(one.reading, Held) else ""
    for name, (flag, words) in _SIGNS.items():
        if words in rule or any(note.startswith(flag) for note in one.notes):
            yield ("doubts", name)
    for path in required_parts(form):
        if rule.startswith(f"{path[0]}.{path[1]}: required and not stated"):
            yield path
