"""The Observations of one FHIR report sorted into facts of the report and of its rows; none is passed over."""

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.fhir.node import Node
from adapter.fhir.resource import Element
from adapter.fhir.shelf import Entry
from adapter.hl7v2.datatypes import Text
from adapter.hl7v2.oru import Standing
from adapter.mapping.codebook import Entry as CodeEntry
from adapter.mapping.codes import fold
from adapter.mapping.fhir_rows.elements import (
    NOT_A_NUMBER_READ,
    Read,
    Spot,
    Stated,
    codes_of,
    is_not_computed,
    read_node,
    stated,
    unreadable,
)
from adapter.mapping.fhir_rows.gathered import FhirGathered
from adapter.mapping.fhir_rows.grouping import grouped
from adapter.mapping.fhir_rows.own import is_ours
from adapter.mapping.fhir_rows.plan import Codings, FhirPlan, Sourced
from adapter.mapping.fhir_rows.scope import Scope
from adapter.mapping.gathered import Facts, Row, give
from adapter.mapping.measures import NOT_A_NUMBER
from adapter.mapping.origin import Origin
from adapter.mapping.readers import Reader
from adapter.outcome import Problem

STANDINGS = {
    "registered": Standing.REGISTERED,
    "preliminary": Standing.PRELIMINARY,
    "final": Standing.FINAL,
    "amended": Standing.CORRECTED,
    "corrected": Standing.CORRECTED,
    "cancelled": Standing.RETRACTED,
    "entered-in-error": Standing.RETRACTED,
}
"""Observation.status. ``unknown`` is left out: whether the value may be used is then nobody's to guess."""


@dataclass(frozen=True, slots=True)
class Part:
    """An Observation itself, or one of its components; ``row`` is the key of the lesion it belongs to."""

    element: Element
    path: str
    owner: Entry
    row: str | None
    standing: Standing
    codings: Codings
    is_root: bool = False

    @property
    def holds_others(self) -> bool:
        """Has it components or members?"""
        return "component" in self.element or "hasMember" in self.element


class FhirGatherer:
    """Sorts the Observations of one report by the plan; raises ExtractionError at the first doubt."""

    def __init__(self, plan: FhirPlan, scope: Scope) -> None:
        self._plan = plan
        self._scope = scope
        self._grouping = grouped(scope.unit, plan)
        self.gathered = FhirGathered()

    def take(self) -> FhirGathered:
        """Turn the report's Observations into what they say."""
        for entry in self._scope.unit.observations:
            self._take(entry)
        for entry in self._scope.unit.loose:
            self._take_loose(entry)
        return self.gathered

    def take_fixed(self) -> None:
        """Add what comes from elsewhere than a coded Observation: an element at a path, a constant."""
        report = self._scope.unit.report
        for sourced in self._plan.report_paths:
            self._take_fixed(sourced, report.node, self.gathered.report)
        for key, row in self.gathered.rows.items():
            for entry in self.gathered.of_row[key]:
                for sourced in self._plan.lesion_paths:
                    self._take_fixed(sourced, entry.node, row.facts)

    def _take(self, entry: Entry) -> None:
        self._scope.check_understood(entry)
        self._scope.check_subject(entry)
        row, standing = self._grouping.row_of(entry), _standing(entry)
        lesion = self._grouping.lesions.get(row or "")
        if lesion is not None and _standing(lesion) is Standing.RETRACTED:
            standing = Standing.RETRACTED
        if is_ours(entry.resource):
            self.gathered.unused.append(self.gathered.number(entry.path))
            return
        if row is not None and standing is not Standing.RETRACTED:
            self._add_to_row(row, entry)
        for part in self._parts(entry, row, standing):
            self._take_part(part)

    def _add_to_row(self, row: str, entry: Entry) -> None:
        if row not in self.gathered.rows:
            self.gathered.rows[row] = Row(Spot(entry.path), {}, number=0)
        self.gathered.of_row.setdefault(row, []).append(entry)

    def _parts(self, entry: Entry, row: str | None, standing: Standing) -> Iterator[Part]:
        is_root = id(entry) in self._grouping.roots
        yield Part(entry.resource, entry.path, entry, row, standing, _codings(entry.resource), is_root)
        for index, component in enumerate(entry.resource.get("component", ())):
            path = f"{entry.path}.component[{index}]"
            yield Part(component, path, entry, row, standing, _codings(component))

    def _take_part(self, part: Part) -> None:
        gathered = self.gathered
        number = gathered.number(part.path)
        known = self._known(part)
        readers = self._holding(known, part.owner)
        value = stated(part.element, part.path)
        if part.standing is Standing.RETRACTED:
            gathered.retracted.append(number)
            self._withdraw(part, readers, value)
        elif readers:
            self._take_fact(part, number, readers, value)
        elif part.is_root and value is None:
            self._rest_on(part)
            gathered.mapped.append(number)
        elif value is None and part.holds_others:
            gathered.structure.append(number)
        else:
            self._list(part, number, known, value)

    def _known(self, part: Part) -> CodeEntry:
        """What the mapping knows of its code; raises ExtractionError for a code of its own that it does not know."""
        known = self._plan.entry(part.codings)
        if known.fault and not self._plan.is_lesion(part.codings):
            problem, _, rule = known.fault
            raise unreadable(f"{part.path}.code", f"code: {rule}", problem)
        return known

    def _holding(self, known: CodeEntry, owner: Entry) -> tuple[Reader, ...]:
        """The readers whose conditions the report and the Observation fulfil."""
        if not self._plan.conditions:
            return known.readers
        return tuple(
            one
            for one in known.readers
            if all(self._scope.holds(need, owner.node) for need in self._plan.requirements(one))
        )

    def _list(self, part: Part, number: int, known: CodeEntry, value: Stated | None) -> None:
        """What no rule reads is prose, or unused; both are said."""
        is_prose = known.is_prose or (value and fold(value.type) in self._plan.plan.narrative_types)
        if is_prose:
            self.gathered.narrative.append(number)
        elif self._plan.plan.mapping.doubts.unused_obx == "hold":
            raise unreadable(f"{part.path}.code", "code: no rule reads this code", Problem.CODE_UNKNOWN)
        else:
            self.gathered.unused.append(number)

    def _take_fact(self, part: Part, number: int, readers: tuple[Reader, ...], value: Stated | None) -> None:
        facts = self._facts_of(part, readers, value)
        if not facts:
            self.gathered.without_value.append(number)
            return
        self._rest_on(part)
        self.gathered.mapped.append(number)
        for reader, found, spot in facts:
            give(self._level(part, reader), reader, found, spot, 0)

    def _rest_on(self, part: Part) -> None:
        if part.standing is not Standing.FINAL:
            self.gathered.standings.add(part.standing)

    def _facts_of(
        self, part: Part, readers: tuple[Reader, ...], value: Stated | None
    ) -> list[tuple[Reader, object, Spot]]:
        """What a part gives to its readers; nothing when it has no value."""
        found: list[tuple[Reader, object, Spot]] = []
        read = None if value is None or value.says_nothing else value.read()
        spot = Spot(part.path if value is None else value.path)
        for reader in readers:
            what = _as_suv(read, part) if reader.is_suv else read
            if what is not None:
                found.append((reader, reader.convert(what[0], Origin(spot, 0, self.gathered.trace, what[1])), spot))
        return found

    def _level(self, part: Part, reader: Reader) -> Facts:
        """Where a fact belongs; raises ExtractionError for one that belongs nowhere."""
        if reader.of_row:
            if part.row is None:
                rule = f"{reader.name}: a lesion's fact in an Observation that belongs to no lesion"
                raise unreadable(part.path, rule, Problem.FIELD_MISSING)
            return self.gathered.rows[part.row].facts
        if part.row is not None:
            self.gathered.notes.append(f"report-level fact in a lesion {part.path}")
        elif "focus" in part.owner.resource:
            raise unreadable(
                f"{part.owner.path}.focus", f"{reader.name}: an Observation with a focus is not of the whole"
            )
        return self.gathered.report

    def _withdraw(self, part: Part, readers: tuple[Reader, ...], value: Stated | None) -> None:
        """A retracted tracer says no more of the patient, but which study no longer stands."""
        tracers = tuple(one for one in readers if one.fact == "tracer")
        for reader, found, spot in self._facts_of(part, tracers, value):
            give(self.gathered.withdrawn, reader, found, spot, 0)

    def _take_loose(self, entry: Entry) -> None:
        """An Observation that the report does not reference is nobody's; one that states a fact is a doubt."""
        if _standing(entry) is Standing.RETRACTED:
            return
        for part in self._parts(entry, None, Standing.FINAL):
            known = self._plan.entry(part.codings)
            if known.readers or known.fault or self._plan.is_lesion(part.codings):
                raise unreadable(part.path, "it was sent with the report, which does not reference it", _UNLINKED)
        self.gathered.notes.append(f"not referenced by the report {entry.path}")

    def _take_fixed(self, sourced: Sourced, at: Node, facts: Facts) -> None:
        if not all(self._scope.holds(need, at) for need in sourced.requirements):
            return
        reader = sourced.reader
        for value, path in self._fixed_values(sourced, at):
            known = [one for one, *_ in facts.get(reader.fact, ()) if one is reader]
            if not known or all(one[1] != value for one in facts[reader.fact]):
                give(facts, reader, value, Spot(path), 0)

    def _fixed_values(self, sourced: Sourced, at: Node) -> Iterator[tuple[object, str]]:
        reader = sourced.reader
        if sourced.path is None:
            yield reader.constant, at.path
            return
        for node in self._scope.find(sourced.path, at):
            read = read_node(node)
            if read is not None:
                origin = Origin(Spot(node.path), 0, self.gathered.trace, read[1])
                yield reader.convert(read[0], origin), node.path


_UNLINKED = Problem.VALUE_CONFLICT


def _codings(element: Element) -> Codings:
    return codes_of(element.get("code", {}).get("coding", ()))


def _standing(entry: Entry) -> Standing:
    status = entry.resource.get("status")
    if status is None:
        raise unreadable(f"{entry.path}.status", "an Observation has a status", Problem.FIELD_MISSING)
    if status not in STANDINGS:
        raise unreadable(f"{entry.path}.status", "the status is not one that can be read", Problem.STATUS_UNKNOWN)
    return STANDINGS[status]


def _as_suv(read: Read | None, part: Part) -> Read | None:
    """An SUV that could not be computed was stated, and is no number."""
    if read is None:
        return NOT_A_NUMBER_READ if is_not_computed(part.element) else None
    value = read[0]
    return NOT_A_NUMBER_READ if isinstance(value, Text) and fold(value.text) == NOT_A_NUMBER else read
