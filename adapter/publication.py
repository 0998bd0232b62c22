"""Page three: a marked patient is brought up to date: desired state against delivered state, never message by message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from adapter.scoring.report import KeptReport

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """One patient's work, held by one worker: ``token`` fences it, a stale token changes nothing."""

    patient: str
    token: int


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
