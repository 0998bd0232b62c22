"""``/messages``: what was kept, in which state and why, and the closing of problems and of answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from adapter.web.closing_asked import ID, asked_closing
from adapter.web.faults import Fault, RefusedError

PATH = "/messages"
ONE = f"{PATH}/{ID}"
STATES = frozenset({"received", "read", "held", "ignored", "closed"})


class MessagesControl(Protocol):
    """Who knows the messages; each call may raise StoreUnavailableError."""

    async def standing(self, states: tuple[str, ...], before: int | None) -> Mapping[str, Any]:
        """Give the messages in these states (none: all), the last received first, with ``next`` for the page after."""
        ...

    async def message(self, message_id: str) -> Mapping[str, Any]:
        """Give what is known of a message, without what it says; raises RefusedError."""
        ...

    async def close(self, message_id: str, reason: str, client: str) -> Mapping[str, Any]:
        """Close a message's problem for a client; raises RefusedError for none, or one that has no problem."""
        ...

    async def close_answer(self, message_id: str, reason: str, client: str) -> Mapping[str, Any]:
        """Close a message's answer that was given up; raises RefusedError for none, or one that was not."""
        ...


@dataclass(frozen=True, slots=True)
class KeptMessageRoutes:
    """Answers in JSON, without a patient's value; a closing needs an API key, on loopback too."""

    control: MessagesControl

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_get(PATH, self.list)
        router.add_get(ONE, self.get)
        router.add_post(f"{ONE}/close", self.close)
        router.add_post(f"{ONE}/answer/close", self.close_answer)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """Answer a page of messages, of the states that ``state`` names, with commas between them."""
        states = tuple(state for state in request.query.get("state", "").split(",") if state)
        if set(states) - STATES:
            raise RefusedError(Fault.PARAMETER_INVALID, f"state is of: {', '.join(sorted(STATES))}", "state")
        before = request.query.get("before", "")
        if before and not (before.isascii() and before.isdigit() and len(before) < 19):
            raise RefusedError(Fault.PARAMETER_INVALID, "before is what next said of the page before", "before")
        return web.json_response(dict(await self.control.standing(states, int(before) if before else None)))

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer what is known of a message."""
        return web.json_response(dict(await self.control.message(request.match_info["id"])))

    async def close(self, request: web.Request) -> web.StreamResponse:
        """Answer that a problem is closed: 409 where there is none."""
        return web.json_response(dict(await self.control.close(*await asked_closing(request))))

    async def close_answer(self, request: web.Request) -> web.StreamResponse:
        """Answer that an answer which was given up is closed: 409 where it was not."""
        return web.json_response(dict(await self.control.close_answer(*await asked_closing(request))))
