"""``/.well-known/jwks.json``: our public keys, by which an authorisation server knows our assertions."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from adapter.delivery import DeliveryError
from adapter.web.faults import Fault, RefusedError

JWKS_PATH = "/.well-known/jwks.json"
MAX_AGE = 300
"""Seconds that a server may keep the keys: a rotation is complete when they have passed."""


def jwks_handler(jwks: Callable[[], dict[str, Any]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Turn what gives the JWK Set (RFC 7517) into the handler that serves it."""

    async def get(_: web.Request) -> web.StreamResponse:
        try:
            keys = jwks()
        except DeliveryError:
            raise RefusedError(Fault.STORE_UNAVAILABLE, "the keys cannot be read now") from None
        return web.json_response(keys, headers={"Cache-Control": f"max-age={MAX_AGE}"})

    return get
