"""What the web shows of dead letters, and their replay."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.store.destinations import DestinationRecords

MOST_SHOWN = 1000


class DeadLetters:
    """Turns the store's dead letters into JSON members; ``wake`` says that somebody is due."""

    def __init__(self, records: DestinationRecords, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._records = records
        self._clock = clock
        self._wake = wake

    async def standing(self) -> dict[str, Any]:
        """Give the dead letters, the newest first, each with the last answer of the destination."""
        return {
            "dead_letters": [
                {
                    "score": one.score_id,
                    "patient": one.patient,
                    "status": one.answer.status,
                    "codes": list(one.answer.codes),
                    "expressions": list(one.answer.expressions),
                    "rule": one.answer.rule,
                    "attempts": one.attempts,
                    "failing_since": one.failing_since.isoformat(),
                    "at": one.at.isoformat(),
                }
                for one in await self._records.dead_letters(MOST_SHOWN)
            ]
        }

    async def replay(self, by: str, reason: str) -> dict[str, Any]:
        """Have all of them delivered again, for a client and a reason."""
        count = await self._records.replay_dead(reason, self._clock(), by)
        self._wake()
        return {"replayed": count}
