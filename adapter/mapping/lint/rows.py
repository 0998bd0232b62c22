"""How rows are found: patterns that take too much, prose without negation, messages that are not ours."""

import re

from adapter.mapping.form import SubidRows
from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.mapping.loader import Path
from adapter.mapping.narrative_form import NarrativeRows

_OPEN_END = re.compile(r"^\^?(\(\?:)?\.[*+]|\.[*+]\??\)?\$?$")
"""A pattern that begins or ends with anything: it is matched as a whole line, and so it holds anywhere in it."""


def _patterns(subject: Subject) -> list[tuple[Path, str]]:
    rows = subject.form.rows
    if isinstance(rows, NarrativeRows):
        return [
            (("rows", "patterns", index, "row" if one.row else "report"), one.pattern)
            for index, one in enumerate(rows.patterns)
        ]
    if isinstance(rows, SubidRows) and rows.key.pattern:
        return [(("rows", "key", "pattern"), rows.key.pattern)]
    return []


def _unanchored(subject: Subject) -> Spots:
    return ((path, "") for path, pattern in _patterns(subject) if _OPEN_END.search(pattern))


def _no_negation(subject: Subject) -> Spots:
    rows = subject.form.rows
    if isinstance(rows, NarrativeRows) and not rows.negations:
        yield ("rows",), ""


def _sender_alone(subject: Subject) -> Spots:
    if all(condition.path.startswith("MSH-") for condition in subject.form.match):
        yield ("match",), ""


def _not_own(subject: Subject) -> Spots:
    told = {name.casefold() for name in subject.form.own_systems}
    for part in ("header", "report", "lesion"):
        for path, _, rule in subject.rules(part):
            for code in rule.obx or ():
                system = (*code.split("^"), "", "")[2].strip()
                if _is_local(system) and system.casefold() not in told:
                    told.add(system.casefold())
                    yield path, system


def _is_local(system: str) -> bool:
    """Table 0396: 99 and what follows is a local system, L the sender's only one."""
    return system.startswith("99") or system.upper() == "L"


def _own_passes(subject: Subject) -> Spots:
    if subject.form.own_systems and subject.form.doubts.own_obx == "flag":
        yield ("doubts", "own_obx"), ""


RULES = (
    LintRule(
        "NP801",
        Severity.ERROR,
        "an unanchored pattern: it holds wherever in the line its middle stands",
        "write out what may stand before and behind",
        _unanchored,
    ),
    LintRule(
        "NP802",
        Severity.ERROR,
        "prose is read without negations: 'no uptake' is then read as uptake",
        "name the words of denial of this language under `rows.negations`",
        _no_negation,
    ),
    LintRule(
        "NP803",
        Severity.WARNING,
        "every report of this sender is owned, a chest X-ray too, which is then held and alarmed",
        "match the procedure (OBR-4) or a code (OBX-3) as well",
        _sender_alone,
    ),
    LintRule(
        "NP804",
        Severity.WARNING,
        "codes of a local system are read that the mapping does not own: a new one passes as unused",
        "name the system under `own_systems`",
        _not_own,
    ),
    LintRule(
        "NP805",
        Severity.WARNING,
        "a new code of the sender's own system is only flagged",
        "write `own_obx: hold`",
        _own_passes,
    ),
)
