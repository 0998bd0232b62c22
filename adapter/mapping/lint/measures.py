"""Numbers: how an SUV was normalised, which statistic it is, and how decimals are written."""

import re
from collections.abc import Iterator

from adapter.mapping.codes import fold
from adapter.mapping.facts import Kind
from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.mapping.loader import Path
from adapter.mapping.rules import Rule, SuvRule
from adapter.mapping.units import SUV_UNITS
from adapter.scoring.lesion import SuvStatistic, SuvType

_MEASURED = frozenset({Kind.SUV, Kind.LENGTH, Kind.PERCENT})
_STATISTICS = {
    SuvStatistic.MEAN: re.compile(r"(mean|mittel|moyen|avg|average)"),
    SuvStatistic.PEAK: re.compile(r"peak"),
    SuvStatistic.MAX: re.compile(r"max"),
}
_LEAN = re.compile(r"(lbm|lean|sul|janma)")


def _measured(subject: Subject) -> Iterator[tuple[Path, Rule]]:
    for part in ("report", "lesion"):
        yield from ((path, rule) for path, fact, rule in subject.rules(part) if fact.kind in _MEASURED)


def _suvs(subject: Subject) -> Iterator[tuple[Path, SuvRule]]:
    return ((path, rule) for path, rule in _measured(subject) if isinstance(rule, SuvRule))


def _said(rule: Rule) -> str:
    """What the sender calls the observation or the column."""
    component = rule.component.obx if rule.component else ()
    return fold(" ".join((*(rule.obx or ()), *component, rule.column or "", rule.group or "")))


def _no_type(subject: Subject) -> Spots:
    for path, rule in _suvs(subject):
        if SUV_UNITS[rule.unit or ""] is None and "type" not in rule.model_fields_set:
            yield path, ""


def _two_marks(subject: Subject) -> Spots:
    marks = {rule.decimal for _, rule in _measured(subject)}
    if len(marks) > 1:
        for path, rule in _measured(subject):
            if rule.decimal == ",":
                yield path, ""


def _other_statistic(subject: Subject) -> Spots:
    for path, rule in _suvs(subject):
        named = {statistic for statistic, words in _STATISTICS.items() if words.search(_said(rule))}
        if named and rule.statistic not in named:
            yield path, rule.statistic.value


def _lean(subject: Subject) -> Spots:
    for path, rule in _suvs(subject):
        if _LEAN.search(_said(rule)) and rule.type is SuvType.BODY_WEIGHT:
            yield path, ""


def _spare_spelling(subject: Subject) -> Spots:
    used = {rule.unit for _, rule in _measured(subject)}
    lengths = any(fact.kind is Kind.LENGTH for _, fact, _ in subject.rules("lesion"))
    for name in subject.form.units:
        if name not in used and not (lengths and name in ("mm", "cm")):
            yield ("units", name), name


RULES = (
    LintRule(
        "NP601",
        Severity.WARNING,
        "neither the unit nor the rule says how the SUV was normalised",
        "ask the sender, and write `type: SUVbw` (or its own) beside the unit",
        _no_type,
    ),
    LintRule(
        "NP602",
        Severity.WARNING,
        "one sender writes decimals in two ways",
        "look at samples of each number: 12,5 read with a point is held, 1,250 is not what it seems",
        _two_marks,
    ),
    LintRule(
        "NP603",
        Severity.ERROR,
        "the sender's word for the SUV names another statistic than the rule",
        "write `statistic: mean` or `peak`; only maxima are compared with maxima",
        _other_statistic,
    ),
    LintRule(
        "NP604",
        Severity.ERROR,
        "the sender's word for the SUV speaks of lean body mass, the rule of body weight",
        "write `type: SUVlbm`, or the formula that the sender uses",
        _lean,
    ),
    LintRule("NP605", Severity.WARNING, "no rule uses this unit", "delete its spellings", _spare_spelling),
)
