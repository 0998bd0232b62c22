"""What a client says when it closes a problem: which, why, and by whose key."""

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from adapter.web.access import client_with_key
from adapter.web.request_body import body_of

ID = "{id:[A-Za-z0-9.-]{1,64}}"
"""The part of a path that names a message or a score."""


class CloseRequest(BaseModel):
    """Why a problem is closed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


async def asked_closing(request: web.Request) -> tuple[str, str, str]:
    """Turn a request into what it names, its reason and the client whose key it showed; raises RefusedError."""
    client = client_with_key(request)
    asked = await body_of(request, CloseRequest, 'say why in JSON: {"reason": "..."}, at most 500 characters')
    return request.match_info["id"], asked.reason, client
