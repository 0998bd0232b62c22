"""Which patient, which study, when, and how far the report is."""

import re
from collections.abc import Iterator

from adapter.mapping.codes import fold
from adapter.mapping.lint.finding import LintRule, Severity, Spots
from adapter.mapping.lint.subject import Subject
from adapter.mapping.loader import Path
from adapter.scoring.report import ReportStatus

_PLACER = frozenset({"OBR-2", "ORC-2"})
_NO_ACQUISITION = frozenset({"MSH-7", "OBR-6", "OBR-8", "OBR-14", "OBR-22", "ORC-9", "ORC-15"})
"""When it was sent, asked for, ended, received or issued: never when the patient was scanned."""

_UNFINISHED = frozenset({"o", "i", "s", "a", "p", "r", "x", "d", "w", "n", "m", "z", "u"})
"""Table 0123 and 0085: ordered, in process, scheduled, some results, preliminary, not verified, cancelled, wrong ..."""

_UNFINISHED_WORDS = re.compile(r"unknown|prelim|draft|vorläufig|pending|unbekannt")


def _zone(subject: Subject) -> Spots:
    zone = subject.form.header.zone
    is_of_no_place = zone.upper() in {"UTC", "GMT", "ZULU"} or zone.startswith("Etc/")
    if is_of_no_place and not subject.is_explained(("header", "zone")):
        yield ("header", "zone"), zone


def _placer_only(subject: Subject) -> Spots:
    if all(path.split(".")[0] in _PLACER for path in subject.form.header.accession):
        yield ("header", "accession"), ""


def _any_identifier(subject: Subject) -> Spots:
    choice = subject.form.header.patient
    if not (choice.authority or choice.type or choice.prefer):
        yield ("header", "patient"), ""


def _not_the_scan(subject: Subject) -> Spots:
    for index, path in enumerate(subject.form.header.acquired):
        if path.split(".")[0] in _NO_ACQUISITION:
            yield ("header", "acquired", index), path


def _statuses(subject: Subject) -> Iterator[tuple[Path, str, ReportStatus]]:
    """The entries of the status table: (path, as sent and folded, what it means)."""
    lookup = subject.form.header.status.lookup
    if lookup is not None:
        for sent, meant in subject.form.tables[lookup].items():
            yield ("tables", lookup, sent), fold(sent), ReportStatus(meant)


def _made_final(subject: Subject) -> Spots:
    for path, sent, meant in _statuses(subject):
        is_open = sent.split("^", maxsplit=1)[0] in _UNFINISHED or _UNFINISHED_WORDS.search(sent)
        if is_open and meant.is_final:
            yield path, f"{sent}: {meant.value}"


def _correction_hidden(subject: Subject) -> Spots:
    for path, sent, meant in _statuses(subject):
        is_correction = sent.split("^", maxsplit=1)[0] == "c" or "correct" in sent
        if is_correction and meant is ReportStatus.FINAL:
            yield path, f"{sent}: {meant.value}"


RULES = (
    LintRule(
        "NP101",
        Severity.WARNING,
        "the time zone is not settled: few hospitals' clocks run on UTC",
        "write the sender's zone (Europe/Berlin), or a comment beside it that says why",
        _zone,
    ),
    LintRule(
        "NP102",
        Severity.WARNING,
        "the study is named by the placer's order alone, and one order may hold several studies",
        "put the accession first: OBR-3 or OBR-18",
        _placer_only,
    ),
    LintRule(
        "NP103",
        Severity.WARNING,
        "whichever identifier comes first names the patient",
        "name the authority, or prefer a type: {prefer: [MR]}",
        _any_identifier,
    ),
    LintRule(
        "NP104",
        Severity.ERROR,
        "this is no acquisition time, and the interval between the scans rests on it",
        "take OBR-7, or a field in which this sender states when the scan was made",
        _not_the_scan,
    ),
    LintRule(
        "NP105",
        Severity.ERROR,
        "a report that is not finished, or of which nobody knows, is read as final",
        "give it its own status, or leave it out of the table: it is then held",
        _made_final,
    ),
    LintRule(
        "NP106",
        Severity.WARNING,
        "a correction is read as a first report",
        "map it to corrected or amended",
        _correction_hidden,
    ),
)
