"""A first mapping from sample messages: what is recognised is filled in, every other thing is a named TODO.

The draft loads as it is. A TODO is a comment (``# TODO name: what to settle``) that lint reports until it is deleted;
what a word was taken for is always one, and so is what only the hospital can know.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from adapter.mapping.drafting_rules import FactDraft, Tables, table
from adapter.mapping.drafting_survey import Coding, Seen, Survey
from adapter.mapping.drafting_words import Recognised, is_known_system, recognised_fact, recognised_tracer
from adapter.mapping.drafting_yaml import inline, listed, quoted
from adapter.mapping.facts import LESION_FACTS, REPORT_FACTS
from adapter.mapping.form import SCHEMA
from adapter.scoring.report import TracerKind
from adapter.scoring.tracers import TRACERS, canonical_tracer

_PROSE = frozenset({"TX", "FT", "ED", "RP"})
_DOTTED = re.compile(r"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*")
_NUMBER_AND_LETTER = re.compile(r"[0-9]+[a-z]")
_PARTED = re.compile(r"[A-Za-z]*[0-9]+[-_/:][A-Za-z0-9]+")
_SHOWN_ROWS = 6


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a mapping file, and what it leaves to be settled."""

    text: str

    @property
    def todos(self) -> tuple[str, ...]:
        """Each TODO without its mark, in the order of the file."""
        lines = (line.partition("# TODO ") for line in self.text.splitlines())
        return tuple(rest for _, mark, rest in lines if mark)


def draft(found: Survey, name: str) -> Draft:
    """Turn what samples hold into the draft of a mapping of that id."""
    return Draft("\n".join(_Drafting(found, name).lines()) + "\n")


@dataclass(slots=True)
class _Drafting:
    """One draft under way."""

    found: Survey
    name: str
    tables: Tables = field(default_factory=Tables)
    facts: dict[str, list[tuple[Seen, Recognised]]] = field(default_factory=dict)
    unknown: list[Seen] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Turn the samples into the lines of the file."""
        self._sort()
        yield from self._about()
        yield from self._identity()
        yield from self._match()
        yield from self._own_systems()
        yield from ("", "header:", *self._header())
        yield from self._part("report", REPORT_FACTS)
        yield from ("", "rows:", "  kind: obx-subid", *self._row_key())
        yield from self._part("lesion", LESION_FACTS)
        yield from self._unread()
        yield from self._tables()

    def _sort(self) -> None:
        """Words alone name no lesion's fact outside a row, and no report's fact inside one."""
        for seen in self.found.observations.values():
            known = recognised_fact(seen.coding)
            is_prose = _PROSE.issuperset(seen.types)
            misplaced = known and not known.is_sure and (known.word in LESION_FACTS) != seen.is_of_rows
            if known is None or misplaced or (is_prose and not known.is_sure):
                self.unknown.append(seen)
            else:
                self.facts.setdefault(known.word, []).append((seen, known))

    def _about(self) -> Iterator[str]:
        yield "# A draft made from sample messages: settle and delete what is left to do, test it, have it approved."
        yield "# Seen: OBX-3, its types, rows (OBX-4), units and how often"
        for seen in self.found.observations.values():
            rows = list(seen.rows)
            more = ", ..." if len(rows) > _SHOWN_ROWS else ""
            where = f"rows {', '.join(map(quoted, rows[:_SHOWN_ROWS]))}{more}" if rows else "no row"
            units = ", ".join(seen.units) or "no unit"
            yield f"#   {seen.coding.reference}  {', '.join(seen.types)}  {where}  {units}  {seen.times}x"
        if self.found.unnamed:
            yield f"# TODO codes: {self.found.unnamed} OBX have no code in OBX-3: they can be read by no rule"

    def _identity(self) -> Iterator[str]:
        yield f"schema: {SCHEMA}"
        yield f"id: {self.name}"
        yield "version: 0.1.0"
        yield "status: draft"
        yield "owner: TODO  # TODO owner: who answers for this file"

    def _match(self) -> Iterator[str]:
        yield "match:"
        by_name = (("MSH-4.1", self.found.facilities), ("MSH-3.1", self.found.applications))
        sender = next(((path, names) for path, names in by_name if names), None)
        if sender:
            yield f"  - {{path: {sender[0]}, in: {listed(sender[1])}}}"
        if self.found.procedures:
            yield f"  - {{path: OBR-4, in: {listed(one.reference for one in self.found.procedures)}}}"
        if not sender and not self.found.procedures:
            yield "  - {path: MSH-9.1, in: [ORU]}"
        if not sender:
            yield "  # TODO match: MSH-3 and MSH-4 are empty: by what is this sender known?"
        if not self.found.procedures:
            yield "  # TODO match: OBR-4 is empty: by what are PET reports told from all others?"

    def _own_systems(self) -> Iterator[str]:
        systems = {seen.coding.system: None for seen in self.found.observations.values() if seen.coding.system}
        own = [system for system in systems if not is_known_system(system)]
        if own:
            yield f"own_systems: {listed(own)}"

    def _header(self) -> Iterator[str]:
        valued = self.found.valued
        yield "  zone: UTC  # TODO zone: the sender's IANA time zone (Europe/Berlin)" + (
            "; MSH-7 of the samples states an offset, which goes first" if self.found.zone_stated else ""
        )
        if "MR" in self.found.identifier_types:
            yield "  patient: {prefer: [MR]}"
        elif self.found.several_identifiers:
            yield "  # TODO patient: which PID-3 names the patient?"
        if "OBR-3" in valued:
            yield "  accession: [OBR-3]"
        else:
            yield "  # TODO accession: OBR-3 is empty: does OBR-18 or OBR-2 name the study for ever?"
        if "OBR-7" not in valued:
            yield "  # TODO acquired: OBR-7 is empty: where does the time of the scan stand?"
        if "OBR-25" not in valued:
            yield "  # TODO status: OBR-25 is empty: where does the report's status stand?"
        yield from self._tracer()

    def _tracer(self) -> Iterator[str]:
        """A statement of the tracer, or else the procedure."""
        stated = self.facts.pop("tracer", [])
        values = dict.fromkeys(value for seen, _ in stated for value in seen.values) or self.found.procedures
        source = {"obx": listed(seen.coding.reference for seen, _ in stated)} if stated else {"field": "OBR-4"}
        rule = source | table("tracer", list(values), self.tables, is_code=True) | {"required": "true"}
        yield f"  tracer: {inline(rule)}"
        yield from (
            f"  # TODO tracer: check that {seen.coding.reference} names the tracer"
            for seen, known in stated
            if not known.is_sure
        )
        missing = [kind.name for kind in TracerKind if kind not in set(_kinds(values))]
        if missing:
            yield (
                f"  # TODO tracer: no {' and no '.join(missing)} study is in the samples: "
                "add its code to this table and to match"
            )

    def _part(self, name: str, every_fact: Mapping[str, object]) -> Iterator[str]:
        mine = [FactDraft(fact, tuple(self.facts[fact])) for fact in every_fact if fact in self.facts]
        if mine or name == "lesion":
            yield from ("", f"{name}:")
        for fact in mine:
            yield from fact.lines(self.tables)
        if name == "lesion":
            yield from self._nature()

    def _nature(self) -> Iterator[str]:
        if "nature" not in self.facts:
            yield "  nature: {const: uncertain}"
            yield "  # TODO nature: nothing says what a row is: where all are tumour, a physician says so here"

    def _row_key(self) -> Iterator[str]:
        keys = self.found.row_keys
        if not keys:
            yield "  key: {parts: 1}"
            yield "  # TODO rows: OBX-4 is empty: do the lesions stand in a table (obx-table) or in prose (narrative)?"
        elif all(map(_NUMBER_AND_LETTER.fullmatch, keys)):
            yield '  key: {pattern: "(?P<row>[0-9]+)[a-z]"}'
            yield "  # TODO rows: check that 1a and 1b are one row"
        elif all(map(_DOTTED.fullmatch, keys)):
            yield "  key: {parts: 1}" + ("  # 3.1 and 3.2 are row 3" if any("." in key for key in keys) else "")
        elif all(map(_PARTED.fullmatch, keys)):
            yield '  key: {pattern: "(?P<row>[A-Za-z]*[0-9]+)[-_/:][A-Za-z0-9]+"}'
            yield "  # TODO rows: check that the row is what stands before the mark"
        else:
            yield "  key: {parts: 1}"
            yield "  # TODO rows: which part of OBX-4 is the row? write a pattern with a group (?P<row>...)"

    def _unread(self) -> Iterator[str]:
        """Prose is counted and not read; any other code without a fact is a question."""
        for seen in self.unknown:
            what = f"{seen.coding.reference} ({', '.join(seen.types)}, {'rows' if seen.rows else 'no row'})"
            if _PROSE.issuperset(seen.types):
                yield f"# prose, counted and not read: {what}"
            else:
                yield f"# TODO unread: {what} is read by no rule: which fact is it? if none, name it in narrative.obx"

    def _tables(self) -> Iterator[str]:
        yield from ("", "tables:", *self.tables.lines)
        if self.tables.spellings:
            yield from ("", "units:")
            yield from (f"  {quoted(unit)}: {listed(names)}" for unit, names in self.tables.spellings.items())


def _kinds(values: dict[Coding, None]) -> Iterator[TracerKind | None]:
    for value in values:
        known = recognised_tracer(value)
        if known:
            yield TRACERS[canonical_tracer(known.word) or known.word][0]
