"""The observations of one OBR group sorted into facts of the report and of its rows; none is passed over in silence."""

from collections.abc import Iterable, Iterator
from operator import itemgetter

from adapter.hl7v2.datatypes import Text, Value, observation_values
from adapter.hl7v2.message import Segment
from adapter.hl7v2.oru import Standing, observation_standing
from adapter.mapping.codebook import Entry
from adapter.mapping.codes import fold
from adapter.mapping.errors import ExtractionError
from adapter.mapping.facts import LEFT_OUT
from adapter.mapping.gathered import Facts, Gathered, Row, give
from adapter.mapping.measures import NOT_A_NUMBER
from adapter.mapping.origin import Origin
from adapter.mapping.paths import Scope
from adapter.mapping.plan import FactSet, Plan
from adapter.mapping.readers import Reader
from adapter.mapping.text_facts import take_texts
from adapter.mapping.text_lines import NULL, TEXT_TYPES
from adapter.outcome import Problem

_STATUS = 11
_WORDING = itemgetter(3, 2, 5, 6, _STATUS)
"""All of an observation that its meaning depends on, but for its row."""


_FINAL, _RETRACTED, _ABSENT = Standing.FINAL, Standing.RETRACTED, Standing.ABSENT


Said = tuple[list[int], tuple[tuple[Reader, object], ...]]
"""The list in which an observation is counted, and what its wording says of whichever row it stands in."""


class Gatherer:
    """Sorts the observations of one group by the plan; raises ExtractionError or MessageError at the first doubt.

    Row keys, statuses and coded values stand in many rows alike: their raw text is read once a group.
    """

    def __init__(self, plan: Plan, scope: Scope) -> None:
        self._plan = plan
        self._scope = scope
        self._entries: dict[str, Entry] = {}
        self._rows: dict[str, Row] = {}
        self._standings: dict[str, Standing] = {}
        self._said: dict[tuple[str, ...], Said] = {}
        self._texts: list[Segment] = []
        self.gathered = Gathered()

    def take(self, observations: Iterable[Segment]) -> Gathered:
        """Turn the group's observations into what they say."""
        for obx in observations:
            entry = self._entries.get(obx.field(3)) or self._new_entry(obx)
            readers = self._holding(entry.readers, obx) if entry.is_tested else entry.readers
            if readers:
                self._take_fact(obx, readers, is_tested=entry.is_tested)
            elif entry.is_text and fold(obx.value(2)) in TEXT_TYPES:
                self._take_text(obx)
            else:
                self._list(obx, entry)
        if self._texts and self._plan.texts is not None:
            take_texts(self._plan.texts, self._texts, self.gathered)
        return self.gathered

    def take_fixed(self) -> None:
        """Add what comes from elsewhere than an OBX: a field, a part of the row key, a constant."""
        self._take_fixed(self._plan.report, self.gathered.report, None)
        for row in self.gathered.rows.values():
            self._take_fixed(self._plan.lesion, row.facts, row)

    def _new_entry(self, obx: Segment) -> Entry:
        entry = self._entries[obx.field(3)] = self._plan.codebook.entry(obx)
        return entry

    def _holding(self, readers: tuple[Reader, ...], obx: Segment) -> tuple[Reader, ...]:
        """The readers whose conditions the study and the observation fulfil."""
        return tuple(one for one in readers if all(need.holds(self._scope, obx) for need in one.requirements))

    def _list(self, obx: Segment, entry: Entry) -> None:
        """An observation that no rule reads is prose, or unused; both are said."""
        if entry.is_prose or fold(obx.value(2)) in self._plan.narrative_types:
            self.gathered.narrative.append(obx.sequence)
        elif self._plan.mapping.doubts.unused_obx == "hold":
            raise ExtractionError(Problem.CODE_UNKNOWN, obx.place(3, component=1), "OBX-3: no rule reads this code")
        else:
            self.gathered.unused.append(obx.sequence)

    def _take_text(self, obx: Segment) -> None:
        """A text is read with the others of its group, once all of them are there."""
        standing = self._standing(obx)
        if standing is _RETRACTED:
            self.gathered.retracted.append(obx.sequence)
        elif standing is _ABSENT or not any(raw != NULL for raw in obx.repetitions(5)):
            self.gathered.without_value.append(obx.sequence)
        else:
            self.gathered.standings |= {standing} - {_FINAL}
            self._texts.append(obx)

    def _take_fact(self, obx: Segment, readers: tuple[Reader, ...], *, is_tested: bool) -> None:
        fields = obx.fields if len(obx.fields) > _STATUS else obx.fields + [""] * _STATUS
        wording = _WORDING(fields)
        said = None if is_tested else self._said.get(wording)
        counted, facts = said or self._say(obx, readers, wording)
        counted.append(obx.sequence)
        for reader, value in facts:
            given = (self._rows.get(fields[4]) or self._new_row(obx)).facts if reader.of_row else self._report(obx)
            if value is not LEFT_OUT:
                given.setdefault(reader.fact, []).append((reader, value, obx, 5))

    def _say(self, obx: Segment, readers: tuple[Reader, ...], wording: tuple[str, ...]) -> Said:
        """What was read without a note is kept for the other rows."""
        gathered = self.gathered
        standing = self._standing(obx)
        if standing is _RETRACTED:
            self._withdraw(obx, readers)
            return gathered.retracted, ()
        noted = len(gathered.notes)
        facts = () if standing is _ABSENT else self._facts_of(obx, readers)
        said = (gathered.mapped if facts else gathered.without_value, facts)
        if facts and standing is not _FINAL:
            gathered.standings.add(standing)
        if len(gathered.notes) == noted:
            self._said[wording] = said
        return said

    def _withdraw(self, obx: Segment, readers: tuple[Reader, ...]) -> None:
        for reader, value in self._facts_of(obx, tuple(one for one in readers if one.fact == "tracer")):
            give(self.gathered.withdrawn, reader, value, obx, 5)

    def _standing(self, obx: Segment) -> Standing:
        raw = obx.field(_STATUS)
        if raw not in self._standings:
            self._standings[raw] = observation_standing(obx)
        return self._standings[raw]

    def _facts_of(self, obx: Segment, readers: tuple[Reader, ...]) -> tuple[tuple[Reader, object], ...]:
        """What an observation gives to its readers."""
        origin = Origin(obx, 5, self.gathered.trace)
        return tuple([(reader, reader.convert(value, origin)) for reader in readers for value in _values(obx, reader)])

    def _report(self, obx: Segment) -> Facts:
        if obx.field(4):
            self.gathered.notes.append(f"report-level fact with a row key {obx.place(4)}")
        return self.gathered.report

    def _new_row(self, obx: Segment) -> Row:
        row = self._rows[obx.field(4)] = self._named_row(obx)
        return row

    def _named_row(self, obx: Segment) -> Row:
        name = self._plan.row_of(obx)
        if name is None:
            rule = "OBX-4: a lesion's fact without a row key belongs to no lesion"
            raise ExtractionError(Problem.FIELD_MISSING, obx.place(4), rule)
        row = self.gathered.rows.get(name.key)
        if row is None:
            row = self.gathered.rows[name.key] = Row(obx, name.groups)
        for group in self._plan.row_groups:
            if row.groups.get(group) != name.groups.get(group):
                rule = "OBX-4: a part of it that a rule reads differs within one row"
                raise ExtractionError(Problem.VALUE_CONFLICT, obx.place(4), rule)
        return row

    def _take_fixed(self, facts: FactSet, given: Facts, row: Row | None) -> None:
        for reader in facts.fixed:
            if all(requirement.holds(self._scope) for requirement in reader.requirements):
                for value, origin in self._fixed_values(reader, row):
                    give(given, reader, value, origin.segment, origin.number)

    def _fixed_values(self, reader: Reader, row: Row | None) -> Iterator[tuple[object, Origin]]:
        if reader.position is not None:
            segment = self._scope.segment(reader.position.segment)
            value = reader.position.value(segment) if segment else None
            if segment and value:
                origin = Origin(segment, reader.position.field, self.gathered.trace)
                yield reader.convert(value, origin), origin
        elif reader.group is not None and row is not None:
            origin = Origin(row.first, row.number, self.gathered.trace)
            if row.groups[reader.group]:
                yield reader.convert(Text(row.groups[reader.group]), origin), origin
        else:
            first = row.first if row else self._scope.message.segments[0]
            yield reader.constant, Origin(first, 0, self.gathered.trace)


def _values(obx: Segment, reader: Reader) -> tuple[Value, ...]:
    if reader.is_suv and not obx.field(5)[:1].isdecimal() and fold(obx.field(5)) == NOT_A_NUMBER:
        return (Text(NOT_A_NUMBER),)
    if not reader.component:
        return observation_values(obx, decimal_comma=reader.decimal_comma)
    count = len(obx.repetitions(5))
    texts = (obx.value(5, repetition, reader.component).strip() for repetition in range(1, count + 1))
    return tuple(Text(text) for text in texts if text)
