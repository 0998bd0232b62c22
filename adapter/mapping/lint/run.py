"""All rules over a mapping, and those between mappings."""

from collections.abc import Iterator, Sequence

from adapter.mapping.cases_reading import read_input
from adapter.mapping.cases_run import Fetch, content_of
from adapter.mapping.catalogue import MappingSet
from adapter.mapping.errors import MappingFault
from adapter.mapping.lint import codes, header, lesion, measures, record, rows, tables, testing, tracer, wording
from adapter.mapping.lint.finding import At, Finding, LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.mapping.loader import Path
from adapter.outcome import Held, Problem


def _told_elsewhere(_: Subject) -> Spots:
    return iter(())


NOT_LOADED = LintRule("NP001", Severity.ERROR, "the file is no mapping", "correct what is said there", _told_elsewhere)
TWO_OWNERS = LintRule(
    "NP806",
    Severity.ERROR,
    "another active mapping owns a message of this case as well: such a message is held",
    "make `match` of one of them narrower",
    _told_elsewhere,
    of_cases=True,
)

_FAMILIES = (record, header, tracer, lesion, wording, codes, measures, tables, rows, testing)

RULES: tuple[LintRule, ...] = tuple(
    sorted((NOT_LOADED, TWO_OWNERS, *(rule for family in _FAMILIES for rule in family.RULES)), key=lambda rule: rule.id)
)
"""Every rule, by its id."""


def lint(subject: Subject) -> list[Finding]:
    """Turn a mapping into what is wrong with it, in the order of its lines."""
    found = [_finding(subject, rule, spot, detail) for rule in RULES for spot, detail in rule.spots(subject)]
    return _in_order(found)


def lint_together(subjects: Sequence[Subject]) -> list[Finding]:
    """Turn mappings that stand in one folder into what is wrong between them."""
    active = [subject for subject in subjects if subject.mapping.is_active]
    mappings = MappingSet(tuple(subject.mapping for subject in active))
    return _in_order([found for subject in active for found in _owned_twice(subject, mappings)])


def not_loaded(fault: MappingFault) -> Finding:
    """Turn a fault that keeps a file from loading into a finding."""
    rule = NOT_LOADED
    return Finding(fault.file, fault.line, fault.column, rule.id, rule.severity, rule.wrong, fault.text, rule.cure)


def _owned_twice(subject: Subject, mappings: MappingSet) -> Iterator[Finding]:
    tested = subject.tested
    for index, case in enumerate(tested.cases.cases if tested else ()):
        if tested and any(_is_owned_twice(name, tested.fetch, mappings) for name in case.input):
            yield _finding(subject, TWO_OWNERS, ("cases", index), case.name)


def _is_owned_twice(name: str, fetch: Fetch, mappings: MappingSet) -> bool:
    try:
        reading = read_input(content_of(name, fetch), mappings).reading
    except OSError:
        return False
    return isinstance(reading, Held) and reading.problem is Problem.SEVERAL_MAPPINGS


def _finding(subject: Subject, rule: LintRule, spot: Path | At, detail: str) -> Finding:
    tree = subject.tested.tree if rule.of_cases and subject.tested else subject.tree
    if isinstance(spot, At):
        line, column = spot.line, spot.column
    else:
        fault = tree.fault(spot, "")
        line, column = fault.line, fault.column
    return Finding(tree.file, line, column, rule.id, rule.severity, rule.wrong, detail, rule.cure)


def _in_order(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda found: (found.file, found.line, found.column, found.id))
