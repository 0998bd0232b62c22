"""Patient.link as merges: ``replaced-by`` and ``replaces`` say which record is the patient's from now on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.fhir.patient import identities, of_identifiers
from adapter.fhir.resource import Element, Resource
from adapter.fhir.shapes import IncomingError
from adapter.outcome import Problem
from adapter.scoring.merges import Merge, paired
from adapter.scoring.report import PatientIdentity

Resolve = Callable[[str], Resource | None]
"""Turns a reference (``Patient/123``) into the Patient, or None."""

REPLACED_BY, REPLACES = "replaced-by", "replaces"
"""Patient.link.type: the others (``refer``, ``seealso``) replace no record."""
_SUBSETTED = "SUBSETTED"


def links(patient: Resource) -> list[tuple[int, Element]]:
    """Turn a Patient into its links that replace a record, each with its place among all."""
    found = enumerate(patient.get("link", ()))
    return [(place, link) for place, link in found if link.get("type") in (REPLACED_BY, REPLACES)]


def linked_references(patient: Resource, path: str) -> Iterator[tuple[str, str]]:
    """Turn a Patient into the references to other records that name them by nothing else, and where they stand."""
    for place, link in links(patient):
        other = link.get("other", {})
        if "identifier" not in other and "reference" in other:
            yield other["reference"], f"{path}.link[{place}].other"


def says_that_it_stands_alone(patient: Resource) -> bool:
    """Is a Patient without such links a statement? Only of one that is in use, and that was sent with all it has."""
    tags = patient.get("meta", {}).get("tag", ())
    is_whole = not any(tag.get("code") == _SUBSETTED for tag in tags)
    return patient.get("active") is True and is_whole and not links(patient)


@dataclass(frozen=True, slots=True)
class Statement:
    """A Patient as it stood ``at`` a time; ``said_by`` names the resource among all servers', ``path`` its place."""

    patient: Resource
    said_by: str
    at: datetime
    path: str


def merges_of(said: Statement, resolve: Resolve, authorities: Mapping[str, str] | None = None) -> tuple[Merge, ...]:
    """Turn a Patient's links into merges, and into the fact that it said no others.

    ``other`` is named by its identifier, or by a reference that ``resolve`` follows; raises IncomingError for a link
    whose other record cannot be named.
    """
    own = identities(said.patient, authorities)
    spoken_of = (Merge(one, one, said.at, undone=True, said_by=said.said_by) for one in own)
    return (*spoken_of, *_merges(said, own, lambda other: _named(other, resolve, authorities)))


def _merges(
    said: Statement, own: tuple[PatientIdentity, ...], named: Callable[[Element], tuple[PatientIdentity, ...]]
) -> Iterator[Merge]:
    for place, link in links(said.patient):
        other = named(link.get("other", {}))
        if not other:
            rule = "the record that the link names is not in the message, or has no identifier"
            raise IncomingError(Problem.NOT_FOUND, f"{said.path}.link[{place}].other", rule)
        old, survivors = (own, other) if link["type"] == REPLACED_BY else (other, own)
        yield from (Merge(one, partner, said.at, said_by=said.said_by) for one, partner in paired(old, survivors))


def _named(other: Element, resolve: Resolve, authorities: Mapping[str, str] | None) -> tuple[PatientIdentity, ...]:
    if "identifier" in other:
        return of_identifiers([other["identifier"]], authorities)
    found = resolve(other["reference"]) if "reference" in other else None
    return identities(found, authorities) if found is not None else ()
