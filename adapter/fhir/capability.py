"""The CapabilityStatement of our own FHIR endpoint: what may be read, searched and sent, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from adapter.fhir.device import NAME
from adapter.fhir.resource import Element, Resource


@dataclass(frozen=True, slots=True)
class Served:
    """One resource type: its interactions (``read``, ``search-type``, ``create``) and search parameters by type.

    ``updates_by_search``: an update may name what it updates by a search, and creates what is not there.
    """

    type: str
    interactions: tuple[str, ...] = ("read",)
    search: tuple[tuple[str, str], ...] = ()
    profiles: tuple[str, ...] = ()
    updates_by_search: bool = False


def capability_statement(
    version: str, base_url: str, published: date, served: Sequence[Served], bundles: Sequence[str] = ()
) -> Resource:
    """Turn the software's version, its address and what it serves into its CapabilityStatement (R4, kind instance).

    ``bundles`` are the system's interactions (``transaction``). ``published`` is the day of the software's release: R4
    wants a date, and a clock would make each answer differ.
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": published.isoformat(),
        "kind": "instance",
        "software": {"name": NAME, "version": version},
        "implementation": {"description": "NETPET scores of dual PET reports", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [_rest(served, bundles)],
    }


def _rest(served: Sequence[Served], bundles: Sequence[str]) -> Element:
    rest: Element = {"mode": "server", "resource": [_resource(one) for one in served]}
    return rest | {"interaction": [{"code": code} for code in bundles]} if bundles else rest


def _resource(served: Served) -> Element:
    element: Element = {"type": served.type}
    if served.profiles:
        element["supportedProfile"] = list(served.profiles)
    element["interaction"] = [{"code": code} for code in served.interactions]
    if served.updates_by_search:
        element |= {"updateCreate": True, "conditionalUpdate": True}
    if served.search:
        element["searchParam"] = [{"name": name, "type": kind} for name, kind in served.search]
    return element
