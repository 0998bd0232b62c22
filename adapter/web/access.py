"""Who may read and write: everything but the signs of life needs a key or a token, where the site has them."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from adapter.web.api_keys import ApiKeys
from adapter.web.bearer import BearerTokens, TokenError
from adapter.web.boundary import Handler, route_name
from adapter.web.faults import Fault, RefusedError
from adapter.web.issuer_keys import KeysUnavailableError
from adapter.web.jwks import JWKS_PATH
from adapter.web.own_address import FHIR_PATH
from adapter.web.scopes import Right, allow

NOTIFICATIONS = "/subscriptions/"
"""Below it a server shows its subscription's own secret."""
OPEN = frozenset({"/livez", "/readyz", JWKS_PATH})
CLIENT = web.RequestKey("client", str)
"""The name of the client whose key a request presented, or ``issuer:client`` of its token."""
RIGHTS = web.RequestKey("rights", frozenset)
"""What the scopes of a request's token give; absent where it showed an API key."""
_CHALLENGE = 'Bearer realm="netpet-adapter"'


@dataclass(frozen=True, slots=True)
class Access:
    """Lets a request pass, or raises RefusedError: 401 without a key that we know, 403 for a certificate not listed."""

    api_keys: ApiKeys | None = None
    admits: Callable[[ssl.SSLObject], bool] | None = None
    tokens: BearerTokens | None = None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Stand before every handler."""
        if self.admits is not None:
            self._require_certificate(self.admits, request)
        if (self.api_keys or self.tokens) is not None and not _is_open(route_name(request)):
            await self._identify(request)
        return await handler(request)

    @staticmethod
    def _require_certificate(admits: Callable[[ssl.SSLObject], bool], request: web.Request) -> None:
        peer = request.get_extra_info("ssl_object")
        if peer is None or not admits(peer):
            raise RefusedError(Fault.NOT_AUTHORISED, "this client certificate is not on the list")

    async def _identify(self, request: web.Request) -> None:
        presented = _presented(request)
        if self.tokens is not None and self.tokens.looks_like(presented):
            await self._read_token(self.tokens, presented, request)
        elif self.api_keys is not None and (client := self.api_keys.client_of(presented)) is not None:
            request[CLIENT] = client
        else:
            raise _unknown("this API key is not known here")

    @staticmethod
    async def _read_token(tokens: BearerTokens, presented: str, request: web.Request) -> None:
        try:
            bearer = await tokens.read(presented)
        except TokenError as error:
            raise _unknown(f"this token is not taken: {error}") from None
        except KeysUnavailableError:
            rule = "the keys of the token's issuer cannot be had now"
            raise RefusedError(Fault.STORE_UNAVAILABLE, rule, headers={"Retry-After": "60"}) from None
        request[CLIENT], request[RIGHTS] = bearer.client, bearer.rights
        _require_scope(request)


def _is_open(route: str) -> bool:
    return route in OPEN or route.startswith(NOTIFICATIONS)


def client_with_key(request: web.Request) -> str:
    """Turn a request into the client whose key it presented; raises RefusedError where the site has no keys."""
    client: str | None = request.get(CLIENT)
    if client is None:
        rule = "this needs an API key, on loopback too: name a file of keys in security.api_keys"
        raise RefusedError(Fault.NOT_AUTHORISED, rule)
    return client


def may(request: web.Request, type_: str, letter: str) -> bool:
    """May the request's token do this (one of cruds) to resources of the type? An API key is not narrowed by scopes."""
    given: frozenset[Right] | None = request.get(RIGHTS)
    return given is None or allow(given, type_, letter)


def _require_scope(request: web.Request) -> None:
    """Tokens are for FHIR; a reading one needs the scope of its type, a writing one is looked at by its door."""
    route = route_name(request)
    if route.rstrip("/") == FHIR_PATH or request.method == "PUT":
        return
    if not route.startswith(f"{FHIR_PATH}/"):
        raise RefusedError(Fault.NOT_AUTHORISED, "a token is taken for /fhir alone: this needs an API key")
    type_, _, rest = route.removeprefix(f"{FHIR_PATH}/").partition("/")
    is_write = request.method == "POST" and not rest
    letter = "r" if rest and rest != "_search" else "s"
    if type_ != "metadata" and not is_write and not may(request, type_, letter):
        raise RefusedError(Fault.NOT_AUTHORISED, "no scope of this token allows it")


def _presented(request: web.Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        challenge = {"WWW-Authenticate": _CHALLENGE}
        raise RefusedError(Fault.NOT_AUTHENTICATED, "send Authorization: Bearer <API key>", headers=challenge)
    return key.strip()


def _unknown(rule: str) -> RefusedError:
    challenge = {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'}
    return RefusedError(Fault.NOT_AUTHENTICATED, rule, headers=challenge)
