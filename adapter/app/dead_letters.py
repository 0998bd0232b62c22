"""What the web shows of dead letters and of answers that were given up, and their replay."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.store.answers import AnswerRecords
from adapter.store.destinations import DestinationRecords
from adapter.web.faults import Fault, RefusedError

MOST_SHOWN = 1000


class DeadLetters:
    """Turns what the store gave up into JSON members; ``wake`` says that somebody is due."""

    def __init__(
        self,
        records: DestinationRecords,
        answers: AnswerRecords,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._records = records
        self._answers = answers
        self._clock = clock
        self._wake = wake

    async def standing(self) -> dict[str, Any]:
        """Give the dead letters and the answers that no peer took, the newest first, each with what was said last."""
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
            ],
            "answers": [
                {
                    "message": one.message_id,
                    "listener": one.listener,
                    "sender": one.sender,
                    "problem": one.problem,
                    "at": one.at.isoformat(),
                }
                for one in await self._answers.given_up(MOST_SHOWN)
            ],
        }

    async def replay(self, by: str, reason: str, only: str | None) -> dict[str, Any]:
        """Have one or all of them delivered again, for a client and a reason; raises RefusedError where one is none."""
        count = await self._records.replay_dead(reason, self._clock(), by, only)
        answers = await self._answers.send_again(reason, self._clock(), by, only)
        if only is not None and not count + answers:
            raise RefusedError(Fault.NOT_FOUND, "no dead letter, and no answer that was given up, has this id")
        self._wake()
        return {"replayed": count, "answers": answers}
