"""From a block to its messages, to page one, and back to one reply: batches, and who sent them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from adapter.arrival import Kept, Taken
from adapter.hl7v2.batch import Batch, acknowledge_batch, split_batch
from adapter.hl7v2.header import Header, HeaderError, read_header
from adapter.hl7v2.mllp import Block, Fault
from adapter.inbound.application_answers import ApplicationAnswers
from adapter.inbound.receiver import Connection, Reply
from adapter.inbound.senders import Senders
from adapter.intake import Intake
from adapter.outcome import Refused


class Hl7v2Receiver:
    """The receiver of an HL7 v2 listener: each message of a block is kept and answered for itself."""

    def __init__(
        self, intake: Intake, senders: Senders, following: ApplicationAnswers, clock: Callable[[], datetime]
    ) -> None:
        self._intake = intake
        self._senders = senders
        self._following = following
        self._clock = clock

    async def receive(self, block: Block, connection: Connection) -> Reply:
        """Turn a block into its reply: an answer a message, or one batch acknowledgement of all; all is on disk."""
        origin = self._senders.origin(connection)
        batch = split_batch(block.payload)
        tolerated = block.deviations + batch.deviations
        if batch.refusal:
            self._intake.tell_refused(batch.refusal, origin)
        receive = partial(self._intake.receive, origin=origin, deviations=tolerated)
        # An ordinary message needs no task of its own.
        alone = len(batch.messages) == 1
        taken = [await receive(*batch.messages)] if alone else await asyncio.gather(*map(receive, batch.messages))
        return Reply(self._payloads(batch, taken), self._follow(taken, connection))

    async def refuse(self, fault: Fault, connection: Connection) -> Reply:
        """Turn a framing fault into its NAK, which names the message, the messages or the batch, if that much came."""
        origin = self._senders.origin(connection)
        refused = Refused(fault.problem, rule=fault.rule)
        batch = split_batch(fault.head)
        if batch.is_enveloped:
            self._intake.tell_refused(refused, origin)
            return Reply((self._acknowledge(replace(batch, refusal=refused), ()),))
        taken = [self._intake.refuse(_header(message), refused, origin) for message in batch.messages]
        return Reply(self._payloads(batch, taken))

    def _payloads(self, batch: Batch, taken: Sequence[Taken]) -> tuple[bytes, ...]:
        answers = tuple(one.answer for one in taken if one.answer is not None)
        if not batch.is_enveloped:
            return answers
        asked_for_nothing = batch.messages and not answers and batch.refusal is None
        return () if asked_for_nothing else (self._acknowledge(batch, answers),)

    def _acknowledge(self, batch: Batch, answers: Sequence[bytes]) -> bytes:
        return acknowledge_batch(batch, answers, now=self._clock(), control_id=uuid4().hex[:20])

    def _follow(self, taken: Sequence[Taken], connection: Connection) -> Callable[[], None] | None:
        asking = [one.kept for one in taken if one.kept is not None and one.kept.application_asked]
        for kept in asking:
            self._following.expect(kept, connection)
        return partial(self._answered, asking) if asking else None

    def _answered(self, asking: Sequence[Kept]) -> None:
        for kept in asking:
            self._following.answered(kept.message_id)


def _header(payload: bytes) -> Header | None:
    try:
        return read_header(payload)
    except HeaderError as error:
        return error.header
