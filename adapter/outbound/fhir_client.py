"""The client of one FHIR server: below its base address only, with our credentials, through its circuit breaker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from yarl import URL

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.answers import ServerAnswer, Verdict, retry_after, verdict_of
from adapter.outbound.breaker import CircuitBreaker
from adapter.outbound.exchange import Exchange

ACCEPT = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"


class Authorizer(Protocol):
    """Who shows the server who we are; each call may raise DeliveryError."""

    async def headers(self) -> dict[str, str]:
        """Give the headers of a request."""
        ...

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Take note that these were answered 401; True: the next ones are others, it is worth another try."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One request below the base address; ``path`` and ``query`` are built by us, never found in a message."""

    method: str
    path: str = ""
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


class FhirClient:
    """Sends requests to one base address; every answer comes back, raises DeliveryError where there is none."""

    def __init__(self, base: str, exchange: Exchange, authorizer: Authorizer, media_type: str = ACCEPT) -> None:
        self.base = base
        self.breaker = CircuitBreaker()
        self._exchange = exchange
        self._authorizer = authorizer
        self._media_type = media_type

    async def send(self, request: Request) -> ServerAnswer:
        """Turn a request into its answer; credentials that are not taken are renewed once."""
        wait = self.breaker.waits()
        if wait is not None:
            raise DeliveryError(Answer(rule="the destination is down: it is asked again later"), retry_after=wait)
        headers = await self._authorizer.headers()
        answer = await self._attempt(request, headers)
        if verdict_of(answer) is Verdict.AUTH and await self._authorizer.refused(headers):
            answer = await self._attempt(request, await self._authorizer.headers())
        return answer

    async def close(self) -> None:
        """Close every connection."""
        await self._exchange.close()

    async def _attempt(self, request: Request, credentials: Mapping[str, str]) -> ServerAnswer:
        headers = {**self._headers(request), **credentials}
        try:
            answer = await self._exchange.send(request.method, self._url(request), headers, request.body)
        except DeliveryError:
            self.breaker.failed()
            raise
        if verdict_of(answer) is Verdict.TRANSIENT:
            self.breaker.failed(retry_after(answer))
        else:
            self.breaker.succeeded()
        return answer

    def _headers(self, request: Request) -> dict[str, str]:
        """No cache may answer for the server (HAPI keeps the results of a search for a minute)."""
        headers = {"Accept": self._media_type}
        if request.method == "GET":
            headers["Cache-Control"] = "no-cache"
        if request.body is not None:
            headers |= {"Content-Type": self._media_type, "Prefer": "return=minimal"}
        return headers | dict(request.headers or {})

    def _url(self, request: Request) -> URL:
        url = URL(f"{self.base}/{request.path}" if request.path else self.base, encoded=True)
        return url.with_query(request.query) if request.query else url
