"""Which records are one patient, and which of them survives: from merges and their undoing, in any order of arrival."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapter.scoring.report import KeptReport, PatientIdentity

_RECORD_NUMBER = "MR"


@dataclass(frozen=True, slots=True)
class Merge:
    """What a sender said at ``at`` (aware): ``old`` is a record of the patient ``survivor``, or ``undone``: it is not.

    Of one pair of records the latest word counts, in whichever direction: a merge with the roles swapped makes the
    other record survive, and who undoes a merge need not know which of the two had survived.

    ``said_by`` names the resource that always says all of its links (FHIR): what a later version of it no longer says
    is taken back then. A record in both places says only that it was spoken of.
    """

    old: PatientIdentity
    survivor: PatientIdentity
    at: datetime
    undone: bool = False
    said_by: str = ""


class ContradictionError(Exception):
    """The merges of a patient go in a circle, or leave two records that both survive: a person has to decide."""


def standing(merges: Iterable[Merge]) -> list[Merge]:
    """Turn all that was said into what holds: of each pair of records the latest word; undone is nothing.

    Of two words of one time the one that keeps records apart counts, else the first by the key of the survivor, so
    that the order of arrival settles nothing.
    """
    said = list(merges)
    latest: dict[frozenset[str], Merge] = {}
    for merge in sorted((*said, *_taken_back(said)), key=_place):
        latest[_names(merge)] = merge
    return [merge for names, merge in latest.items() if len(names) == 2 and not merge.undone]


def _taken_back(merges: Iterable[Merge]) -> Iterator[Merge]:
    """What a resource once said of records and its latest version does not say, as undone by that version."""
    of_resource: dict[str, list[Merge]] = {}
    for merge in merges:
        of_resource.setdefault(merge.said_by, []).append(merge)
    of_resource.pop("", None)
    for said in of_resource.values():
        last = max(merge.at for merge in said)
        still = {_names(merge) for merge in said if merge.at == last}
        yield from (replace(merge, at=last, undone=True) for merge in said if _names(merge) not in still)


def _names(merge: Merge) -> frozenset[str]:
    return frozenset((merge.old.key, merge.survivor.key))


def paired(
    old: Iterable[PatientIdentity], survivors: Sequence[PatientIdentity]
) -> Iterator[tuple[PatientIdentity, PatientIdentity]]:
    """Turn the identifiers of two records into pairs of one old and one surviving one.

    Those of one authority belong together; what has no partner there goes with the record number (type MR, else the
    first).
    """
    for identity in old:
        same = [one for one in survivors if _authority(one) == _authority(identity)]
        partner = same[0] if len(same) == 1 else _record_number(same or survivors)
        if partner is not None and partner.key != identity.key:
            yield identity, partner


def _authority(identity: PatientIdentity) -> tuple[str, str]:
    return identity.authority, identity.authority_oid


def _record_number(identities: Sequence[PatientIdentity]) -> PatientIdentity | None:
    return next((one for one in identities if one.type == _RECORD_NUMBER), next(iter(identities), None))


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
