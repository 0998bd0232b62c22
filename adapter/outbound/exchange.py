"""One HTTP request and its answer, whole or not at all: limits, time-outs, no redirects, no cookies."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.answers import ServerAnswer, server_answer
from adapter.outbound.client_tls import ClientTls

_CHUNK = 64 * 1024
_KEEP_ALIVE = 15
"""Seconds; below what load balancers allow, so that we close an idle connection before they do."""
_EITHER_FORM = 47
"""zlib's window bits that take gzip and deflate alike."""


@dataclass(frozen=True, slots=True)
class ExchangeLimits:
    """Seconds and bytes; ``max_answer`` counts an answer unpacked."""

    connect_timeout: float = 5.0
    timeout: float = 30.0
    connections: int = 8
    max_answer: int = 16 * 1024 * 1024


class Exchange:
    """Sends requests over one session; raises DeliveryError for whatever is no answer. An async context manager."""

    def __init__(self, limits: ExchangeLimits, tls: ClientTls) -> None:
        self._limits = limits
        self._tls = tls
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None = None) -> ServerAnswer:
        """Send one request and read its answer; raises DeliveryError: nobody knows then whether it was applied."""
        options: dict[str, Any] = {"ssl": self._tls.context()} if url.scheme == "https" else {}
        try:
            async with self._opened().request(
                method, url, headers={"Accept-Encoding": "gzip", **headers}, data=body, allow_redirects=False, **options
            ) as response:
                return server_answer(response.status, response.headers, await self._read(response))
        except (TimeoutError, ClientError, OSError, zlib.error, ValueError) as error:
            raise DeliveryError(Answer(rule=f"no whole answer: {type(error).__name__}")) from None

    def _opened(self) -> ClientSession:
        if self._session is None:
            limits = self._limits
            self._session = ClientSession(
                connector=TCPConnector(limit=limits.connections, keepalive_timeout=_KEEP_ALIVE, ttl_dns_cache=60),
                timeout=ClientTimeout(total=limits.timeout, sock_connect=limits.connect_timeout),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,  # a small body may unpack to more than the memory holds: see _read
            )
        return self._session

    async def _read(self, response: ClientResponse) -> bytes:
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        packed = coding in ("gzip", "x-gzip", "deflate")
        unpack = zlib.decompressobj(_EITHER_FORM) if packed else None
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            room = self._limits.max_answer + 1 - len(body)
            body += unpack.decompress(chunk, room) if unpack else chunk
            if len(body) > self._limits.max_answer:
                raise DeliveryError(Answer(response.status, rule="the answer is longer than destination.max_answer"))
        return bytes(body)
