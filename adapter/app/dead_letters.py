"""What the web shows of dead letters and of answers that were given up, their replay, and the closing of the former."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.app.closings import entry_members, refusing
from adapter.store.closings import Closing
from adapter.store.store import Store
from adapter.store.views import DeadLetter
from adapter.web.faults import Fault, RefusedError

MOST_SHOWN = 1000


class DeadLetters:
    """Turns what the store gave up into JSON members; ``wake`` says that somebody is due."""

    def __init__(self, store: Store, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._records = store.destinations
        self._answers = store.answers
        self._closings = store.closings
        self._clock = clock
        self._wake = wake

    async def standing(self) -> dict[str, Any]:
        """Give the dead letters and the answers that no peer took, the newest first, each with what was said last."""
        return {
            "dead_letters": [_members(one) for one in await self._records.dead_letters(MOST_SHOWN)],
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

    async def letter(self, score_id: str) -> dict[str, Any]:
        """Give the dead letter of a score, open or closed, and what persons did with it; raises RefusedError."""
        one = await self._records.dead_letter(score_id)
        if one is None:
            raise RefusedError(Fault.NOT_FOUND, "there is no dead letter of this score")
        state, closed = ("open", None) if one.closed is None else ("closed", one.closed.isoformat())
        history = [entry_members(entry) for entry in await self._closings.history(score_id)]
        return _members(one) | {"state": state, "closed": closed, "history": history}

    async def close(self, score_id: str, reason: str, client: str) -> dict[str, Any]:
        """Close the dead letter of a score; raises RefusedError."""
        with refusing():
            await self._closings.close_dead_letter(score_id, Closing(reason.strip(), client, self._clock()))
        return {"score": score_id, "dead_letter": "closed"}

    async def replay(self, by: str, reason: str, only: str | None) -> dict[str, Any]:
        """Have one or all of them delivered again, for a client and a reason; raises RefusedError where one is none."""
        count = await self._records.replay_dead(reason, self._clock(), by, only)
        answers = await self._answers.send_again(reason, self._clock(), by, only)
        if only is not None and not count + answers:
            raise RefusedError(Fault.NOT_FOUND, "no dead letter, and no answer that was given up, has this id")
        self._wake()
        return {"replayed": count, "answers": answers}


def _members(one: DeadLetter) -> dict[str, Any]:
    return {
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
