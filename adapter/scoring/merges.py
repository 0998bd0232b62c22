"""Which records are one patient, and which of them survives: from merges and their undoing, in any order of arrival."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.scoring.report import KeptReport, PatientIdentity


@dataclass(frozen=True, slots=True)
class Merge:
    """What a sender said at ``at`` (aware): ``old`` is a record of the patient ``survivor``, or ``undone``: it is not.

    Of one pair of records the latest word counts, in whichever direction: a merge with the roles swapped makes the
    other record survive, and who undoes a merge need not know which of the two had survived.
    """

    old: PatientIdentity
    survivor: PatientIdentity
    at: datetime
    undone: bool = False


class ContradictionError(Exception):
    """The merges of a patient go in a circle, or leave two records that both survive: a person has to decide."""


def standing(merges: Iterable[Merge]) -> list[Merge]:
    """Turn all that was said into what holds: of each pair of records the latest word; undone is nothing.

    Of two words of one time the one that keeps records apart counts, else the first by the key of the survivor, so
    that the order of arrival settles nothing.
    """
    latest: dict[frozenset[str], Merge] = {}
    for merge in sorted(merges, key=_place):
        latest[frozenset((merge.old.key, merge.survivor.key))] = merge
    return [merge for names, merge in latest.items() if len(names) == 2 and not merge.undone]


def _place(merge: Merge) -> tuple[datetime, bool, str]:
    return merge.at, merge.undone, merge.survivor.key


def survivors(merges: Iterable[Merge]) -> dict[str, PatientIdentity]:
    """Turn merges into the surviving identity of each record that they name, by the record's key.

    Raises ContradictionError when the records of one patient do not end in exactly one.
    """
    held = standing(merges)
    names = {identity.key: identity for merge in held for identity in (merge.old, merge.survivor)}
    targets: dict[str, set[str]] = {key: set() for key in names}
    for merge in held:
        targets[merge.old.key].add(merge.survivor.key)
    ends = {key: _ends(key, targets) for key in names}
    if any(len(ends[key]) != 1 for key in names):
        raise ContradictionError
    return {key: names[min(ends[key])] for key in names}


def _ends(key: str, targets: dict[str, set[str]]) -> set[str]:
    """The records at which every way from one ends; raises ContradictionError for a circle."""
    found: set[str] = set()
    ways = [(key, frozenset({key}))]
    passed: set[str] = set()
    while ways:
        here, behind = ways.pop()
        if not targets[here]:
            found.add(here)
        if targets[here] & behind:
            raise ContradictionError
        if here not in passed:
            passed.add(here)
            ways += [(next_, behind | {next_}) for next_ in targets[here]]
    return found


def as_survivors(report: KeptReport, survivor: PatientIdentity) -> KeptReport:
    """Turn a report of any record into one of the surviving record.

    The birth date stays the report's own: two reports that disagree on it are never paired, merged or not.
    """
    stated = report.report.patient
    identity = replace(survivor, birth_date=stated.birth_date)
    return report if identity == stated else replace(report, report=replace(report.report, patient=identity))
