"""What a lesion row must say so that two reports can be brought together and a pattern be found."""

from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.scoring.sites import PAIRED_ORGANS

_OPEN = frozenset({"uncertain", "unknown", "equivocal", "not-evaluable", "yes"})
"""Meanings that keep a score open; ``yes`` is therapy."""


def _tumour(subject: Subject) -> Spots:
    for path, _, rule in subject.rules("lesion", "nature"):
        is_constant = rule.const == "tumour" or getattr(rule, "absent", None) == "tumour"
        if is_constant and not subject.is_explained(path):
            yield path, ""


def _facts(subject: Subject) -> set[str]:
    return {str(path[1]) for path, _, _ in (*subject.rules("lesion"), *subject.rules("report"))}


def _nobody(subject: Subject) -> Spots:
    if _facts(subject).isdisjoint({"tracking_id", "tracking_uid", "cross_reference", "site"}):
        yield ("lesion",), ""


def _site_alone(subject: Subject) -> Spots:
    facts = _facts(subject)
    if "site" in facts and facts.isdisjoint({"tracking_id", "tracking_uid", "cross_reference"}):
        yield ("lesion", "site"), ""


def _no_evidence(subject: Subject) -> Spots:
    if _facts(subject).isdisjoint({"uptake", "krenning", "suv"}):
        yield ("lesion",), ""


def _suv_alone(subject: Subject) -> Spots:
    facts, cutoffs = _facts(subject), subject.form.suv_cutoffs
    calls = {"uptake", "krenning", "liver_suv", "spleen_suv", "blood_pool_suv"}
    if "suv" in facts and facts.isdisjoint(calls) and not (cutoffs.sstr or cutoffs.fdg):
        yield ("lesion", "suv"), ""


def _guessed(subject: Subject) -> Spots:
    for path, _, rule in subject.rules("lesion", "uptake", "nature", "relation", "laterality", "site", "krenning"):
        if rule.otherwise is not None and rule.otherwise not in _OPEN:
            yield (*path, "otherwise"), rule.otherwise


def _call_passes(subject: Subject) -> Spots:
    for path, _, rule in subject.rules("lesion", "uptake"):
        if rule.otherwise is None and (rule.unmapped or subject.form.doubts.unknown_code) == "flag":
            yield path, ""


def _no_side(subject: Subject) -> Spots:
    paired = [path for path, _, meant in subject.entries("lesion", "site") if meant in PAIRED_ORGANS]
    if paired and "laterality" not in _facts(subject):
        yield paired[0], ""


def _no_therapy(subject: Subject) -> Spots:
    if "therapy" not in _facts(subject):
        yield ("report",), ""


def _one_cutoff(subject: Subject) -> Spots:
    cutoffs = subject.form.suv_cutoffs
    if (cutoffs.sstr is None) != (cutoffs.fdg is None):
        yield ("suv_cutoffs",), "sstr" if cutoffs.sstr else "fdg"


RULES = (
    LintRule(
        "NP301",
        Severity.ERROR,
        "every row is tumour, and nothing says why",
        "read what the row is, or say in a comment why this sender lists tumour alone",
        _tumour,
    ),
    LintRule(
        "NP302",
        Severity.ERROR,
        "nothing says which lesion a row is: the two reports can never be brought together",
        "read a tracking identifier, a cross-reference or at least the site",
        _nobody,
    ),
    LintRule(
        "NP303",
        Severity.WARNING,
        "lesions are told apart by their site alone: each match needs review",
        "ask the sender for a tracking identifier (DCM 112039)",
        _site_alone,
    ),
    LintRule(
        "NP304",
        Severity.ERROR,
        "nothing says whether a lesion takes up the tracer",
        "read the call, the modified Krenning score or the SUV",
        _no_evidence,
    ),
    LintRule(
        "NP305",
        Severity.WARNING,
        "uptake is known by its SUV alone, and there is nothing to hold it against",
        "read the liver's SUV, or have cut-offs signed",
        _suv_alone,
    ),
    LintRule(
        "NP306",
        Severity.ERROR,
        "a word that nobody knows gets a certain meaning",
        "delete `otherwise` (the message is then held), or write uncertain",
        _guessed,
    ),
    LintRule(
        "NP307",
        Severity.WARNING,
        "an uptake call that is not in the table is flagged, and the message read without it",
        "write `unmapped: hold` on the uptake",
        _call_passes,
    ),
    LintRule(
        "NP308",
        Severity.WARNING,
        "a paired organ is read without its side: left and right cannot be told apart",
        "read the laterality",
        _no_side,
    ),
    LintRule(
        "NP309",
        Severity.WARNING,
        "therapy between the scans cannot be seen, and forbids a score where it was given",
        "read `report.therapy`, or have the sender state it",
        _no_therapy,
    ),
    LintRule(
        "NP310",
        Severity.WARNING,
        "a cut-off is signed for one tracer alone: the other's silence then decides the pattern",
        "have both signed, or neither",
        _one_cutoff,
    ),
)
