"""The observations of one OBR group sorted into facts of the report and of its rows; none is passed over in silence."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adapter.hl7v2.datatypes import Text, Value, observation_values
from adapter.hl7v2.message import Segment
from adapter.hl7v2.oru import Standing, observation_standing
from adapter.mapping.codes import fold
from adapter.mapping.errors import ExtractionError
from adapter.mapping.facts import LEFT_OUT
from adapter.mapping.measures import NOT_A_NUMBER
from adapter.mapping.origin import Origin, Trace
from adapter.mapping.paths import Scope
from adapter.mapping.plan import FactSet, Plan
from adapter.mapping.readers import Reader
from adapter.outcome import Problem


@dataclass(slots=True)
class Given:
    """One value given for one fact, and where; the lowest ``rank`` is the most preferred."""

    rank: int
    value: object
    origin: Origin
    name: str


Facts = dict[str, list[Given]]


@dataclass(slots=True)
class Row:
    """One row under way: what its OBX gave so far; ``first`` is the first of them."""

    first: Segment
    groups: dict[str, str]
    facts: Facts = field(default_factory=dict)


@dataclass(slots=True)
class Gathered:
    """All that one group's observations say. Each observation is in exactly one of the five lists.

    ``withdrawn`` holds a retracted tracer: it says no more of the patient, but which study no longer stands.
    """

    report: Facts = field(default_factory=dict)
    withdrawn: Facts = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    standings: set[Standing] = field(default_factory=set)
    trace: Trace = field(default_factory=Trace)
    mapped: list[int] = field(default_factory=list)
    retracted: list[int] = field(default_factory=list)
    without_value: list[int] = field(default_factory=list)
    narrative: list[int] = field(default_factory=list)
    unused: list[int] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What was tolerated, in order."""
        return self.trace.notes

    @property
    def accounted(self) -> int:
        """How many observations are in the lists."""
        lists = (self.mapped, self.retracted, self.without_value, self.narrative, self.unused)
        return sum(map(len, lists))

    @property
    def carries_facts(self) -> bool:
        """Does the group state a fact, or take one back?"""
        return bool(self.mapped or self.retracted)

    @property
    def is_all_retracted(self) -> bool:
        """Did the group state facts, every one of which no longer stands?"""
        return bool(self.retracted) and not self.mapped

    def listed(self) -> tuple[str, ...]:
        """The notes, with one line a kind for the observations that gave no fact."""
        kinds = (("retracted", self.retracted), ("no value", self.without_value), ("narrative", self.narrative))
        lines = [f"{kind} {_spans(numbers)}" for kind, numbers in kinds if numbers]
        return (*dict.fromkeys(self.notes), *lines, *(f"unused OBX[{number}]" for number in self.unused))


def _spans(numbers: list[int]) -> str:
    """Turn segment numbers into ``OBX[3], OBX[7..12]``."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] == number - 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join(f"OBX[{'..'.join(map(str, span))}]" for span in spans)


class Gatherer:
    """Sorts the observations of one group by the plan; raises ExtractionError or MessageError at the first doubt.

    Codes, row keys, statuses and coded values stand in every row alike: their raw text is read once a group.
    """

    def __init__(self, plan: Plan, scope: Scope) -> None:
        self._plan = plan
        self._scope = scope
        self._readers: dict[str, tuple[Reader, ...]] = {}
        self._tested: set[str] = set()
        self._rows: dict[str, Row] = {}
        self._standings: dict[str, Standing] = {}
        self._facts: dict[tuple[str, ...], list[tuple[Reader, object]]] = {}
        self.gathered = Gathered()

    def take(self, observations: Iterable[Segment]) -> Gathered:
        """Turn the group's observations into what they say."""
        for obx in observations:
            readers = self._readers_of(obx)
            if readers:
                self._take_fact(obx, readers)
            else:
                self._list(obx)
        return self.gathered

    def take_fixed(self) -> None:
        """Add what comes from elsewhere than an OBX: a field, a part of the row key, a constant."""
        self._take_fixed(self._plan.report, self.gathered.report, None)
        for row in self.gathered.rows.values():
            self._take_fixed(self._plan.lesion, row.facts, row)

    def _readers_of(self, obx: Segment) -> tuple[Reader, ...]:
        raw = obx.field(3)
        if raw not in self._readers:
            self._readers[raw] = self._find_readers(obx)
            if any(reader.requirements for reader in self._readers[raw]):
                self._tested.add(raw)
        readers = self._readers[raw]
        if raw in self._tested:
            return tuple(
                one for one in readers if all(requirement.holds(self._scope, obx) for requirement in one.requirements)
            )
        return readers

    def _find_readers(self, obx: Segment) -> tuple[Reader, ...]:
        keys = self._plan.keys_of(obx)
        found = [self._plan.observations[key] for key in keys if key in self._plan.observations]
        if any(readers is not found[0] for readers in found[1:]):
            rule = "OBX-3: its codings name different facts"
            raise ExtractionError(Problem.VALUE_CONFLICT, obx.place(3), rule)
        if not found and not self._plan.is_prose(keys) and self._plan.is_own(keys):
            rule = "OBX-3: a code of the mapping's own system that no rule knows"
            raise ExtractionError(Problem.CODE_UNKNOWN, obx.place(3, component=1), rule)
        return found[0] if found else ()

    def _list(self, obx: Segment) -> None:
        """An observation that no rule reads is prose, or unused; both are said."""
        if fold(obx.value(2)) in self._plan.narrative_types or self._plan.is_prose(self._plan.keys_of(obx)):
            self.gathered.narrative.append(obx.sequence)
        elif self._plan.mapping.doubts.unused_obx == "hold":
            raise ExtractionError(Problem.CODE_UNKNOWN, obx.place(3, component=1), "OBX-3: no rule reads this code")
        else:
            self.gathered.unused.append(obx.sequence)

    def _take_fact(self, obx: Segment, readers: tuple[Reader, ...]) -> None:
        standing = self._standing(obx)
        if standing is Standing.RETRACTED:
            self._withdraw(obx, readers)
            return
        origin = Origin(obx, 5, self.gathered.trace)
        facts = [] if standing is Standing.ABSENT else self._facts_of(origin, readers)
        if not facts:
            self.gathered.without_value.append(obx.sequence)
            return
        self.gathered.mapped.append(obx.sequence)
        if standing is not Standing.FINAL:
            self.gathered.standings.add(standing)
        for reader, value in facts:
            _give(self._row(obx).facts if reader.of_row else self._report(obx), reader, value, origin)

    def _withdraw(self, obx: Segment, readers: tuple[Reader, ...]) -> None:
        self.gathered.retracted.append(obx.sequence)
        origin = Origin(obx, 5, self.gathered.trace)
        for reader, value in self._facts_of(origin, tuple(one for one in readers if one.fact == "tracer")):
            _give(self.gathered.withdrawn, reader, value, origin)

    def _standing(self, obx: Segment) -> Standing:
        raw = obx.field(11)
        if raw not in self._standings:
            self._standings[raw] = observation_standing(obx)
        return self._standings[raw]

    def _facts_of(self, origin: Origin, readers: tuple[Reader, ...]) -> list[tuple[Reader, object]]:
        """What an observation gives to its readers; what was read without a note is the same in every row."""
        obx = origin.segment
        key = (obx.field(3), obx.field(2), obx.field(5), obx.field(6))
        if key in self._facts:
            return self._facts[key]
        noted = len(origin.trace.notes)
        found = [(reader, reader.convert(value, origin)) for reader in readers for value in _values(obx, reader)]
        if len(origin.trace.notes) == noted and key[0] not in self._tested:
            self._facts[key] = found
        return found

    def _report(self, obx: Segment) -> Facts:
        if obx.field(4):
            self.gathered.notes.append(f"report-level fact with a row key {obx.place(4)}")
        return self.gathered.report

    def _row(self, obx: Segment) -> Row:
        raw = obx.field(4)
        if raw not in self._rows:
            self._rows[raw] = self._named_row(obx)
        return self._rows[raw]

    def _named_row(self, obx: Segment) -> Row:
        name = self._plan.row_of(obx)
        if name is None:
            rule = "OBX-4: a lesion's fact without a row key belongs to no lesion"
            raise ExtractionError(Problem.FIELD_MISSING, obx.place(4), rule)
        row = self.gathered.rows.setdefault(name.key, Row(obx, name.groups))
        if any(row.groups.get(group) != name.groups.get(group) for group in self._plan.row_groups):
            rule = "OBX-4: a part of it that a rule reads differs within one row"
            raise ExtractionError(Problem.VALUE_CONFLICT, obx.place(4), rule)
        return row

    def _take_fixed(self, facts: FactSet, given: Facts, row: Row | None) -> None:
        for reader in facts.fixed:
            if all(requirement.holds(self._scope) for requirement in reader.requirements):
                for value, origin in self._fixed_values(reader, row):
                    _give(given, reader, value, origin)

    def _fixed_values(self, reader: Reader, row: Row | None) -> Iterator[tuple[object, Origin]]:
        if reader.position is not None:
            segment = self._scope.segment(reader.position.segment)
            value = reader.position.value(segment) if segment else None
            if segment and value:
                origin = Origin(segment, reader.position.field, self.gathered.trace)
                yield reader.convert(value, origin), origin
        elif reader.group is not None and row is not None:
            origin = Origin(row.first, 4, self.gathered.trace)
            if row.groups[reader.group]:
                yield reader.convert(Text(row.groups[reader.group]), origin), origin
        else:
            segment = row.first if row else self._scope.message.segments[0]
            yield reader.constant, Origin(segment, 0, self.gathered.trace)


def _values(obx: Segment, reader: Reader) -> tuple[Value, ...]:
    if reader.is_suv and fold(obx.field(5)) == NOT_A_NUMBER:
        return (Text(NOT_A_NUMBER),)
    if not reader.component:
        return observation_values(obx, decimal_comma=reader.decimal_comma)
    count = len(obx.repetitions(5))
    texts = (obx.value(5, repetition, reader.component).strip() for repetition in range(1, count + 1))
    return tuple(Text(text) for text in texts if text)


def _give(facts: Facts, reader: Reader, value: object, origin: Origin) -> None:
    if value is not LEFT_OUT:
        facts.setdefault(reader.fact, []).append(Given(reader.rank, value, origin, reader.name))
