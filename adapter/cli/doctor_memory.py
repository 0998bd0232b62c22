"""What the plans ask of a store, in memory: ``doctor`` leaves nothing in the service's own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapter.delivery import Placement, SentMessage
from adapter.outbound.plans.naming import Name
from adapter.publication import Claim


class Memory:
    """Knows where the resources of one test score are, and which messages were sent of it."""

    def __init__(self) -> None:
        self._placed: dict[Name, Placement] = {}
        self.sent: list[SentMessage] = []

    async def placements(self, destination: str, names: Sequence[Name]) -> list[Placement]:  # noqa: ARG002 - there is one
        """List what is known of these resources."""
        return [self._placed[name] for name in names if name in self._placed]

    async def place(
        self,
        claim: Claim,  # noqa: ARG002 - nobody else works on it
        destination: str,  # noqa: ARG002 - there is one
        score_id: str,  # noqa: ARG002 - there is one
        placed: Sequence[Placement],
        at: datetime,  # noqa: ARG002 - nobody asks
    ) -> None:
        """Replace what is known of resources."""
        self._placed |= {(one.type, one.id): one for one in placed}

    async def last_sent(self, score_id: str) -> SentMessage | None:  # noqa: ARG002 - there is one
        """Give the last message."""
        return self.sent[-1] if self.sent else None

    async def keep_sent(self, claim: Claim, message: SentMessage) -> None:  # noqa: ARG002 - nobody else works on it
        """Keep a message that is about to be sent."""
        self.sent.append(message)

    async def record_answer(self, message: SentMessage, answer: bytes, accepted: bool, at: datetime) -> None:  # noqa: ARG002 - nobody asks when
        """Keep what the last message was answered."""
        self.sent[-1] = replace(message, answer=answer, accepted=accepted)
