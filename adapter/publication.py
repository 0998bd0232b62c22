"""Page three: a marked patient is brought up to date: desired state against delivered state, never message by message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from adapter.outcome import AdapterError
from adapter.scoring.report import KeptReport

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """One patient's work, held by one worker: ``token`` fences it, a stale token changes nothing.

    ``attempts`` counts the failures in a row before this claim, ``failing_since`` is when the first of them began: the
    back-off grows by the one, giving up by age rests on the other.
    """

    patient: str
    token: int
    attempts: int = 0
    failing_since: datetime | None = None


class StaleClaimError(AdapterError):
    """``claims`` no longer cover the work (lease lost, given back, another patient): nothing was written under them."""

    def __init__(self, *claims: Claim) -> None:
        super().__init__("the claim no longer covers this patient's work")
        self.claims = claims


@dataclass(frozen=True, slots=True)
class Publication:
    """One score as it should stand at the destination: its resources, and the digest that tells if they already do.

    ``summary`` is the result as the pages show it; ``state`` is ``published``, ``waiting``, ``stopped`` or
    ``retracted``. ``resources`` is empty for what is known here and posted nowhere.
    """

    score_id: str
    patient: str
    state: str
    resources: tuple[Resource, ...]
    digest: str
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the destination holds of one score, as last told to us."""

    score_id: str
    digest: str
    state: str


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


class PatientStore(Protocol):
    """What publication needs of the store; each write is refused when the claim's token is stale."""

    async def reports(self, patient: str) -> list[KeptReport]:
        """All report versions of a patient, in order of arrival."""
        ...

    async def delivered(self, patient: str) -> list[Delivered]:
        """What stands at the destination for the patient."""
        ...

    async def record_delivery(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Keep what was delivered, and the score's new state."""
        ...


class Destination(Protocol):
    """Where scores go, by the site's write plan."""

    async def deliver(self, publication: Publication) -> None:
        """Bring the destination to the publication's resources; doing it twice changes nothing."""
        ...
