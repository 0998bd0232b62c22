"""``/dead-letters``: scores that their destination did not take, answers that no peer took; replay and closing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web
from pydantic import Field

from adapter.web.closing_asked import ID, asked_closing
from adapter.web.replay_asked import ReplayRequest, asked_replay

PATH = "/dead-letters"
ONE = f"{PATH}/{ID}"


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

    async def letter(self, score_id: str) -> Mapping[str, Any]:
        """Give the dead letter of a score, open or closed, and its history; raises RefusedError for none."""
        ...

    async def close(self, score_id: str, reason: str, client: str) -> Mapping[str, Any]:
        """Close the dead letter of a score for a client; raises RefusedError for no score, or one that has none."""
        ...


@dataclass(frozen=True, slots=True)
class DeadLetterRoutes:
    """Answers in JSON; a replay and a closing need an API key, on loopback too."""

    control: DeadLetterControl

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_get(PATH, self.get)
        router.add_post(f"{PATH}/replay", self.replay)
        router.add_get(ONE, self.letter)
        router.add_post(f"{ONE}/close", self.close)

    async def get(self, _: web.Request) -> web.StreamResponse:
        """Answer the dead letters, the newest first."""
        return web.json_response(dict(await self.control.standing()))

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """Answer how many are delivered again."""
        client, asked = await asked_replay(request, DeadReplayRequest)
        return web.json_response(dict(await self.control.replay(client, asked.reason, asked.only)))

    async def letter(self, request: web.Request) -> web.StreamResponse:
        """Answer the dead letter of a score."""
        return web.json_response(dict(await self.control.letter(request.match_info["id"])))

    async def close(self, request: web.Request) -> web.StreamResponse:
        """Answer that a dead letter is closed: 409 where there is none that is open."""
        return web.json_response(dict(await self.control.close(*await asked_closing(request))))
