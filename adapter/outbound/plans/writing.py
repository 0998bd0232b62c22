"""One resource onto the server, whatever became of the attempts before: found, compared, created or updated once."""

from adapter.delivery import Answer, DeliveryError
from adapter.fhir.resource import Resource
from adapter.outbound.answers import ServerAnswer, Verdict, refusal, verdict_of
from adapter.outbound.plans.finding import Finder
from adapter.outbound.plans.naming import identifier_of, name_of
from adapter.outbound.plans.server import Match, by_identifier

MOST_STEPS = 6
"""Find, create, collide, find, update, collide: whoever needs more meets somebody who writes all the time."""


class ResourceWriter:
    """Writes the resources of one delivery, one at a time; ``created`` are those that are new at the server."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.created: list[Resource] = []

    async def write(self, resource: Resource) -> None:
        """Bring one resource to the server; what is known to be there is left alone. Raises DeliveryError."""
        places = self.finder.places
        if places.stands(resource) or resource in self.created:
            return
        must_search = places.is_begun(name_of(resource)) or not self.finder.rules.conditional_create
        await places.begin([resource])
        attempt = _Attempt(self, resource, must_search)
        for _ in range(MOST_STEPS):
            if await attempt.step():
                return
        raise DeliveryError(Answer(rule="somebody else writes the same resource"))

    async def settle_created(self) -> None:
        """Look whether what was created stands there once; only then is it known to stand. Raises DeliveryError."""
        if self.created:
            await self.finder.single_out(self.created)
            self.created = []


class _Attempt:
    """What is done for one resource, request after request, by what is known of it then."""

    def __init__(self, writer: ResourceWriter, resource: Resource, must_search: bool) -> None:
        self._writer = writer
        self._finder = writer.finder
        self._resource = resource
        self._name = name_of(resource)
        self._must_search = must_search
        self._sent = self._finder.addressed(resource)

    async def step(self) -> bool:
        """Send the next request; True when the server holds the resource."""
        server_id = self._finder.places.of(self._name).server_id
        if self._finder.rules.client_ids:
            server_id = self._name[1]
        if server_id is not None:
            return await self._update(server_id)
        if self._must_search or identifier_of(self._resource) is None:
            found = (await self._finder.look_up([self._resource]))[self._name]
            if found is not None:
                return await self._finder.note(self._resource, found)
        return await self._create()

    async def _update(self, server_id: str) -> bool:
        version = self._finder.places.of(self._name).version
        headers = {"If-Match": f'W/"{version}"'} if version else None
        body = {**self._sent, "id": server_id}
        answer = await self._finder.server.send("PUT", f"{self._name[0]}/{server_id}", body, headers)
        verdict = verdict_of(answer)
        if verdict is Verdict.OK and _names_something(answer, self._name[0]):
            return await self._stands(server_id, answer)
        if verdict in (Verdict.OK, Verdict.CONFLICT):
            return await self._read_back(server_id)
        if verdict is Verdict.GONE and not self._finder.rules.client_ids:
            return self._search_for()
        raise refusal(answer)

    async def _read_back(self, server_id: str) -> bool:
        """After a conflict, perhaps with our own repeated request, or an OK that says nothing: compare."""
        found: Match | None = await self._finder.server.read(self._name[0], server_id)
        return self._search_for() if found is None else await self._finder.note(self._resource, found)

    def _search_for(self) -> bool:
        self._finder.places.found(self._name, None, None)
        self._must_search = True
        return False

    async def _create(self) -> bool:
        search = by_identifier(self._resource)
        headers = {"If-None-Exist": search} if search and self._finder.rules.conditional_create else None
        answer = await self._finder.server.send("POST", self._name[0], self._sent, headers)
        server_id = answer.server_id(self._name[0])
        if verdict_of(answer) is Verdict.CONFLICT or (verdict_of(answer) is Verdict.OK and server_id is None):
            return self._search_for()
        if verdict_of(answer) is not Verdict.OK or server_id is None:
            raise refusal(answer)
        if answer.status == 201:
            return await self._stands(server_id, answer)
        # It was there already (If-None-Exist): its content is another matter.
        self._finder.places.found(self._name, server_id, answer.version)
        return False

    async def _stands(self, server_id: str, answer: ServerAnswer) -> bool:
        self._finder.places.found(self._name, server_id, answer.version)
        if answer.status == 201:
            self._writer.created.append(self._resource)
            await self._finder.places.keep_found([self._resource])
        else:
            await self._finder.places.stand(self._resource)
        return True


def _names_something(answer: ServerAnswer, type_: str) -> bool:
    """An OK without version, place or body may be anybody's on the way."""
    return answer.version is not None or answer.server_id(type_) is not None


async def write_in_order(writer: ResourceWriter, resources: list[Resource]) -> None:
    """The plan ``sequential``: one by one, each after those that it points to; after a crash it goes on where it was.

    Raises DeliveryError.
    """
    for resource in resources:
        await writer.write(resource)
