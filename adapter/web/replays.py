"""``/messages/replay``: kept messages are read anew, page by page; or what that would change is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from adapter.outcome import Problem
from adapter.web.access import client_with_key
from adapter.web.replay_asked import ReplayRequest
from adapter.web.request_body import body_of

PATH = "/messages/replay"
RULE = (
    "name one message, or say since when (since, with its offset) or all: true; with, until, mapping (id or "
    "id@version), sender, channel, state and reason_code narrow it; a replay has a reason"
)
Name = Field(default=None, min_length=1, max_length=200)


class PreviewRequest(BaseModel):
    """Which messages, and with which mapping; ``after`` and ``through`` are those of the page before."""

    model_config = ConfigDict(extra="forbid", strict=True)

    message: str | None = Name
    all: bool = False
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    mapping: str | None = Name
    sender: str | None = Name
    channel: str | None = Name
    state: tuple[Literal["received", "read", "held", "ignored", "closed"], ...] = Field(default=(), max_length=10)
    reason_code: Problem | None = None
    read_with: Literal["current", "as-sent"] = Field(default="current", alias="with")
    after: int = Field(default=0, ge=0)
    through: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if self.message is None and self.since is None and not self.all:
            raise ValueError("it would be every message")
        return self


class MessagesReplay(ReplayRequest, PreviewRequest):
    """The same, and why."""


class ReplayControl(Protocol):
    """Who holds the messages; each call may raise StoreUnavailableError, and RefusedError for a message not there."""

    async def replay(self, by: str, asked: MessagesReplay) -> Mapping[str, Any]:
        """Set a page of messages back to be read anew, for a client and a reason."""
        ...

    async def preview(self, asked: PreviewRequest) -> Mapping[str, Any]:
        """Give what a page of messages would be read as, and what would become of their scores; nothing is changed."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayRoutes:
    """Answers in JSON; both need an API key, on loopback too."""

    control: ReplayControl

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_post(PATH, self.replay)
        router.add_post(f"{PATH}/preview", self.preview)

    async def replay(self, request: web.Request) -> web.StreamResponse:
        """Answer how many of a page will be read anew, which will not, and where the next page begins."""
        client = client_with_key(request)
        return web.json_response(dict(await self.control.replay(client, await body_of(request, MessagesReplay, RULE))))

    async def preview(self, request: web.Request) -> web.StreamResponse:
        """Answer what a page of messages would change."""
        client_with_key(request)
        return web.json_response(dict(await self.control.preview(await body_of(request, PreviewRequest, RULE))))
