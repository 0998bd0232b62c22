"""What a client says when it has something done anew: why, and by whose key."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from adapter.web.access import client_with_key
from adapter.web.request_body import body_of


class ReplayRequest(BaseModel):
    """What every replay needs: a reason, which is kept with the client's name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


Asked = TypeVar("Asked", bound=ReplayRequest)


async def asked_replay(request: web.Request, form: type[Asked]) -> tuple[str, Asked]:
    """Turn a request into the client whose key it showed and what it asks; raises RefusedError."""
    rule = 'say why in JSON: {"reason": "..."}, at most 500 characters'
    return client_with_key(request), await body_of(request, form, rule)
