"""Where a resource of ours is at the server: by our id, by its identifier, or by what it is about."""

from collections.abc import Sequence

from adapter.delivery import Answer, DeliveryError
from adapter.fhir.resource import Resource
from adapter.outbound.plans.comparing import says
from adapter.outbound.plans.duplicates import settle_on_one
from adapter.outbound.plans.naming import Name, identifier_of, name_of, readdressed
from adapter.outbound.plans.places import Places
from adapter.outbound.plans.server import FhirServer, Match, Rules


class Finder:
    """Knows the server's addresses of one delivery's resources, and asks the server for those in doubt."""

    def __init__(self, server: FhirServer, rules: Rules, places: Places) -> None:
        self.server = server
        self.rules = rules
        self.places = places

    def address(self, name: Name) -> str | None:
        """Turn a name into the server's reference (``Observation/17``); None where it is not known."""
        server_id = name[1] if self.rules.client_ids else self.places.of(name).server_id
        return None if server_id is None else f"{name[0]}/{server_id}"

    def addressed(self, resource: Resource) -> Resource:
        """Turn a resource into the one that is sent: references of the server, our id only where it takes ours."""
        if self.rules.client_ids:
            return resource
        return {key: readdressed(value, self.address) for key, value in resource.items() if key != "id"}

    async def look_up(self, resources: Sequence[Resource]) -> dict[Name, Match | None]:
        """Ask the server for resources; of several under one identifier one stays, and the others are withdrawn."""
        if self.rules.client_ids:
            return {name_of(one): await self.server.read(*name_of(one)) for one in resources}
        named = [resource for resource in resources if identifier_of(resource)]
        held = await self.server.find(named)
        found = {}
        for resource in resources:
            identifier = identifier_of(resource)
            if identifier is None:
                found[name_of(resource)] = await self._by_target(resource)
            else:
                whole = {**self.addressed(resource), "id": resource["id"]}
                found[name_of(resource)] = await settle_on_one(self.server, self.places, whole, held[identifier])
        return found

    async def _by_target(self, provenance: Resource) -> Match | None:
        target = self.address(("Observation", str(provenance["target"][0]["reference"]).partition("/")[2]))
        found = await self.server.find_provenance(target) if target else []
        return found[0] if found else None

    async def note(self, resource: Resource, match: Match | None) -> bool:
        """Take note of where a resource was found; True when it says there what we send."""
        if match is None:
            self.places.found(name_of(resource), None, None)
            return False
        self.places.found(name_of(resource), match.server_id, match.version)
        if not says(match.resource, self.addressed(resource)):
            return False
        await self.places.stand(resource)
        return True

    async def single_out(self, created: Sequence[Resource]) -> None:
        """Look whether what was created stands there once (a proxy may have sent it twice); only then is it done."""
        named = [resource for resource in created if identifier_of(resource)]
        if not self.rules.client_ids:
            found = await self.look_up(named)
            matches = {name: match for name, match in found.items() if match is not None}
            if len(matches) < len(found):
                raise DeliveryError(Answer(rule="what was created cannot be found by its identifier"))
            for name, match in matches.items():
                self.places.found(name, match.server_id, match.version)
        await self.places.stand(*created)
