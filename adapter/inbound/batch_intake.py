"""From a payload (a block, a body, a file) to its messages, to page one, and back to what is answered."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from adapter.arrival import Origin, Taken
from adapter.hl7v2.batch import Batch, acknowledge_batch, split_batch
from adapter.hl7v2.header import Header, HeaderError, read_header
from adapter.intake import Intake
from adapter.outcome import Refused


@dataclass(frozen=True, slots=True)
class TakenPayload:
    """What a payload came to: of each message what is kept or why nothing, and the answers (none: none was asked for).

    ``refusal`` is what is wrong with the batch itself; its messages may be kept all the same.
    """

    taken: tuple[Taken, ...]
    answers: tuple[bytes, ...]
    refusal: Refused | None = None

    @property
    def refusals(self) -> tuple[Refused, ...]:
        """All that was refused, in order; none: everything that came is on disk."""
        every = (*(one.refused for one in self.taken), self.refusal)
        return tuple(dict.fromkeys(one for one in every if one is not None))


class BatchIntake:
    """Gives each message of a payload to page one, and puts the answers together as the payload was made."""

    def __init__(self, intake: Intake, clock: Callable[[], datetime]) -> None:
        self._intake = intake
        self._clock = clock

    async def take(self, payload: bytes, origin: Origin, deviations: tuple[str, ...] = ()) -> TakenPayload:
        """Turn a payload into an answer a message, or one batch acknowledgement of all; what is accepted is on disk."""
        batch = split_batch(payload)
        if batch.refusal and not batch.is_enveloped:
            # Without an envelope there is no answer but the messages' own: no accept may stand for a part of them.
            return self._refused(batch.messages or (payload,), batch.refusal, origin)
        if batch.refusal:
            self._intake.tell_refused(batch.refusal, origin)
        receive = partial(self._intake.receive, origin=origin, deviations=deviations + batch.deviations)
        # An ordinary message needs no task of its own.
        alone = len(batch.messages) == 1
        taken = [await receive(*batch.messages)] if alone else await asyncio.gather(*map(receive, batch.messages))
        return TakenPayload(tuple(taken), self._answers(batch, taken), batch.refusal)

    def refuse(self, head: bytes, refused: Refused, origin: Origin) -> TakenPayload:
        """Turn what came of a payload into its NAK, which names its messages or the batch as far as they are known."""
        batch = split_batch(head)
        if not batch.is_enveloped:
            return self._refused(batch.messages or (head,), refused, origin)
        self._intake.tell_refused(refused, origin)
        return TakenPayload((), (self._acknowledge(replace(batch, refusal=refused), ()),), refused)

    def _refused(self, messages: Sequence[bytes], refused: Refused, origin: Origin) -> TakenPayload:
        taken = tuple(self._intake.refuse(_header(message), refused, origin) for message in messages)
        return TakenPayload(taken, _given(taken))

    def _answers(self, batch: Batch, taken: Sequence[Taken]) -> tuple[bytes, ...]:
        answers = _given(taken)
        if not batch.is_enveloped:
            return answers
        asked_for_nothing = batch.messages and not answers and batch.refusal is None
        return () if asked_for_nothing else (self._acknowledge(batch, answers),)

    def _acknowledge(self, batch: Batch, answers: Sequence[bytes]) -> bytes:
        return acknowledge_batch(batch, answers, now=self._clock(), control_id=uuid4().hex[:20])


def _given(taken: Sequence[Taken]) -> tuple[bytes, ...]:
    return tuple(one.answer for one in taken if one.answer is not None)


def _header(payload: bytes) -> Header | None:
    try:
        return read_header(payload)
    except HeaderError as error:
        return error.header
