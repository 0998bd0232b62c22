"""Tables and rules that nothing leads to: what is never used was never tried."""

from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.mapping.rules import SOURCES, Rule


def _unused(subject: Subject) -> Spots:
    used = {rule.lookup for part in ("header", "report", "lesion") for _, _, rule in subject.rules(part)}
    used.add(subject.form.header.status.lookup)
    return ((("tables", name), name) for name in subject.form.tables if name not in used)


def _untouched(subject: Subject) -> Spots:
    if subject.tested is not None:
        for path in subject.tested.coverage.entries.untouched:
            yield path, str(path[2])


def _shadowed(subject: Subject) -> Spots:
    for part in ("header", "report", "lesion"):
        for path, _, rule in subject.rules(part):
            earlier = [other for at, _, other in subject.rules(part, str(path[1])) if int(at[2]) < int(path[2])]
            if any(_takes_all_of(other, rule) for other in earlier):
                yield path, ""


def _takes_all_of(earlier: Rule, rule: Rule) -> bool:
    """Does the more preferred rule read all that this one reads, whenever this one does?"""
    if earlier.when and earlier.when != rule.when:
        return False
    for mine, its in ((rule.obx, earlier.obx), (rule.code, earlier.code)):
        if mine and its:
            return set(mine) <= set(its)
    return all(getattr(earlier, source) == getattr(rule, source) for source in SOURCES)


RULES = (
    LintRule("NP701", Severity.WARNING, "no rule looks anything up in this table", "delete it, or use it", _unused),
    LintRule(
        "NP702", Severity.WARNING, "no case uses this table entry", "add a case that sends it, or delete it", _untouched
    ),
    LintRule(
        "NP703",
        Severity.ERROR,
        "this rule is never taken: one before it reads the same",
        "delete it, or restrict the earlier one by `when`",
        _shadowed,
    ),
)
