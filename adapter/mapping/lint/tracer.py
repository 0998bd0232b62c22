"""Which half of a dual PET a study is: a wrong tracer turns P1 into P5."""

from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.scoring.report import TracerKind
from adapter.scoring.tracers import TRACERS, canonical_tracer


def _kinds(subject: Subject) -> set[TracerKind | None]:
    meant = [meant for _, _, meant in subject.entries("header", "tracer")]
    meant += [rule.const for _, _, rule in subject.rules("header", "tracer") if rule.const]
    return {TRACERS[known][0] for name in meant if (known := canonical_tracer(name))}


def _no_fdg(subject: Subject) -> Spots:
    if TracerKind.FDG not in _kinds(subject):
        yield ("header", "tracer"), ""


def _no_sstr(subject: Subject) -> Spots:
    if TracerKind.SSTR not in _kinds(subject):
        yield ("header", "tracer"), ""


def _guessed(subject: Subject) -> Spots:
    for path, _, rule in subject.rules("header", "tracer"):
        if rule.otherwise is not None or (rule.const is not None and not rule.when):
            yield path, ""


def _passes(subject: Subject) -> Spots:
    for path, _, rule in subject.rules("header", "tracer"):
        if rule.lookup and (rule.unmapped or subject.form.doubts.unknown_code) == "flag":
            yield path, ""


def _not_required(subject: Subject) -> Spots:
    rules = [rule for _, _, rule in subject.rules("header", "tracer")]
    if not any(rule.required for rule in rules):
        yield ("header", "tracer"), ""


RULES = (
    LintRule("NP201", Severity.ERROR, "no FDG tracer can be read", "add FDG to the tracer's table", _no_fdg),
    LintRule("NP202", Severity.ERROR, "no SSTR tracer can be read", "add the SSTR tracer to the table", _no_sstr),
    LintRule(
        "NP203",
        Severity.ERROR,
        "the tracer is guessed: every other study becomes one of a dual PET",
        "delete `otherwise`, or restrict the constant by `when`",
        _guessed,
    ),
    LintRule(
        "NP204",
        Severity.WARNING,
        "a tracer that is not in the table does not hold the message",
        "write `unmapped: hold` on the tracer",
        _passes,
    ),
    LintRule(
        "NP205",
        Severity.WARNING,
        "a report without tracer is read: it is no half of any pair, and nobody is told",
        "write `required: true` on the tracer",
        _not_required,
    ),
)
