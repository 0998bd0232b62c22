"""What holds a mapping together beyond its form: every name leads somewhere, every word is one of the fact's."""

from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapter.mapping.codes import Systems
from adapter.mapping.facts import LESION_FACTS, REPORT_FACTS, STATUS, TRACER, Fact, Kind
from adapter.mapping.form import Mapping, RowKey, SubidRows
from adapter.mapping.kinds import of_kind
from adapter.mapping.loader import Path
from adapter.mapping.meaning import meaning
from adapter.mapping.rules import ROW_GROUP, Rule, SuvRule, compiled, is_position
from adapter.mapping.text_rules import of_text_rows
from adapter.mapping.units import LENGTHS, PERCENT, SUV_UNITS, contradicts, is_suv_spelling

Finding = tuple[Path, str]

_WITHOUT_TABLE = frozenset({Kind.SUV, Kind.LENGTH, Kind.PERCENT, Kind.UID, Kind.TEXT})
_MEASURED = {Kind.SUV: "an SUV", Kind.LENGTH: "a size", Kind.PERCENT: "a proportion"}


def every_rule(mapping: Mapping) -> Iterator[tuple[Path, Fact, Rule]]:
    """Turn a mapping into its rules, each with its path in the file and the fact it fills."""
    yield from _rules(("header", "tracer"), TRACER, mapping.header.tracer)
    for part, facts, holder in (("report", REPORT_FACTS, mapping.report), ("lesion", LESION_FACTS, mapping.lesion)):
        for name, fact in facts.items():
            yield from _rules((part, name), fact, getattr(holder, name))


def _rules(path: Path, fact: Fact, rules: tuple[Rule, ...]) -> Iterator[tuple[Path, Fact, Rule]]:
    return (((*path, index), fact, rule) for index, rule in enumerate(rules))


def findings(mapping: Mapping) -> Iterator[Finding]:
    """Turn a mapping that has the right form into everything in it that does not hold together."""
    yield from _of_the_whole(mapping)
    yield from _of_tables(mapping)
    yield from _of_units(mapping)
    for index, condition in enumerate(mapping.match):
        yield from _of_condition(("match", index, "path"), condition.path, condition.any_of)
    for path, fact, rule in every_rule(mapping):
        for at, wanted in rule.when.items():
            yield from _of_condition((*path, "when", at), at, wanted)
        yield from _of_source(mapping, path, fact, rule)
        yield from _of_lookup(mapping, path, fact, rule)
        yield from _of_unit(path, fact, rule)
    rules = list(every_rule(mapping))
    yield from of_text_rows(mapping, rules)
    yield from of_kind(mapping, rules)


def _of_the_whole(mapping: Mapping) -> Iterator[Finding]:
    if mapping.status == "active" and mapping.approval is None:
        yield ("status",), "an active mapping needs `approval` (by, on, ticket); until then its status is draft"
    if not is_zone(mapping.header.zone):
        yield ("header", "zone"), "this is no IANA time zone that this machine knows: write one such as Europe/Berlin"
    status = mapping.header.status
    if status.lookup is None and "field" in status.model_fields_set and status.field != "OBR-25":
        yield ("header", "status", "field"), "a status that stands elsewhere than usual needs a `lookup` table"
    if status.lookup is not None:
        yield from _of_table_use(mapping, ("header", "status"), STATUS, status.lookup)
    if not any(rule.absent or rule.required or (rule.const and not rule.when) for rule in mapping.lesion.nature):
        text = "say what a row is that does not say so itself: `required: true`, or `absent: uncertain`"
        yield ("lesion", "nature"), text
    if isinstance(mapping.rows, SubidRows) and ROW_GROUP not in _groups(mapping.rows.key):
        yield ("rows", "key", "pattern"), "the pattern needs a group named row: (?P<row>...)"


def _of_condition(path: Path, at: str, wanted: tuple[str, ...]) -> Iterator[Finding]:
    coded = [entry for entry in wanted if "^" in entry]
    if any(entry.count("^") != 2 or not entry.split("^")[2].strip() for entry in coded):
        yield path, "a code is written code^text^system; ^^system is any code of it"
    if coded and "." in at and is_position(at):
        yield path, "a code with its system is compared with the whole field: leave the component out of the path"


@lru_cache(maxsize=32)
def is_zone(name: str) -> bool:
    """Is it a time zone of this machine's database?"""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _groups(key: RowKey) -> frozenset[str]:
    return frozenset(compiled(key.pattern).groupindex) if key.pattern else frozenset({ROW_GROUP})


def _of_tables(mapping: Mapping) -> Iterator[Finding]:
    systems = Systems(mapping.systems)
    for name, table in mapping.tables.items():
        seen = set()
        for entry in table:
            key = systems.key_of(entry)
            if key in seen:
                yield ("tables", name, entry), "another entry of this table is the same code: keep one of them"
            seen.add(key)


def _of_units(mapping: Mapping) -> Iterator[Finding]:
    known = {*LENGTHS, *SUV_UNITS, PERCENT}
    for name, spellings in mapping.units.items():
        if name not in known:
            yield ("units", name), f"a unit is one of: {', '.join(sorted(known))}"
        for index, spelling in enumerate(spellings):
            other = name in LENGTHS and spelling in LENGTHS and spelling != name
            if other or (name in SUV_UNITS and not is_suv_spelling(spelling)):
                yield ("units", name, index), "this is another unit, not another spelling: delete it"


def _of_source(mapping: Mapping, path: Path, fact: Fact, rule: Rule) -> Iterator[Finding]:
    if isinstance(mapping.rows, SubidRows):
        yield from _of_row_key(mapping.rows.key, path, rule)
    if rule.field is not None and rule.field.startswith("OBX-"):
        yield (*path, "field"), "an OBX is named by its code: write `obx`"
    if rule.obx is None and rule.component is None and any(at.startswith("OBX-") for at in rule.when):
        yield (*path, "when"), "only a rule that reads an OBX can ask for an OBX field"
    if rule.const is not None:
        yield from _of_word((*path, "const"), fact, rule.const)


def _of_row_key(key: RowKey, path: Path, rule: Rule) -> Iterator[Finding]:
    if rule.column is not None:
        yield (*path, "column"), "only `rows` of kind obx-table have columns"
    if rule.group is not None and path[0] != "lesion":
        yield (*path, "group"), "only a lesion's facts can come from the row key"
    elif rule.group is not None and rule.group not in _groups(key):
        yield (*path, "group"), f"the row key has no such group; it has: {', '.join(sorted(_groups(key)))}"


def _of_lookup(mapping: Mapping, path: Path, fact: Fact, rule: Rule) -> Iterator[Finding]:
    if rule.lookup is not None and (fact.kind in _WITHOUT_TABLE or rule.const is not None):
        yield (*path, "lookup"), "this fact is read as it stands: delete the table"
    elif rule.lookup is not None:
        yield from _of_table_use(mapping, path, fact, rule.lookup)
    elif fact.kind is Kind.TRACER and rule.const is None:
        yield path, "a tracer is read by a table: add `lookup`"
    if rule.otherwise is not None and rule.lookup is None:
        yield (*path, "otherwise"), "`otherwise` is for values that are not in a table: add `lookup`"
    if rule.otherwise is not None:
        yield from _of_word((*path, "otherwise"), fact, rule.otherwise)


def _of_table_use(mapping: Mapping, path: Path, fact: Fact, name: str) -> Iterator[Finding]:
    if name not in mapping.tables:
        yield (*path, "lookup"), f"there is no such table; there are: {', '.join(mapping.tables) or 'none'}"
    for entry, word in mapping.tables.get(name, {}).items():
        yield from _of_word(("tables", name, entry), fact, word)


def _of_word(path: Path, fact: Fact, word: str) -> Iterator[Finding]:
    if fact.kind in (Kind.SUV, Kind.LENGTH, Kind.PERCENT):
        yield path, "a measurement is read from the message, never fixed"
        return
    try:
        meaning(fact, word)
    except ValueError as error:
        yield path, f"this is no value of the fact: {error}"


def _of_unit(path: Path, fact: Fact, rule: Rule) -> Iterator[Finding]:
    known = {Kind.SUV: {*SUV_UNITS}, Kind.LENGTH: {*LENGTHS}, Kind.PERCENT: {PERCENT}}.get(fact.kind, set())
    if rule.unit is None:
        if fact.kind in _MEASURED:
            yield path, f"{_MEASURED[fact.kind]} needs its `unit`: one of {', '.join(sorted(known))}"
    elif rule.unit not in known:
        cure = f"write one of {', '.join(sorted(known))}" if known else "delete it: this fact has no unit"
        yield (*path, "unit"), f"this unit does not fit the fact; {cure}"
    elif isinstance(rule, SuvRule) and contradicts(rule.unit, rule.type):
        yield (*path, "unit"), "the unit names another normalisation than `type`"
