"""Where the resources of one score are at a server, as we know it before, during and after a delivery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from adapter.delivery import Placement
from adapter.fhir.resource import Resource
from adapter.outbound.plans.naming import Name, content_digest, name_of, references
from adapter.publication import Claim, Publication

SHARED = "Device"
"""The type that many scores share: it belongs to none of them."""


class Ledger(Protocol):
    """What the plans need of the store; a write under a claim that no longer stands raises StaleClaimError."""

    async def placements(self, destination: str, names: Sequence[Name]) -> list[Placement]:
        """List what is known of these resources at a destination."""
        ...

    async def place(
        self, claim: Claim, destination: str, score_id: str, placed: Sequence[Placement], at: datetime
    ) -> None:
        """Replace what is known of resources."""
        ...


@dataclass(frozen=True, slots=True)
class Errand:
    """One delivery: which publication, under which claim, when."""

    claim: Claim
    publication: Publication
    at: datetime


class Places:
    """What is known of the resources of one delivery; every change is in the ledger before the next request."""

    def __init__(self, ledger: Ledger, destination: str, errand: Errand) -> None:
        self._ledger = ledger
        self._destination = destination
        self._errand = errand
        self._known: dict[Name, Placement] = {}
        self._doubted: set[Name] = set()

    async def load(self, resources: Sequence[Resource]) -> None:
        """Look up these resources and those that they point to."""
        names = sorted({name_of(resource) for resource in resources} | references(resources))
        found = await self._ledger.placements(self._destination, names)
        self._take(found)

    def of(self, name: Name) -> Placement:
        """Give what is known of a resource."""
        return self._known.get(name) or Placement(*name)

    def is_begun(self, name: Name) -> bool:
        """May a write have reached the server whose answer was not seen?"""
        return name in self._known and self._known[name].digest is None

    def stands(self, resource: Resource) -> bool:
        """Is this very content known to be at the server?"""
        return self.of(name_of(resource)).digest == content_digest(resource)

    async def begin(self, resources: Iterable[Resource]) -> None:
        """Note, before they leave, that these are in doubt: a crash must not forget that something was sent."""
        names = [name_of(resource) for resource in resources]
        await self._keep([replace(self.of(name), digest=None) for name in names if name not in self._doubted])

    async def stand(self, *resources: Resource) -> None:
        """Note that the server holds the content of these, each where it was last found."""
        await self._keep(
            [replace(self.of(name_of(resource)), digest=content_digest(resource)) for resource in resources]
        )

    def found(self, name: Name, server_id: str | None, version: str | None) -> None:
        """Remember where a resource is and in which version; its content stays in doubt."""
        self._known[name] = Placement(*name, server_id, version, None)

    async def keep_found(self, resources: Iterable[Resource]) -> None:
        """Keep where resources were found, their content in doubt."""
        await self._keep([replace(self.of(name_of(resource)), digest=None) for resource in resources])

    async def doubt_shared(self) -> None:
        """What was refused may rest on a shared resource that is not there any more: look the next time."""
        await self._keep([replace(one, digest=None) for one in self._known.values() if one.type == SHARED])

    async def _keep(self, placed: Sequence[Placement]) -> None:
        for score_id in sorted({self._owner(one) for one in placed}):
            owned = [one for one in placed if self._owner(one) == score_id]
            await self._ledger.place(self._errand.claim, self._destination, score_id, owned, self._errand.at)
        self._take(placed)

    def _take(self, placed: Iterable[Placement]) -> None:
        for one in placed:
            name = (one.type, one.id)
            self._known[name] = one
            (self._doubted.add if one.digest is None else self._doubted.discard)(name)

    def _owner(self, placement: Placement) -> str:
        return "" if placement.type == SHARED else self._errand.publication.score_id
