"""Who answers for which content: approval, version, and what is left to do."""

import re

from adapter.mapping.lint.finding import At, LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject

_TODO = re.compile(r"\bTODO\b")


def _todo(subject: Subject) -> Spots:
    for number, line in enumerate(subject.lines, start=1):
        left = _TODO.search(line)
        if left:
            yield At(number, left.start() + 1), ""


def _changed(subject: Subject) -> Spots:
    recorded = subject.versions.get(subject.mapping.name)
    if recorded is not None and recorded != subject.mapping.sha256:
        yield ("version",), subject.mapping.name


def _unrecorded(subject: Subject) -> Spots:
    if subject.mapping.is_active and subject.mapping.name not in subject.versions:
        yield ("version",), subject.mapping.name


def _approved_ahead(subject: Subject) -> Spots:
    approval = subject.form.approval
    if approval is not None and approval.on > subject.today.isoformat():
        yield ("approval", "on"), ""


def _draft_with_approval(subject: Subject) -> Spots:
    if subject.form.status == "draft" and subject.form.approval is not None:
        yield ("approval",), ""


RULES = (
    LintRule("NP002", Severity.ERROR, "something is left to do", "settle it and delete the TODO", _todo),
    LintRule(
        "NP003",
        Severity.ERROR,
        "the content changed and the version did not",
        "raise `version`, and have the new content approved",
        _changed,
    ),
    LintRule(
        "NP004",
        Severity.WARNING,
        "this version of an active mapping is not recorded",
        "write it into versions.lock: netpet-adapter map lint --record",
        _unrecorded,
    ),
    LintRule(
        "NP005",
        Severity.ERROR,
        "the approval lies in the future",
        "write the day on which it was given",
        _approved_ahead,
    ),
    LintRule(
        "NP006",
        Severity.WARNING,
        "a draft carries an approval",
        "delete it: an approval is of a content, and this one may still change",
        _draft_with_approval,
    ),
)
