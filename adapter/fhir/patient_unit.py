"""A Patient that says which records are one person's: what of a FHIR body is kept and read as a message of its own."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from adapter.fhir.patient import identities
from adapter.fhir.patient_links import (
    Statement,
    awaited_links,
    is_whole,
    linked_references,
    links,
    merges_of,
    says_that_it_stands_alone,
)
from adapter.fhir.resource import Resource
from adapter.fhir.shelf import Entry, Shelf
from adapter.fhir.unit import Unit, changed_at
from adapter.scoring.linked_records import AwaitedLink, StatedRecord
from adapter.scoring.merges import Merge
from adapter.scoring.report import PatientIdentity


class PatientUnit(Unit):
    """A Patient, in the place of the report, with the Patients that its links name."""

    def identities(self, authorities: Mapping[str, str] | None = None) -> tuple[PatientIdentity, ...]:
        """The identifiers of the record that the Patient is."""
        return identities(self.report.resource, authorities)

    def merges(self, received: datetime, authorities: Mapping[str, str]) -> tuple[Merge, ...]:
        """Turn its links into merges, said when its server last changed it, else when it was received.

        Raises IncomingError for a link whose other record cannot be named.
        """
        return merges_of(self._said(received, authorities), self._other, authorities)

    def awaited(self, received: datetime, authorities: Mapping[str, str]) -> tuple[AwaitedLink, ...]:
        """Turn its links into those to records that are not in the body, and that another message may state.

        Raises IncomingError as `merges` does.
        """
        return awaited_links(self._said(received, authorities), self._other, authorities)

    def _said(self, received: datetime, authorities: Mapping[str, str]) -> Statement:
        patient = self.report
        said_by = f"{patient.base}Patient/{patient.id}" if patient.id else f"record {self.lane(authorities)}"
        return Statement(patient.resource, said_by, self.changed or received, patient.path, patient.base)

    def _other(self, reference: str) -> Resource | None:
        found = self.shelf.find(reference, self.report.resource)
        return found.resource if found is not None and found.type == "Patient" else None


def patient_units(
    entries: Iterable[Entry], shelf: Shelf, header: Entry | None = None, *, alone: bool
) -> tuple[PatientUnit, ...]:
    """Turn the Patients of a body into those that say something of records.

    ``alone``: also one that says, by having no link, that it is nobody else's record. In a body that was put together
    around a report a Patient without links is silent about them.
    """
    return tuple(
        PatientUnit(one, (one, *_linked(one, shelf)), (), (), (), shelf, header)
        for one in entries
        if one.type == "Patient" and _speaks(one.resource, alone=alone)
    )


def _speaks(patient: Resource, *, alone: bool) -> bool:
    says = bool(links(patient)) or (alone and says_that_it_stands_alone(patient))
    return says and bool(identities(patient))


def _linked(entry: Entry, shelf: Shelf) -> Iterator[Entry]:
    found = (shelf.find(reference, entry.resource) for reference, _ in linked_references(entry.resource, entry.path))
    others = {id(one): one for one in found if one is not None and one.type == "Patient" and one is not entry}
    return iter(others.values())


def stated_records(
    units: Iterable[Unit], received: datetime, authorities: Mapping[str, str]
) -> tuple[StatedRecord, ...]:
    """Turn the Patients of units into records by their addresses.

    None is one without address or identifier, or of which only a part was sent.
    """
    entries = {id(one): one for unit in units for one in unit.entries if one.type == "Patient" and one.base}
    stated = (
        StatedRecord(
            f"{one.base}Patient/{one.id}", identities(one.resource, authorities), changed_at(one.resource) or received
        )
        for one in entries.values()
        if is_whole(one.resource)
    )
    return tuple(one for one in stated if one.identities)


def stated_patient(unit: Unit) -> tuple[PatientUnit, ...]:
    """Turn a report that was fetched with its Patient, as its server has it, into what that says of records."""
    return patient_units([unit.patient], unit.shelf, alone=True) if unit.patient else ()
