"""``/mappings``: which mappings read messages, what became of the last change to them, and what can be replayed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from adapter.web.access import client_with_key
from adapter.web.replay_asked import ReplayRequest, asked_replay

PATH = "/mappings"


class MappingsControl(Protocol):
    """Who holds the mappings in use; each call may raise StoreUnavailableError."""

    async def standing(self) -> Mapping[str, Any]:
        """Give the mappings in use, the last attempt to change them, and what is offered for replay, as JSON."""
        ...

    async def reload(self, by: str) -> Mapping[str, Any]:
        """Bring the files into use if they can be, for a client; ``outcome`` is swapped, unchanged or refused."""
        ...

    async def replay_offered(self, by: str, reason: str) -> Mapping[str, Any]:
        """Set what is offered back to be read anew, for a client and a reason."""
        ...


@dataclass(frozen=True, slots=True)
class MappingRoutes:
    """Answers in JSON; what changes something needs an API key, on loopback too."""

    control: MappingsControl

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_get(PATH, self.get)
        router.add_post(f"{PATH}/reload", self.reload)
        router.add_post(f"{PATH}/replay-offered", self.replay)

    async def get(self, _: web.Request) -> web.StreamResponse:
        """Answer what is in use and what is offered."""
        return web.json_response(dict(await self.control.standing()))

    async def reload(self, request: web.Request) -> web.StreamResponse:
        """Answer 200 when the files are in use, 409 with every fault when the former set stays."""
        attempt = await self.control.reload(client_with_key(request))
        return web.json_response(dict(attempt), status=409 if attempt["outcome"] == "refused" else 200)

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """Answer which messages will be read anew."""
        client, asked = await asked_replay(request, ReplayRequest)
        return web.json_response(dict(await self.control.replay_offered(client, asked.reason)))
