"""Patient.link as merges: ``replaced-by`` and ``replaces`` say which record is the patient's from now on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.fhir.patient import identities, of_identifiers
from adapter.fhir.resource import Element, Resource
from adapter.fhir.shapes import IncomingError
from adapter.fhir.shelf import parsed
from adapter.outcome import Problem
from adapter.scoring.linked_records import AwaitedLink
from adapter.scoring.merges import Merge
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
    return patient.get("active") is True and is_whole(patient) and not links(patient)


def is_whole(patient: Resource) -> bool:
    """Was a Patient sent with all it has, its identifiers and links too?"""
    tags = patient.get("meta", {}).get("tag", ())
    return not any(tag.get("code") == _SUBSETTED for tag in tags)


@dataclass(frozen=True, slots=True)
class Statement:
    """A Patient as it stood ``at`` a time; ``said_by`` names the resource among all servers', ``path`` its place.

    ``base`` is the address of its server, with a slash at its end; empty: nobody knows.
    """

    patient: Resource
    said_by: str
    at: datetime
    path: str
    base: str = ""

    def link(self, place: int, link: Element, own: tuple[PatientIdentity, ...]) -> AwaitedLink:
        """Turn one of its links, and its identifiers, into one whose other record is still to be named."""
        address = address_of(link.get("other", {}).get("reference", ""), self.base)
        survives = link["type"] == REPLACED_BY
        return AwaitedLink(own, address, survives, self.at, self.said_by, f"{self.path}.link[{place}].other")


def address_of(reference: str, base: str) -> str:
    """Turn a reference to a Patient, of whatever version, into its address; empty where no server is known for it."""
    address = parsed(reference)
    is_patient = address is not None and address.name.startswith("Patient/")
    server = (address.base or base) if address is not None and is_patient else ""
    return f"{server}{address.name}" if address is not None and server else ""


def merges_of(said: Statement, resolve: Resolve, authorities: Mapping[str, str] | None = None) -> tuple[Merge, ...]:
    """Turn a Patient's links into merges, and into the fact that it said no others.

    ``other`` is named by its identifier, or by a reference that ``resolve`` follows; what `awaited_links` gives is left
    out. Raises IncomingError for a link whose other record cannot be named.
    """
    own = identities(said.patient, authorities)
    spoken_of = (Merge(one, one, said.at, undone=True, said_by=said.said_by) for one in own)
    found = _named_links(said, resolve, authorities)
    return (*spoken_of, *(merge for link, other in found for merge in link.merges(other)))


def awaited_links(
    said: Statement, resolve: Resolve, authorities: Mapping[str, str] | None = None
) -> tuple[AwaitedLink, ...]:
    """Turn a Patient's links into those whose other record is known by its address alone; raises as `merges_of`."""
    return tuple(link for link, other in _named_links(said, resolve, authorities) if not other)


def _named_links(
    said: Statement, resolve: Resolve, authorities: Mapping[str, str] | None
) -> Iterator[tuple[AwaitedLink, tuple[PatientIdentity, ...]]]:
    """Each link with the identifiers of its other record; none: it waits for them."""
    own = identities(said.patient, authorities)
    for place, element in links(said.patient):
        link = said.link(place, element, own)
        other = _named(element.get("other", {}), resolve, authorities)
        if not (other or link.address):
            rule = "the record that the link names is not in the message and has no address, or has no identifier"
            raise IncomingError(Problem.NOT_FOUND, link.path, rule)
        yield link, other


def _named(other: Element, resolve: Resolve, authorities: Mapping[str, str] | None) -> tuple[PatientIdentity, ...]:
    if "identifier" in other:
        return of_identifiers([other["identifier"]], authorities)
    found = resolve(other["reference"]) if "reference" in other else None
    return identities(found, authorities) if found is not None else ()
