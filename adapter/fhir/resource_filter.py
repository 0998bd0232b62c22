"""What a search asks for, whoever parsed it and whoever keeps the resources; and the page that answers it."""

from dataclasses import dataclass
from datetime import datetime

from adapter.fhir.resource import Resource


@dataclass(frozen=True, slots=True)
class Token:
    """A coded or identifier value to look for; ``system`` None is any system, the empty string is none."""

    value: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds on when something begins and ends, each from (inclusive) and before (exclusive); None is no bound.

    FHIR's date prefixes: ``ge`` is ``ends_from``, ``lt`` is ``starts_before``, ``eq`` is ``starts_from`` with
    ``ends_before``.
    """

    starts_from: datetime | None = None
    starts_before: datetime | None = None
    ends_from: datetime | None = None
    ends_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Which served resources are asked for: each field that is set must hold; several values in a field are "or"."""

    ids: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    identifiers: tuple[Token, ...] = ()
    codes: tuple[Token, ...] = ()
    statuses: tuple[str, ...] = ()
    effective: Span = Span()
    updated_from: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the resources found: ``total`` counts all that match, newest first."""

    total: int
    resources: tuple[Resource, ...]
