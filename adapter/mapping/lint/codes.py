"""Codes of standard systems: written as they are, and known to the clinical contract (docs/mapping-lint.md)."""

from collections.abc import Iterator

from adapter.mapping.codes import Systems
from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.known_codes import KNOWN, is_sctid
from adapter.mapping.lint.subject import Subject
from adapter.mapping.loader import Path
from adapter.scoring.sites import LISTED

_CHECKED = {"sct": "SCT", "ln": "LN", "dcm": "DCM", "umls": "UMLS"}


def _references(subject: Subject) -> Iterator[tuple[Path, str]]:
    form = subject.form
    for path, _, rule in (*subject.rules("header"), *subject.rules("report"), *subject.rules("lesion")):
        packed = rule.component.obx if rule.component else ()
        sources: tuple[tuple[Path, tuple[str, ...]], ...] = (
            (("obx",), rule.obx or ()),
            (("code",), rule.code or ()),
            (("component", "obx"), packed),
        )
        for source, codes in sources:
            yield from (((*path, *source, index), code) for index, code in enumerate(codes))
    for number, condition in enumerate(form.match):
        coded = ((index, entry) for index, entry in enumerate(condition.any_of) if "^" in entry)
        yield from ((("match", number, "in", index), entry) for index, entry in coded)
    for name, table in form.tables.items():
        yield from ((("tables", name, entry), entry) for entry in table)
    yield from ((("narrative", "obx", index), code) for index, code in enumerate(form.narrative.obx))


def _standard(subject: Subject) -> Iterator[tuple[Path, str, str]]:
    """The codes of the systems that have a list: (path, system, code)."""
    systems = Systems(subject.form.systems)
    for path, reference in _references(subject):
        code, _, system = (*reference.split("^"), "", "")[:3]
        known = _CHECKED.get(systems.system(system))
        if known:
            yield path, known, code.strip()


def _unlisted(subject: Subject) -> Spots:
    for path, system, code in _standard(subject):
        if code not in KNOWN[system] and not subject.is_explained(path):
            yield path, f"{code} of {system}"


def _misspelt(subject: Subject) -> Spots:
    for path, system, code in _standard(subject):
        if system == "SCT" and not is_sctid(code):
            yield path, code


def _strange_site(subject: Subject) -> Spots:
    coded = [(part, fact) for part in ("lesion", "report") for fact in ("site", "primary_site")]
    for part, fact in coded:
        for path, _, meant in subject.entries(part, fact):
            if meant not in LISTED:
                yield path, meant


RULES = (
    LintRule(
        "NP501",
        Severity.WARNING,
        "a code of a standard system that the clinical contract does not list",
        "compare it with the system's own release, and say in a comment where it was found",
        _unlisted,
    ),
    LintRule(
        "NP502",
        Severity.ERROR,
        "this is no SNOMED CT identifier: its check digit is wrong",
        "copy the code again from its source",
        _misspelt,
    ),
    LintRule(
        "NP503",
        Severity.WARNING,
        "a site that scoring does not know: it is never matched without a side",
        "take the nearest site that docs/mapping-lint.md lists",
        _strange_site,
    ),
)
