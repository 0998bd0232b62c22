"""What the web shows of the mappings, and what it may have done to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.app.hot_reload import Attempt, HotReload
from adapter.app.mappings_in_use import MappingsInUse
from adapter.app.offers import Offers


class MappingsControl:
    """Turns the set in use, its reload and the offers into JSON members; ``wake`` says that something is due."""

    def __init__(
        self,
        in_use: MappingsInUse,
        hot: HotReload,
        offers: Offers,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._in_use = in_use
        self._hot = hot
        self._offers = offers
        self._clock = clock
        self._wake = wake

    async def standing(self) -> dict[str, Any]:
        """Give the mappings in use, the last attempt, and the offers."""
        return {
            "since": _time(self._in_use.since),
            "notice": self._hot.notice,
            "mappings": [
                {
                    "id": mapping.form.id,
                    "version": mapping.form.version,
                    "status": mapping.form.status,
                    "sha256": mapping.sha256,
                    "file": mapping.file,
                }
                for mapping in self._in_use.current.mappings
            ],
            "last_attempt": _members(self._hot.last) if self._hot.last else None,
            "offered": [
                {
                    "message": offer.message_id,
                    "received": _time(offer.received),
                    "held_for": offer.problem,
                    "mapping": offer.mapping,
                }
                for offer in await self._offers.standing()
            ],
            "held_tried": self._offers.tried,
        }

    async def reload(self, by: str) -> dict[str, Any]:
        """Bring the files into use if they can be, for a client."""
        return _members(await self._hot.reload(f"asked for by {by}"))

    async def replay_offered(self, by: str, reason: str) -> dict[str, Any]:
        """Set what is offered back to be read anew; ``replayed`` are the messages' ids."""
        replayed = await self._offers.replay(by, reason, self._clock())
        self._wake()
        return {"replayed": replayed}


def _members(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": _time(attempt.at),
        "trigger": attempt.trigger,
        "outcome": attempt.outcome.value,
        "faults": list(attempt.faults),
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
