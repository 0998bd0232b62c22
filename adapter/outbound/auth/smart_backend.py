"""SMART Backend Services (SMART App Launch 2.2): a token for a signed assertion, a fresh one each time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

import jwt
from yarl import URL

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.answers import ServerAnswer, http_date, retry_after
from adapter.outbound.auth.signing_keys import SigningKey, SigningKeys
from adapter.outbound.auth.token_cache import AccessToken
from adapter.outbound.auth.token_response import access_token, json_object
from adapter.outbound.exchange import Exchange

ASSERTION_LIFE = timedelta(minutes=4)
"""The specification allows five at most; a minute is left for clocks that differ."""
TOLERATED = timedelta(seconds=5)
"""By which the server's clock may differ from ours before it is followed."""
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DISCOVERY = ".well-known/smart-configuration"
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class SmartClient:
    """How the authorisation server knows us; without ``token_url`` the FHIR server is asked for it.

    ``setting`` names the section that this was set in.
    """

    client_id: str
    scope: str
    fhir_base: str
    token_url: str | None = None
    setting: str = "destination.auth"


class SmartBackend:
    """Gets tokens. One attempt asks at most once a key, and once more where the clocks differ."""

    def __init__(
        self, client: SmartClient, keys: SigningKeys, exchange: Exchange, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._keys = keys
        self._exchange = exchange
        self._clock = clock
        self._ahead = timedelta(0)
        self._discovered: str | None = None

    async def token(self) -> AccessToken:
        """Turn an assertion into a token; raises DeliveryError."""
        endpoint = await self._endpoint()
        for key in self._in_turn():
            answer = await self._ask(endpoint, key)
            if answer.status == 200:
                return access_token(answer.body, "the token endpoint answered without a bearer token")
            if not _is_client_refused(answer):
                break
        self._discovered = None
        raise _no_token(answer)

    def _in_turn(self) -> Iterator[SigningKey]:
        """The signing key; that key again where the answer showed our clock to be off; then the other keys."""
        first, *others = self._keys.current()
        before = self._ahead
        yield first
        if abs(self._ahead - before) > TOLERATED:
            yield first
        yield from others

    async def _ask(self, endpoint: str, key: SigningKey) -> ServerAnswer:
        form = {
            "grant_type": "client_credentials",
            "scope": self._client.scope,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(endpoint, key),
        }
        answer = await self._exchange.send("POST", URL(endpoint, encoded=True), _FORM, urlencode(form).encode())
        self._note_clock(answer)
        return answer

    def _assertion(self, endpoint: str, key: SigningKey) -> str:
        now = self._clock() + self._ahead
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": endpoint,
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFE).timestamp()),
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, key.private, key.algorithm, {"kid": key.kid})

    async def _endpoint(self) -> str:
        if self._client.token_url:
            return self._client.token_url
        if self._discovered is None:
            self._discovered = await self._discover()
        return self._discovered

    async def _discover(self) -> str:
        url = URL(f"{self._client.fhir_base}/{_DISCOVERY}", encoded=True)
        answer = await self._exchange.send("GET", url, {"Accept": "application/json"})
        self._note_clock(answer)
        endpoint = json_object(answer.body).get("token_endpoint") if answer.status == 200 else None
        if not isinstance(endpoint, str):
            raise DeliveryError(Answer(answer.status, rule="the server's smart-configuration names no token endpoint"))
        if not _is_same_origin(endpoint, url):
            setting = f"{self._client.setting}.token_url"
            rule = f"the server's token endpoint is on another host: name it in {setting} to allow it"
            raise DeliveryError(Answer(rule=rule))
        return endpoint

    def _note_clock(self, answer: ServerAnswer) -> None:
        theirs = http_date(answer.headers.get("date", ""))
        if theirs is not None:
            ahead = theirs - self._clock()
            self._ahead = ahead if abs(ahead) > TOLERATED else timedelta(0)


def _is_same_origin(endpoint: str, url: URL) -> bool:
    try:
        return URL(endpoint).origin() == url.origin()
    except (ValueError, TypeError):
        return False


def _is_client_refused(answer: ServerAnswer) -> bool:
    """Is it our assertion that is not taken? Then another key, or the right time, may help."""
    error = json_object(answer.body).get("error")
    return answer.status in (400, 401) and error in ("invalid_client", "invalid_grant", "invalid_request", None)


def _no_token(answer: ServerAnswer) -> DeliveryError:
    error = json_object(answer.body).get("error")
    known = error if error in ("invalid_client", "invalid_scope", "unauthorized_client", "invalid_grant") else "refused"
    return DeliveryError(Answer(answer.status, rule=f"no access token: {known}"), retry_after=retry_after(answer))
