"""One rule compiled: which fact it fills, where it finds the value, and how the value becomes the fact."""

from dataclasses import dataclass
from functools import partial

from adapter.mapping.codes import Key, Systems
from adapter.mapping.facts import LEFT_OUT, Fact, Kind
from adapter.mapping.fhir_rows.form import FhirRows
from adapter.mapping.form import Mapping
from adapter.mapping.loader import Path
from adapter.mapping.meaning import meaning
from adapter.mapping.measures import MeasureReader
from adapter.mapping.narrative_form import NarrativeRows
from adapter.mapping.origin import Converter
from adapter.mapping.paths import Position, Requirement
from adapter.mapping.rules import Rule, SuvRule
from adapter.mapping.tables import CodeTable
from adapter.mapping.watch import Watch, WatchedRequirement, WatchedTable
from adapter.mapping.words import WordReader


@dataclass(frozen=True, slots=True)
class Reader:
    """How one fact is read. ``rank`` is the rule's place among the fact's rules, 0 the most preferred.

    A rule on an observation has ``codes`` and perhaps a ``component`` of OBX-5 (0: all of it), one on a text the
    ``cell`` that it reads of a line; one that reads neither has a ``position``, a ``group`` of the row key, or a
    ``constant``.
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
    cell: str | None = None
    constant: object = LEFT_OUT
    required: bool = False
    is_suv: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule refers to outside itself: the mapping, its systems made ready, and who watches it, if anyone."""

    mapping: Mapping
    systems: Systems
    own_systems: frozenset[str]
    watch: Watch | None = None

    @classmethod
    def of(cls, mapping: Mapping, watch: Watch | None = None) -> "Surroundings":
        """Turn a mapping into what its rules refer to."""
        systems = Systems(mapping.systems)
        return cls(mapping, systems, frozenset(map(systems.system, mapping.own_systems)), watch)

    def table(self, fact: Fact, name: str | None, path: Path = ()) -> CodeTable | None:
        """Turn the ``lookup`` of the rule at a path into a table; a fact that has words is a table of its own."""
        entries = self.mapping.tables[name] if name is not None else {word: word for word in fact.words}
        meanings = {self.systems.key_of(entry): meaning(fact, word) for entry, word in entries.items()}
        if self.watch is not None and name is not None:
            parts: dict[Key, Path] = {self.systems.key_of(entry): ("tables", name, entry) for entry in entries}
            looking = self.watch.table(parts, (*path, "otherwise"))
            return WatchedTable(meanings, self.systems, self.own_systems, looking)
        return CodeTable(meanings, self.systems, self.own_systems) if meanings else None

    @property
    def reads_prose(self) -> bool:
        """Are rows lines of prose, whose named parts are the groups?"""
        return isinstance(self.mapping.rows, NarrativeRows)

    def requirements(self, rule: Rule, path: Path = ()) -> tuple[Requirement, ...]:
        """Turn a rule's ``when`` into its conditions on segments; those on resources are FHIR's own (`fhir_rows`)."""
        if isinstance(self.mapping.rows, FhirRows):
            return ()
        if self.watch is not None:
            told = self.watch
            return tuple(
                WatchedRequirement(at, wanted, self.systems, (told, (*path, "when", at)))
                for at, wanted in rule.when.items()
            )
        return tuple(Requirement(at, wanted, self.systems) for at, wanted in rule.when.items())


def reader(path: Path, fact: Fact, rule: Rule, surroundings: Surroundings) -> Reader:
    """Turn a rule, with its place in the file and its fact, into its reader."""
    part, name, rank = str(path[0]), str(path[1]), int(path[2])
    called = f"{part}.{name}"
    source = rule.component
    in_prose = surroundings.reads_prose
    return Reader(
        called,
        name,
        part == "lesion",
        rank,
        _converter(called, fact, rule, surroundings, path),
        codes=rule.obx or rule.code or (source.obx if source else ()),
        component=source.number if source else 0,
        decimal_comma=rule.decimal == ",",
        requirements=surroundings.requirements(rule, path),
        position=Position.of(rule.field) if rule.field else None,
        group=None if in_prose else rule.group,
        cell=rule.group if in_prose else rule.column,
        constant=LEFT_OUT if rule.const is None else meaning(fact, rule.const),
        required=rule.required,
        is_suv=fact.kind is Kind.SUV,
    )


def _converter(name: str, fact: Fact, rule: Rule, surroundings: Surroundings, path: Path) -> Converter:
    doubts = surroundings.mapping.doubts
    if fact.kind in (Kind.SUV, Kind.LENGTH, Kind.PERCENT):
        units = surroundings.mapping.units
        measure = MeasureReader(name, rule, units, holds_missing=doubts.missing_unit == "hold")
        if isinstance(rule, SuvRule):
            return partial(measure.suv, rule.type, rule.statistic)
        return measure.millimetres if fact.kind is Kind.LENGTH else measure.percent
    holds = (rule.unmapped or doubts.unknown_code) == "hold"
    return WordReader(name, fact, rule, surroundings.table(fact, rule.lookup, path), holds=holds).read
