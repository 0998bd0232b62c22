"""One rule compiled: which fact it fills, where it finds the value, and how the value becomes the fact."""

from dataclasses import dataclass
from functools import partial

from adapter.mapping.codes import Systems
from adapter.mapping.facts import LEFT_OUT, Fact, Kind
from adapter.mapping.form import Mapping
from adapter.mapping.loader import Path
from adapter.mapping.meaning import meaning
from adapter.mapping.measures import MeasureReader
from adapter.mapping.origin import Converter
from adapter.mapping.paths import Position, Requirement
from adapter.mapping.rules import Rule, SuvRule
from adapter.mapping.tables import CodeTable
from adapter.mapping.words import WordReader


@dataclass(frozen=True, slots=True)
class Reader:
    """How one fact is read. ``rank`` is the rule's place among the fact's rules, 0 the most preferred.

    A rule on an observation has ``codes`` and perhaps a ``component`` of OBX-5 (0: all of it); one that reads none has
    a ``position``, a ``group`` of the row key, or a ``constant``.
    """

    name: str
    fact: str
    of_row: bool
    rank: int
    convert: Converter
    codes: tuple[str, ...] = ()
    component: int = 0
    decimal_comma: bool = False
    requirements: tuple[Requirement, ...] = ()
    position: Position | None = None
    group: str | None = None
    constant: object = LEFT_OUT
    required: bool = False
    is_suv: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule refers to outside itself: the mapping, and its systems made ready."""

    mapping: Mapping
    systems: Systems
    own_systems: frozenset[str]

    @classmethod
    def of(cls, mapping: Mapping) -> "Surroundings":
        """Turn a mapping into what its rules refer to."""
        systems = Systems(mapping.systems)
        return cls(mapping, systems, frozenset(map(systems.system, mapping.own_systems)))

    def table(self, fact: Fact, name: str | None) -> CodeTable | None:
        """Turn a ``lookup`` into a table of the fact's values; a fact that has words is a table of its own."""
        entries = self.mapping.tables[name] if name is not None else {word: word for word in fact.words}
        meanings = {self.systems.key_of(entry): meaning(fact, word) for entry, word in entries.items()}
        return CodeTable(meanings, self.systems, self.own_systems) if meanings else None

    def requirements(self, rule: Rule) -> tuple[Requirement, ...]:
        """Turn a rule's ``when`` into its conditions."""
        return tuple(Requirement(path, wanted, self.systems) for path, wanted in rule.when.items())


def reader(path: Path, fact: Fact, rule: Rule, surroundings: Surroundings) -> Reader:
    """Turn a rule, with its place in the file and its fact, into its reader."""
    part, name, rank = str(path[0]), str(path[1]), int(path[2])
    called = f"{part}.{name}"
    source = rule.component
    return Reader(
        called,
        name,
        part == "lesion",
        rank,
        _converter(called, fact, rule, surroundings),
        codes=rule.obx or (source.obx if source else ()),
        component=source.number if source else 0,
        decimal_comma=rule.decimal == ",",
        requirements=surroundings.requirements(rule),
        position=Position.of(rule.field) if rule.field else None,
        group=rule.group,
        constant=LEFT_OUT if rule.const is None else meaning(fact, rule.const),
        required=rule.required,
        is_suv=fact.kind is Kind.SUV,
    )


def _converter(name: str, fact: Fact, rule: Rule, surroundings: Surroundings) -> Converter:
    doubts = surroundings.mapping.doubts
    if fact.kind in (Kind.SUV, Kind.LENGTH, Kind.PERCENT):
        units = surroundings.mapping.units
        measure = MeasureReader(name, rule, units, holds_missing=doubts.missing_unit == "hold")
        if isinstance(rule, SuvRule):
            return partial(measure.suv, rule.type, rule.statistic)
        return measure.millimetres if fact.kind is Kind.LENGTH else measure.percent
    holds = (rule.unmapped or doubts.unknown_code) == "hold"
    return WordReader(name, fact, rule, surroundings.table(fact, rule.lookup), holds=holds).read
