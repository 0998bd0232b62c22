"""``/dead-letters``: scores that their destination did not take, answers that no peer took, and their replay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from adapter.web.replay_asked import ReplayRequest, asked_replay

PATH = "/dead-letters"


class DeadReplayRequest(ReplayRequest):
    """Why dead letters are delivered again; ``only`` is the id of one score, or of the message of one answer."""

    only: str | None = Field(default=None, min_length=1, max_length=64)


class DeadLetterControl(Protocol):
    """Who knows the dead letters; each call may raise StoreUnavailableError."""

    async def standing(self) -> Mapping[str, Any]:
        """Give the dead letters as JSON members; they hold no patient's value."""
        ...

    async def replay(self, by: str, reason: str, only: str | None) -> Mapping[str, Any]:
        """Have one of them or all delivered again, for a client and a reason; raises RefusedError where one is none."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetterRoutes:
    """Answers in JSON; a replay needs an API key, on loopback too."""

    control: DeadLetterControl

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_get(PATH, self.get)
        router.add_post(f"{PATH}/replay", self.replay)

    async def get(self, _: web.Request) -> web.StreamResponse:
        """Answer the dead letters, the newest first."""
        return web.json_response(dict(await self.control.standing()))

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """Answer how many are delivered again."""
        client, asked = await asked_replay(request, DeadReplayRequest)
        return web.json_response(dict(await self.control.replay(client, asked.reason, asked.only)))
