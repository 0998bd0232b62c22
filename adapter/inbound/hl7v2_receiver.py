"""From a block to its messages, to page one, and back to one reply: who sent them, and what follows on the reading."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from adapter.arrival import Kept, Taken
from adapter.hl7v2.mllp import Block, Fault
from adapter.inbound.application_answers import ApplicationAnswers
from adapter.inbound.batch_intake import BatchIntake
from adapter.inbound.receiver import Connection, Reply
from adapter.inbound.senders import Senders
from adapter.intake import Intake
from adapter.outcome import Refused


class Hl7v2Receiver:
    """The receiver of an HL7 v2 listener: each message of a block is kept and answered for itself."""

    def __init__(
        self, intake: Intake, senders: Senders, following: ApplicationAnswers, clock: Callable[[], datetime]
    ) -> None:
        self._batches = BatchIntake(intake, clock)
        self._senders = senders
        self._following = following

    async def receive(self, block: Block, connection: Connection) -> Reply:
        """Turn a block into its reply: an answer a message, or one batch acknowledgement of all; all is on disk."""
        origin = self._senders.origin(connection)
        came = await self._batches.take(block.payload, origin, block.deviations)
        here = not origin.sender.answers_elsewhere
        return Reply(came.answers, self._follow(came.taken, connection) if here else None)

    async def refuse(self, fault: Fault, connection: Connection) -> Reply:
        """Turn a framing fault into its NAK, which names the message, the messages or the batch, if that much came."""
        refused = Refused(fault.problem, rule=fault.rule)
        return Reply(self._batches.refuse(fault.head, refused, self._senders.origin(connection)).answers)

    def _follow(self, taken: Sequence[Taken], connection: Connection) -> Callable[[], None] | None:
        asking = [one.kept for one in taken if one.kept is not None and one.kept.application_asked]
        for kept in asking:
            self._following.expect(kept, connection)
        return partial(self._answered, asking) if asking else None

    def _answered(self, asking: Sequence[Kept]) -> None:
        for kept in asking:
            self._following.answered(kept.message_id)
