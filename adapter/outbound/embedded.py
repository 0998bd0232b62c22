"""Write plan ``embedded``: scores are put where this program's own read-only FHIR endpoint serves them from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from adapter.publication import Claim, Publication, Resource


class ResourceStore(Protocol):
    """What the plan needs of the store."""

    async def put_resources(self, claim: Claim | None, patient: str, served: Sequence[Resource], at: datetime) -> None:
        """Serve resources from now on, durable when this returns; equal ones change nothing."""
        ...


class EmbeddedDestination:
    """Turns a publication into served resources, all of it at once or nothing."""

    def __init__(self, store: ResourceStore) -> None:
        self._store = store

    async def deliver(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Bring the served resources to the publication's."""
        await self._store.put_resources(claim, publication.patient, publication.resources, at)
