"""Tests beside the mapping: that there are any, that they hold, and what they leave untried."""

from collections import Counter

from adapter.mapping.cases import NONE
from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject


def _missing(subject: Subject) -> Spots:
    if subject.tested is None:
        yield (), ""


def _failing(subject: Subject) -> Spots:
    if subject.tested is not None:
        for index, result in enumerate(subject.tested.results):
            if not result.holds:
                yield ("cases", index), result.case.name


def _same_name(subject: Subject) -> Spots:
    if subject.tested is not None:
        seen: Counter[str] = Counter()
        for index, case in enumerate(subject.tested.cases.cases):
            seen[case.name] += 1
            if seen[case.name] > 1:
                yield ("cases", index, "name"), case.name


def _untouched(subject: Subject) -> Spots:
    if subject.tested is not None:
        yield from ((path, "") for path in subject.tested.coverage.rules.untouched)


def _never_absent(subject: Subject) -> Spots:
    if subject.tested is not None:
        yield from ((path, "") for path in subject.tested.coverage.required.untouched)


def _no_grade(subject: Subject) -> Spots:
    if subject.tested is not None:
        grades = {case.expect.grade for case in subject.tested.cases.cases} - {None, NONE}
        if not grades:
            yield ("cases",), ""


def _never_held(subject: Subject) -> Spots:
    if subject.tested is not None:
        expected = [case.expect for case in subject.tested.cases.cases]
        if not any(one.problem not in (None, NONE) or "held" in (one.state or ()) for one in expected):
            yield ("cases",), ""


RULES = (
    LintRule(
        "NP901",
        Severity.ERROR,
        "there are no tests beside the mapping",
        "write ID.test.yaml: docs/mapping-tests.md",
        _missing,
    ),
    LintRule("NP902", Severity.ERROR, "a case does not hold", "see netpet-adapter map test", _failing, of_cases=True),
    LintRule("NP903", Severity.ERROR, "two cases have one name", "rename one of them", _same_name, of_cases=True),
    LintRule(
        "NP904", Severity.ERROR, "no case touches this rule", "add a case that sends it, or delete the rule", _untouched
    ),
    LintRule(
        "NP905",
        Severity.ERROR,
        "no case shows what happens without this required value",
        "add a case that lacks it and expects problem: field-missing",
        _never_absent,
    ),
    LintRule(
        "NP906",
        Severity.WARNING,
        "no case expects a grade",
        "add a case with both reports of a pair as inputs",
        _no_grade,
        of_cases=True,
    ),
    LintRule(
        "NP907",
        Severity.WARNING,
        "no case expects a message to be held",
        "add one with a code that is not in its table",
        _never_held,
        of_cases=True,
    ),
)
