"""Who may read: everything but the signs of life needs a key, where the site has keys."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from adapter.web.api_keys import ApiKeys
from adapter.web.boundary import Handler, route_name
from adapter.web.faults import Fault, RefusedError
from adapter.web.jwks import JWKS_PATH

OPEN = frozenset({"/livez", "/readyz", JWKS_PATH})
CLIENT = web.RequestKey("client", str)
"""The name of the client whose key a request presented."""
_CHALLENGE = 'Bearer realm="netpet-adapter"'


@dataclass(frozen=True, slots=True)
class Access:
    """Lets a request pass, or raises RefusedError: 401 without a key that we know, 403 for a certificate not listed."""

    api_keys: ApiKeys | None = None
    admits: Callable[[ssl.SSLObject], bool] | None = None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stand before every handler."""
        if self.admits is not None:
            self._require_certificate(self.admits, request)
        if self.api_keys is not None and route_name(request) not in OPEN:
            request[CLIENT] = _require_key(self.api_keys, request)
        return await handler(request)

    @staticmethod
    def _require_certificate(admits: Callable[[ssl.SSLObject], bool], request: web.Request) -> None:
        peer = request.get_extra_info("ssl_object")
        if peer is None or not admits(peer):
            raise RefusedError(Fault.NOT_AUTHORISED, "this client certificate is not on the list")


def client_with_key(request: web.Request) -> str:
    """Turn a request into the client whose key it presented; raises RefusedError where the site has no keys."""
    client: str | None = request.get(CLIENT)
    if client is None:
        rule = "this needs an API key, on loopback too: name a file of keys in security.api_keys"
        raise RefusedError(Fault.NOT_AUTHORISED, rule)
    return client


def _require_key(api_keys: ApiKeys, request: web.Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        challenge = {"WWW-Authenticate": _CHALLENGE}
        raise RefusedError(Fault.NOT_AUTHENTICATED, "send Authorization: Bearer <API key>", headers=challenge)
    client = api_keys.client_of(key.strip())
    if client is None:
        challenge = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
        raise RefusedError(Fault.NOT_AUTHENTICATED, "this API key is not known here", headers=challenge)
    return client
