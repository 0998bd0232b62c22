"""``/scores``: what was scored and what persons decided on it, and their decisions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapter.web.access import client_with_key
from adapter.web.api_keys import ApiKeys
from adapter.web.faults import Fault, RefusedError
from adapter.web.request_body import body_of

PATH = "/scores"
MOST_STATES = 10
MEMBERS = "the decision has these members: verdict, person, seen; reason to override and reject, grade to override"


class DecisionRequest(BaseModel):
    """What a person decided: ``seen`` is the score's ``basis`` as the person saw it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Literal["confirmed", "overridden", "rejected"]
    person: str = Field(min_length=3, max_length=200)
    seen: str = Field(pattern=r"^[0-9a-f]{64}$")
    reason: str = Field(default="", max_length=1000)
    grade: Literal["P0", "P1", "P2", "P2a", "P2b", "P3", "P3a", "P3b", "P4", "P4a", "P4b", "P5"] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.verdict != "confirmed" and not self.reason.strip():
            raise ValueError("an override and a rejection need a reason")
        if (self.verdict == "overridden") != (self.grade is not None):
            raise ValueError("an override names its grade, and nothing else does")
        if not self.person.strip():
            raise ValueError("the person has a name")
        return self


class ScoreControl(Protocol):
    """Who knows the scores; each call may raise StoreUnavailableError."""

    async def standing(self, states: tuple[str, ...]) -> Mapping[str, Any]:
        """Give the scores in these states (none: all but superseded ones), the last changed first, as JSON members."""
        ...

    async def waiting(self) -> Mapping[str, Any]:
        """Give the studies that wait for a partner or a final report, what they wait for and until when."""
        ...

    async def decide(self, score_id: str, asked: DecisionRequest, client: str) -> Mapping[str, Any]:
        """Keep a decision; raises RefusedError for no such score, one that is not to be decided on, or another one."""
        ...


@dataclass(frozen=True, slots=True)
class ScoreRoutes:
    """Answers in JSON; a decision needs an API key with the right to confirm, on loopback too."""

    control: ScoreControl
    api_keys: ApiKeys | None

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve the paths."""
        router.add_get(PATH, self.get)
        router.add_get("/waiting", self.waiting)
        router.add_post(f"{PATH}/{{id:[A-Za-z0-9.-]{{1,64}}}}/confirmation", self.decide)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer the scores, of the states that ``state`` names, with commas between them."""
        states = [state for state in request.query.get("state", "").split(",") if state]
        return web.json_response(dict(await self.control.standing(tuple(states[:MOST_STATES]))))

    async def waiting(self, _: web.Request) -> web.StreamResponse:
        """Answer what waits, and until when."""
        return web.json_response(dict(await self.control.waiting()))

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """Answer what was decided: 409 where nothing is to be, 412 where the score is no longer what was seen."""
        client = client_with_key(request)
        if self.api_keys is None or not self.api_keys.may_confirm(client):
            raise RefusedError(Fault.NOT_AUTHORISED, "this API key may not confirm: write it as name:key:confirm")
        asked = await body_of(request, DecisionRequest, MEMBERS)
        return web.json_response(dict(await self.control.decide(request.match_info["id"], asked, client)))
