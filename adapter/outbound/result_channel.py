"""The one connection over which results go to the EHR's interface: opened when it is needed, renewed when it broke."""

import asyncio
import time
from dataclasses import dataclass

from adapter.delivery import Answer, DeliveryError
from adapter.hl7v2.answer import judge
from adapter.hl7v2.errors import FormatError
from adapter.outbound.client_tls import ClientTls
from adapter.outbound.mllp_client import MllpClient, MllpClientError, Reason

RESTS = 5.0
"""Seconds after a connection failed during which no other is tried: many patients may wait for one interface."""


@dataclass(frozen=True, slots=True)
class ResultListener:
    """Where the EHR's interface listens, and how long it is waited for (seconds): for all of it, less than a lease.

    ``turn_timeout`` is a message's wait for those before it. ``awaits_application``: CA is not the end (enhanced mode),
    the answer is AA, AE or AR. ``rests``: how long nobody else tries after a connection failed.
    """

    host: str
    port: int
    tls: ClientTls | None = None
    connect_timeout: float = 5.0
    answer_timeout: float = 20.0
    turn_timeout: float = 10.0
    awaits_application: bool = False
    rests: float = RESTS


class ResultChannel:
    """Sends one message at a time, so that the interface gets them in the order in which they were made."""

    def __init__(self, listener: ResultListener) -> None:
        self._listener = listener
        self._turn = asyncio.Lock()
        self._client: MllpClient | None = None
        self._rests_until = 0.0

    async def send(self, payload: bytes) -> bytes:
        """Turn a message into its answer; raises DeliveryError, never permanent, when there is none.

        A connection that turns out to have ended is renewed once and the message repeated, in the very same bytes.
        """
        try:
            async with asyncio.timeout(self._listener.turn_timeout):
                await self._turn.acquire()
        except TimeoutError:
            raise DeliveryError(Answer(rule="other messages wait for the interface's answers")) from None
        try:
            return await self._send(payload)
        except MllpClientError as error:
            await self.close()
            raise DeliveryError(Answer(codes=(error.reason.value,), rule=str(error))) from error
        finally:
            self._turn.release()

    async def close(self) -> None:
        """End the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close(seconds=1.0)

    async def _send(self, payload: bytes) -> bytes:
        was_open = self._client is not None
        try:
            return await self._exchange(payload)
        except MllpClientError as error:
            if not was_open or error.reason is not Reason.CLOSED:
                raise
        await self.close()
        return await self._exchange(payload)

    async def _exchange(self, payload: bytes) -> bytes:
        client = await self._connected()
        return await client.send(payload, self._listener.answer_timeout, self._settles)

    async def _connected(self) -> MllpClient:
        if self._client is None:
            listener = self._listener
            if time.monotonic() < self._rests_until:
                raise MllpClientError(Reason.UNREACHABLE, "the interface was not reachable a moment ago")
            try:
                tls = listener.tls.context() if listener.tls else None
                self._client = await MllpClient.connect(
                    listener.host, listener.port, tls, seconds=listener.connect_timeout
                )
            except MllpClientError:
                self._rests_until = time.monotonic() + listener.rests
                raise
        return self._client

    def _settles(self, answer: bytes) -> bool:
        if not self._listener.awaits_application:
            return True
        try:
            return not judge(answer).is_interim
        except FormatError:
            return True
