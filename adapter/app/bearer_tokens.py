"""The issuers of tokens, built from the settings: keys from a file, or from the one address that the site named."""

from contextlib import AsyncExitStack

from yarl import URL

from adapter.delivery import DeliveryError
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.exchange import Exchange, ExchangeLimits
from adapter.outcome import AdapterError
from adapter.web.bearer import BearerTokens, Issuer
from adapter.web.issuer_keys import FetchedKeys, FileKeys, IssuerKeys, KeysUnavailableError
from adapter.web.jwt_settings import Jwt, JwtIssuer

LIMITS = ExchangeLimits(connect_timeout=3.0, timeout=5.0, connections=2, max_answer=256 * 1024)
"""A JWK Set is a few kilobytes, and a request waits for it."""


class IssuerError(AdapterError):
    """A setting of tokens names a file that cannot be used."""


def build_tokens(jwt: Jwt, parts: AsyncExitStack) -> BearerTokens | None:
    """Turn the settings into what reads tokens; None: none are taken. Raises IssuerError, which names the setting."""
    if not jwt.issuers:
        return None
    issuers = [
        Issuer(one.name, one.issuer, one.audience, _keys(one, parts), frozenset(one.algorithms)) for one in jwt.issuers
    ]
    return BearerTokens(issuers, jwt.leeway)


def _keys(issuer: JwtIssuer, parts: AsyncExitStack) -> IssuerKeys:
    if issuer.jwks_file is not None:
        try:
            return FileKeys(issuer.jwks_file)
        except KeysUnavailableError as error:
            raise IssuerError(f"security.jwt.issuers: {issuer.name}: jwks_file: {error}") from error
    exchange = Exchange(LIMITS, ClientTls(ClientTlsFiles()))
    parts.push_async_callback(exchange.close)
    url = URL(issuer.jwks_url or "")

    async def fetch() -> bytes:
        try:
            answer = await exchange.send("GET", url, {"Accept": "application/json"})
        except DeliveryError as error:
            raise KeysUnavailableError(error.answer.rule) from None
        if answer.status != 200:
            raise KeysUnavailableError(f"answered {answer.status}")
        return answer.body

    return FetchedKeys(fetch)
