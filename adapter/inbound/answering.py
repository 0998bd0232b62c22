"""One item becomes one answer, whatever the receiver does: raise, hang, or fail to say no."""

import asyncio

from adapter.hl7v2.mllp import Block, Fault
from adapter.inbound.ordered_answers import Answer, Item
from adapter.inbound.parts import ListenerParts
from adapter.inbound.receiver import Connection, Reply
from adapter.outcome import Problem


class Answering:
    """Turns the items of one connection into answers; never an accept that the receiver did not give in time."""

    def __init__(self, parts: ListenerParts, connection: Connection) -> None:
        self._parts = parts
        self._connection = connection
        self._timeout = parts.limits.handler_timeout

    async def answer(self, item: Item) -> Answer:
        """Turn a block into the receiver's answer or its NAK, a fault into its NAK."""
        result = await self._receive(item) if isinstance(item, Block) else item
        return result if isinstance(result, Answer) else await self._refuse(result)

    async def _receive(self, block: Block) -> Answer | Fault:
        scope = asyncio.timeout(self._timeout)
        try:
            async with scope:
                reply = await self._parts.receiver.receive(block, self._connection)
        except Exception as error:  # noqa: BLE001 - a receiver that raises must not end the connection
            if not scope.expired():
                return self._failed(block, error)
        return self._timed_out(block) if scope.expired() else Answer(reply)

    def _failed(self, block: Block, error: Exception) -> Fault:
        self._tell("receiver-failed", error)
        return _unserved(Problem.INTERNAL, block, "the message could not be handled")

    def _timed_out(self, block: Block) -> Fault:
        self._parts.events.tell("receiver-timed-out", connection=self._connection.id, peer=self._connection.peer)
        return _unserved(Problem.STORE_UNAVAILABLE, block, "the message was not stored in time")

    async def _refuse(self, fault: Fault) -> Answer:
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._parts.receiver.refuse(fault, self._connection)
        except Exception as error:  # noqa: BLE001 - without its NAK a connection can only be ended
            self._tell("receiver-failed", error)
            # Senders that count answers instead of reading MSA-2 would take the next one for this message's.
            return Answer(Reply(), last=True)
        return Answer(reply, last=fault.close)

    def _tell(self, name: str, error: Exception) -> None:
        connection = self._connection
        self._parts.events.tell(name, connection=connection.id, peer=connection.peer, error=type(error).__name__)


def _unserved(problem: Problem, block: Block, rule: str) -> Fault:
    return Fault(problem, block.payload, rule, deviations=block.deviations)
