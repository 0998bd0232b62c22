"""Write plan ``embedded``: scores are put where this program's own read-only FHIR endpoint serves them from."""

from datetime import datetime
from typing import Protocol

from adapter.publication import Claim, Publication


class ServingStore(Protocol):
    """What the plan needs of the store."""

    async def serve(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Serve a publication's resources from now on and record it, in one commit; equal ones change nothing."""
        ...


class EmbeddedDestination:
    """Turns a publication into served resources, all of it at once or nothing."""

    keeps_record = True

    def __init__(self, store: ServingStore) -> None:
        self._store = store

    async def deliver(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Bring the served resources to the publication's, and record that."""
        await self._store.serve(claim, publication, at)
