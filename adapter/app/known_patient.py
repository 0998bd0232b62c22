"""A patient who was looked up when the claim was taken: page three need not ask the store for what is at hand."""

from datetime import datetime

from adapter.delivery import Answer
from adapter.publication import Claim, Delivered, PatientStore, Publication
from adapter.scoring.report import KeptReport
from adapter.store.at_hand import AtHand


class KnownPatient:
    """Turns what is at hand into what publication asks of the store; all that it writes goes to the store itself."""

    def __init__(self, store: PatientStore, known: AtHand) -> None:
        self._store = store
        self._known = known

    async def reports(self, _patient: str) -> list[KeptReport]:
        """Give all report versions of the one patient, in order of arrival."""
        return list(self._known.reports)

    async def delivered(self, _patient: str) -> list[Delivered]:
        """Give what stands at the destination for the one patient."""
        return list(self._known.delivered)

    async def record_delivery(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Keep what was delivered, and the score's new state."""
        await self._store.record_delivery(claim, publication, at)

    async def bury(self, claim: Claim, publication: Publication, answer: Answer, at: datetime) -> None:
        """Keep that the destination does not take a score."""
        await self._store.bury(claim, publication, answer, at)
