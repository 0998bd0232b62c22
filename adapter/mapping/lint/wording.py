"""Words that a table gives a meaning which they do not have: doubt made certain, many made few, left made right."""

import re

from adapter.hl7v2.datatypes import parse_interval
from adapter.mapping.codes import fold
from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.mapping.meaning import count_of

_DOUBT = re.compile(
    r"\b(equivocal|indeterminate|inconclusive|uncertain|possible|possibly|probable|borderline|doubtful|questionable"
    r"|unklar|fraglich|möglich|grenzwertig|douteux|incertain|dubio)"
)
_DENIAL = re.compile(r"\b(negative|negativ|no uptake|not? avid|non-avid|kein|keine|absent|absence|ohne|négatif)\b")
_ASSENT = re.compile(r"\b(positive|positiv|avid|intense|increased|erhöht|vermehrt|positif)\b")
_VAGUE = re.compile(
    r"\b(multiple|several|numerous|innumerable|diffuse|disseminated|many|mehrere|multipel|zahlreiche|diffus|viele"
    r"|disseminiert|plusieurs|nombreux|multiples)\b"
)
_LEFT, _RIGHT = re.compile(r"\b(left|links|linke|gauche)\b"), re.compile(r"\b(right|rechts|rechte|droite?)\b")
_CERTAIN = frozenset({"positive", "negative", "tumour", "not-tumour"})
_SIDES = {"24028007": _LEFT, "7771000": _RIGHT}
"""The code of a side, and the words of the other one."""


def _doubt(subject: Subject) -> Spots:
    for path, sent, meant in subject.entries("lesion", "uptake", "nature"):
        if meant in _CERTAIN and _DOUBT.search(fold(sent)):
            yield path, f"{sent}: {meant}"


def _opposite(subject: Subject) -> Spots:
    for path, sent, meant in subject.entries("lesion", "uptake"):
        denied, assented = bool(_DENIAL.search(fold(sent))), bool(_ASSENT.search(fold(sent)))
        if (meant == "positive" and denied) or (meant == "negative" and assented and not denied):
            yield path, f"{sent}: {meant}"


def _few(subject: Subject) -> Spots:
    for path, sent, meant in subject.entries("lesion", "count"):
        if _VAGUE.search(fold(sent)) and count_of(parse_interval(meant)).max is not None:
            yield path, f"{sent}: {meant}"


def _crossed(subject: Subject) -> Spots:
    for path, sent, meant in subject.entries("lesion", "laterality"):
        if meant in _SIDES and _SIDES[meant].search(fold(sent)):
            yield path, f"{sent}: {meant}"


RULES = (
    LintRule(
        "NP401",
        Severity.ERROR,
        "a word of doubt becomes a certain call",
        "map it to equivocal (uptake) or uncertain (nature)",
        _doubt,
    ),
    LintRule("NP402", Severity.ERROR, "a call is turned into its opposite", "correct the entry", _opposite),
    LintRule(
        "NP403",
        Severity.ERROR,
        "a word for many stands for at most some number",
        'leave the number open: ">=2", ">=3"',
        _few,
    ),
    LintRule("NP404", Severity.ERROR, "left is read as right, or right as left", "correct the entry", _crossed),
)
