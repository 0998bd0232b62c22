"""A mapping compiled once at load: each OBX-3 code leads straight to the readers of its facts."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapter.hl7v2.datatypes import sub_id
from adapter.hl7v2.message import Segment
from adapter.mapping.codebook import Codebook
from adapter.mapping.codes import Key, fold
from adapter.mapping.consistency import every_rule
from adapter.mapping.errors import ExtractionError
from adapter.mapping.facts import STATUS
from adapter.mapping.form import Mapping, RowKey, SubidRows
from adapter.mapping.narrative_form import NarrativeRows
from adapter.mapping.narrative_rows import NarrativeReader
from adapter.mapping.readers import Reader, Surroundings, reader
from adapter.mapping.rules import ROW_GROUP, compiled
from adapter.mapping.table_form import TableRows
from adapter.mapping.table_rows import TableReader
from adapter.mapping.tables import CodeTable
from adapter.mapping.text_facts import TextFacts, by_cell
from adapter.mapping.text_rules import text_codes
from adapter.mapping.watch import Watch
from adapter.outcome import Problem
from adapter.scoring.lesion import Nature


@dataclass(slots=True)
class RowName:
    """Which row an OBX belongs to: its key, and the named groups of OBX-4 that rules read."""

    key: str
    groups: dict[str, str]


LONGEST_KEY = 256
"""Characters of an OBX-4 that a pattern is tried on: what it may cost is bounded."""

RowNamer = Callable[[Segment], RowName | None]
"""Turns an OBX into its row's name, None at the report level; raises ExtractionError."""


@dataclass(frozen=True, slots=True)
class FactSet:
    """The readers of one level (report or row) that read no OBX, and the facts that must be stated there."""

    fixed: tuple[Reader, ...]
    required: dict[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What extraction needs of a mapping, ready for use."""

    mapping: Mapping
    surroundings: Surroundings
    row_of: RowNamer
    observations: dict[Key, tuple[Reader, ...]]
    report: FactSet
    lesion: FactSet
    row_groups: frozenset[str]
    absent_nature: Nature | None
    codebook: Codebook
    narrative_types: frozenset[str]
    statuses: CodeTable | None
    watch: Watch | None = None
    texts: TextFacts | None = None

    @property
    def is_prose(self) -> bool:
        """Are rows read from prose?"""
        return self.surroundings.reads_prose


def compile_plan(mapping: Mapping, watch: Watch | None = None) -> Plan:
    """Turn a mapping that holds together into its plan; a watch is told what its reading touches."""
    surroundings = Surroundings.of(mapping, watch)
    readers = [reader(path, fact, rule, surroundings) for path, fact, rule in every_rule(mapping)]
    observations = _by_code(readers, surroundings)
    status = mapping.header.status.lookup
    return Plan(
        mapping,
        surroundings,
        _row_namer(mapping.rows.key if isinstance(mapping.rows, SubidRows) else RowKey(parts=1)),
        observations,
        _fact_set(reader for reader in readers if not reader.of_row),
        _fact_set(reader for reader in readers if reader.of_row),
        frozenset(reader.group for reader in readers if reader.group),
        next((Nature(rule.absent) for rule in mapping.lesion.nature if rule.absent), None),
        _codebook(observations, surroundings),
        frozenset(map(fold, mapping.narrative.types)),
        surroundings.table(STATUS, status, ("header", "status")) if status else None,
        watch,
        _text_facts(readers, surroundings),
    )


def _by_code(readers: Iterable[Reader], surroundings: Surroundings) -> dict[Key, tuple[Reader, ...]]:
    found: defaultdict[Key, list[Reader]] = defaultdict(list)
    for one in readers:
        for key in map(surroundings.systems.key_of, one.codes):
            found[key].append(one)
    return {key: tuple(several) for key, several in found.items()}


def _codebook(observations: dict[Key, tuple[Reader, ...]], surroundings: Surroundings) -> Codebook:
    mapping, systems = surroundings.mapping, surroundings.systems
    narrative = frozenset(map(systems.key_of, mapping.narrative.obx))
    own = surroundings.own_systems if mapping.doubts.own_obx == "hold" else frozenset()
    texts = frozenset(map(systems.key_of, text_codes(mapping)))
    return Codebook(observations, narrative, systems, own, texts)


def _text_facts(readers: list[Reader], surroundings: Surroundings) -> TextFacts | None:
    """How texts are read, where rows are parts of a text."""
    rows = surroundings.mapping.rows
    report = by_cell(one for one in readers if not one.of_row)
    lesion = by_cell(one for one in readers if one.of_row)
    if isinstance(rows, TableRows):
        holds = surroundings.mapping.doubts.unused_obx == "hold"
        return TextFacts(TableReader(rows, holds_unused=holds), report, lesion)
    if isinstance(rows, NarrativeRows):
        return TextFacts(NarrativeReader(rows, surroundings.systems), report, lesion, lists_silent=True)
    return None


def _fact_set(readers: Iterable[Reader]) -> FactSet:
    mine = list(readers)
    fixed = tuple(one for one in mine if not one.codes and one.cell is None)
    return FactSet(fixed, {one.fact: one.name for one in mine if one.required})


def _row_namer(key: RowKey) -> RowNamer:
    if key.pattern is not None:
        return _by_pattern(key.pattern)
    if key.og is not None:
        return _by_group_component(2 if key.og == "group" else 1)
    return _by_parts(key.parts or 1)


def _by_parts(depth: int) -> RowNamer:
    def name(obx: Segment) -> RowName | None:
        raw = obx.field(4)
        if raw.isalnum():  # one part without any delimiter, as mostly
            return _named(raw, obx)
        parts = sub_id(obx)
        if not parts.parts and not parts.original:
            return None
        return _named("" if parts.original.startswith(".") else parts.projection(depth), obx)

    return name


def _by_group_component(component: int) -> RowNamer:
    def name(obx: Segment) -> RowName | None:
        if not any(obx.components(4)):
            return None
        return _named(obx.value(4, component=component).strip(), obx)

    return name


def _by_pattern(pattern: str) -> RowNamer:
    expression = compiled(pattern)

    def name(obx: Segment) -> RowName | None:
        text = obx.value(4).strip()
        if not any(obx.components(4)):
            return None
        match = expression.fullmatch(text) if len(text) <= LONGEST_KEY else None
        groups = {group: found or "" for group, found in match.groupdict().items()} if match else {}
        return _named(groups.get(ROW_GROUP, ""), obx, groups)

    return name


def _named(key: str, obx: Segment, groups: dict[str, str] | None = None) -> RowName:
    if not key:
        rule = "OBX-4 holds no row key in the form that the mapping reads"
        raise ExtractionError(Problem.VALUE_UNREADABLE, obx.place(4), rule)
    return RowName(key, groups or {ROW_GROUP: key})
