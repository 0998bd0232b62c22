"""One token for all requests: got once however many wait for it, renewed before it ends, never asked for in a storm."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.auth.passwords import bearer

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
"""Seconds after a failure in which nobody asks again; doubled by each failure."""
SHORTEST_LIFE = 30.0
"""Seconds before its end at which a token is renewed; a tenth of its life if that is more, half if it is short."""
YOUNG = 10.0
"""Seconds, or a quarter of its life: a token refused so soon after it was got is not mended by another one."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and the seconds that it is good for."""

    value: str
    lifetime: float


class TokenCache:
    """Turns a source of tokens into an authorizer; the source raises DeliveryError when it has none to give."""

    def __init__(
        self, source: Callable[[], Awaitable[AccessToken]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._clock = clock
        self._getting = asyncio.Lock()
        self._token: AccessToken | None = None
        self._got_at = 0.0
        self._renew_at = 0.0
        self._failures = 0
        self._wait_until = 0.0

    async def headers(self) -> dict[str, str]:
        """Give the header with a token that is still good; raises DeliveryError without one."""
        async with self._getting:
            if self._token is None or self._clock() >= self._renew_at:
                await self._renew()
            return bearer(self._token.value) if self._token else {}

    async def refused(self, headers: Mapping[str, str]) -> bool:
        """Drop the token that was refused; True when another one can be had: others may have got it meanwhile."""
        async with self._getting:
            if self._token is None or bearer(self._token.value) != dict(headers):
                return True
            if self._clock() - self._got_at < min(YOUNG, self._token.lifetime / 4):
                return False
            self._token = None
            return True

    async def _renew(self) -> None:
        wait = self._wait_until - self._clock()
        if wait > 0:
            rule = "no access token: the last attempt failed"
            raise DeliveryError(Answer(rule=rule), retry_after=timedelta(seconds=wait))
        try:
            self._token = await self._source()
        except DeliveryError:
            self._token = None
            self._wait_until = self._clock() + min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(self._failures, 10)))
            self._failures += 1
            raise
        self._failures = 0
        lifetime = self._token.lifetime
        self._got_at = self._clock()
        self._renew_at = self._got_at + lifetime - min(max(SHORTEST_LIFE, lifetime / 10), lifetime / 2)
