"""Patient.link as merges: ``replaced-by`` and ``replaces`` say which record is the patient's from now on."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from adapter.fhir.patient import identities, of_identifiers
from adapter.fhir.resource import Element, Resource
from adapter.scoring.merges import Merge
from adapter.scoring.report import PatientIdentity

Resolve = Callable[[str], Resource | None]
"""Turns a reference (``Patient/123``) into the Patient, or None."""


def merges_of(
    patient: Resource, at: datetime, resolve: Resolve, authorities: Mapping[str, str] | None = None
) -> tuple[Merge, ...]:
    """Turn a Patient's links into merges, said at ``at`` (its ``meta.lastUpdated``).

    ``other`` is named by its identifier, or by a reference that ``resolve`` follows; a link whose other record cannot
    be named gives nothing. ``refer`` and ``seealso`` replace no record. Identifiers of one authority belong together.
    """
    own = identities(patient, authorities)
    return tuple(_merges(patient, own, at, lambda other: _named(other, resolve, authorities)))


def _merges(
    patient: Resource,
    own: tuple[PatientIdentity, ...],
    at: datetime,
    named: Callable[[Element], tuple[PatientIdentity, ...]],
) -> Iterator[Merge]:
    for link in patient.get("link", ()):
        kind = link.get("type")
        if kind not in ("replaced-by", "replaces"):
            continue
        other = named(link.get("other", {}))
        old, survivors = (own, other) if kind == "replaced-by" else (other, own)
        yield from _pairs(old, survivors, at)


def _pairs(old: tuple[PatientIdentity, ...], survivors: tuple[PatientIdentity, ...], at: datetime) -> Iterator[Merge]:
    for identity in old:
        same = [
            one
            for one in survivors
            if one.authority_oid == identity.authority_oid and one.authority == identity.authority
        ]
        partner = next(iter(same or survivors), None)
        if partner is not None and partner.key != identity.key:
            yield Merge(identity, partner, at)


def _named(other: Element, resolve: Resolve, authorities: Mapping[str, str] | None) -> tuple[PatientIdentity, ...]:
    if "identifier" in other:
        return of_identifiers([other["identifier"]], authorities)
    found = resolve(other["reference"]) if "reference" in other else None
    return identities(found, authorities) if found is not None else ()
