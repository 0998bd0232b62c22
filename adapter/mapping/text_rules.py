"""What holds rows of texts together: every cell that a rule reads is there, and every cell there is read by a rule."""

from collections.abc import Iterator, Sequence

from adapter.mapping.codes import Systems, fold
from adapter.mapping.facts import Fact, Kind
from adapter.mapping.form import Mapping
from adapter.mapping.loader import Path
from adapter.mapping.narrative_form import NarrativeRows
from adapter.mapping.rules import ROW_GROUP, Rule
from adapter.mapping.table_form import TableRows
from adapter.mapping.units import length_factors, plain_factors

Finding = tuple[Path, str]
Ruled = Sequence[tuple[Path, Fact, Rule]]


def text_codes(mapping: Mapping) -> tuple[str, ...]:
    """Turn a mapping into the codes of the OBX whose text holds rows, as written."""
    if isinstance(mapping.rows, TableRows):
        return mapping.rows.obx
    return mapping.rows.every_obx if isinstance(mapping.rows, NarrativeRows) else ()


def of_text_rows(mapping: Mapping, rules: Ruled) -> Iterator[Finding]:
    """Turn a mapping whose rows are parts of a text into what in it does not hold together; none for other kinds."""
    if isinstance(mapping.rows, TableRows):
        yield from _of_sources(mapping, rules, "column")
        yield from _of_columns(mapping, mapping.rows, rules)
        yield from _of_empty_words(mapping, mapping.rows, rules)
    if isinstance(mapping.rows, NarrativeRows):
        yield from _of_sources(mapping, rules, "group")
        yield from _of_groups(mapping.rows, rules)


def _of_sources(mapping: Mapping, rules: Ruled, source: str) -> Iterator[Finding]:
    """A row of a text has no OBX of its own."""
    systems = Systems(mapping.systems)
    texts = set(map(systems.key_of, text_codes(mapping)))
    other = "group" if source == "column" else "column"
    for path, _, rule in rules:
        read = rule.obx or (rule.component.obx if rule.component else ())
        if read and path[0] == "lesion":
            yield path, f"a row of this kind is a part of a text and has no OBX of its own: write `{source}`"
        if not texts.isdisjoint(map(systems.key_of, read)):
            yield path, "the text of this OBX holds the rows: no rule can read it as well"
        if getattr(rule, other) is not None:
            yield (*path, other), f"rows of this kind have no {other}: write `{source}`"
    if not texts.isdisjoint(map(systems.key_of, mapping.narrative.obx)):
        yield ("narrative", "obx"), "the text of this OBX holds the rows: it cannot be left unread"


def _of_columns(mapping: Mapping, rows: TableRows, rules: Ruled) -> Iterator[Finding]:
    read = {rows.key}
    for path, fact, rule in rules:
        if rule.column is None:
            continue
        read.add(rule.column)
        if path[0] != "lesion":
            yield (*path, "column"), "a column says something of each row, not of the report"
        elif rule.column not in rows.columns:
            yield (*path, "column"), f"there is no such column; there are: {', '.join(rows.columns)}"
        else:
            yield from _of_column_unit(mapping, rows, fact, rule)
    for name in rows.columns.keys() - read:
        yield (
            ("rows", "columns", name),
            "no rule reads this column: delete it; the message's own is then listed as unused",
        )


def _of_column_unit(mapping: Mapping, rows: TableRows, fact: Fact, rule: Rule) -> Iterator[Finding]:
    unit = rows.columns[rule.column or ""].unit
    if unit is None or rule.unit is None:
        return
    accepted = length_factors(mapping.units) if fact.kind is Kind.LENGTH else plain_factors(rule.unit, mapping.units)
    if unit not in accepted:
        yield ("rows", "columns", rule.column or "", "unit"), f"the rule that reads it expects {rule.unit}"


def _of_empty_words(mapping: Mapping, rows: TableRows, rules: Ruled) -> Iterator[Finding]:
    """A sign that a table gives a meaning cannot also stand for nothing."""
    looked_up = {rule.lookup for _, _, rule in rules if rule.column is not None and rule.lookup}
    meant = {fold(entry.split("^")[0]) for name in looked_up for entry in mapping.tables.get(name, {})}
    for index, word in enumerate(rows.empty):
        if fold(word) in meant:
            yield ("rows", "empty", index), "a table of this mapping gives this word a meaning: it is not empty"


def _of_groups(rows: NarrativeRows, rules: Ruled) -> Iterator[Finding]:
    for of_row in (True, False):
        patterns = [index for index, one in enumerate(rows.patterns) if (one.row is not None) == of_row]
        there = frozenset().union(*(rows.patterns[index].groups for index in patterns))
        mine = [(path, rule) for path, _, rule in rules if rule.group and (path[0] == "lesion") == of_row]
        for path, rule in mine:
            if rule.group not in there:
                level = "row" if of_row else "report"
                yield (
                    (*path, "group"),
                    f"no pattern of a {level} has it; there are: {', '.join(sorted(there)) or 'none'}",
                )
        unread = there - {rule.group for _, rule in mine} - ({ROW_GROUP} if of_row else set())
        for index in patterns:
            for name in sorted(unread & rows.patterns[index].groups):
                yield ("rows", "patterns", index), f"no rule reads its group {name}: write (?:...)"
    named = {ROW_GROUP in groups for groups in rows.groups(of_row=True)}
    if len(named) > 1:
        yield ("rows", "patterns"), "each pattern of a row has a group named row, or none has"
    if any(ROW_GROUP in groups for groups in rows.groups(of_row=False)):
        yield ("rows", "patterns"), "the group row names a row: a pattern of the report has none"
