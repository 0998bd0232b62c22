"""The second answer of enhanced mode: what the reading made of a message, to the sender that asked for it.

It goes back on the connection that brought the message, after the answer at commit. Where that connection is gone it
stays with the message, is shown as undelivered, and goes out when the sender repeats the message, or to the sender's
peer where one was agreed (``answers_to``).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from adapter.arrival import Kept
from adapter.hl7v2.ack import acknowledge
from adapter.hl7v2.enhanced import answers_after_processing
from adapter.hl7v2.header import read_header
from adapter.inbound.receiver import Connection
from adapter.outcome import Accepted, AdapterError, Held, Receipt, Refused
from adapter.reading import KeptMessage, Reading

BOUND = 10_000
"""Messages whose senders wait at one time; beyond it the oldest wait stays undelivered, and memory bounded."""


def application_answer(message: KeptMessage, reading: Reading, now: datetime) -> bytes | None:
    """Turn what a message said into the payload of its AA, AE or AR; None where none is asked for.

    A held message is an error at this level: it is on disk, which the answer at commit said, and it was not used.
    """
    if not message.application_asked:
        return None
    header, receipt = read_header(message.raw), _receipt(message, reading)
    if not answers_after_processing(header, receipt):
        return None
    return acknowledge(header, receipt, now=now, control_id=uuid4().hex[:20])


def _receipt(message: KeptMessage, reading: Reading) -> Receipt:
    if isinstance(reading, Held):
        return Refused(reading.problem, reading.place, reading.rule)
    return Accepted(message.id)


@dataclass(slots=True)
class _Wait:
    """One sender that waits: where, whether it has its answer at commit, and the later one once that is known."""

    connection: Connection
    answered: bool = False
    payload: bytes | None = None


class ApplicationAnswers:
    """Brings together a waiting connection and its answer, whichever is there first.

    ``deliver`` sends a payload on a connection and says whether that still stands; ``delivered`` notes it in the store.
    """

    def __init__(
        self, deliver: Callable[[Connection, bytes], bool], delivered: Callable[[str], Awaitable[None]]
    ) -> None:
        self._deliver = deliver
        self._delivered = delivered
        self._waits: dict[str, _Wait] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._noting: set[str] = set()

    def awaited(self) -> frozenset[str]:
        """Give the messages whose answers a connection may still get, or has got without the store knowing it yet."""
        return frozenset(self._noting.union(self._waits))

    def expect(self, kept: Kept, connection: Connection) -> None:
        """Let a connection wait for the answer to a message that it brought; one that waited for it no longer does."""
        self._waits.pop(kept.message_id, None)
        if len(self._waits) >= BOUND:
            del self._waits[next(iter(self._waits))]
        self._waits[kept.message_id] = _Wait(connection, payload=kept.application_answer)

    def answered(self, message_id: str) -> None:
        """Note that the answer at commit was written: from now on the later one may follow."""
        wait = self._waits.get(message_id)
        if wait is not None:
            wait.answered = True
            self._try(message_id, wait)

    def concluded(self, message_id: str, payload: bytes | None) -> None:
        """Take the answer to a message that was read; None: none is due after all."""
        wait = self._waits.get(message_id)
        if wait is None:
            return
        if payload is None:
            del self._waits[message_id]
            return
        wait.payload = payload
        self._try(message_id, wait)

    async def close(self) -> None:
        """Wait until the store knows what was delivered."""
        await asyncio.gather(*self._notes)

    def _try(self, message_id: str, wait: _Wait) -> None:
        if not wait.answered or wait.payload is None:
            return
        del self._waits[message_id]
        if self._deliver(wait.connection, wait.payload):
            self._noting.add(message_id)
            note = asyncio.create_task(self._note(message_id))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)

    async def _note(self, message_id: str) -> None:
        try:
            await self._delivered(message_id)
        except AdapterError:
            # Shown as undelivered although it was: the safe side, and the store tells its own troubles elsewhere.
            return
        finally:
            self._noting.discard(message_id)
