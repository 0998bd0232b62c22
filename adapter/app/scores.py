"""What the web shows of scores, and the decisions of persons on them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.decision import Decision
from adapter.fhir.rendering import Verdict
from adapter.store.confirmations import Decided, NoSuchScoreError, NotDecidableError, OutdatedDecisionError
from adapter.store.store import Store
from adapter.store.views import ScoreSummary
from adapter.web.faults import Fault, RefusedError
from adapter.web.scores import DecisionRequest

MOST_SHOWN = 1000
SHOWN = ("outcome", "grade", "group", "bounds", "reasons", "review_required", "interval_days", "waits_for")


class Scores:
    """Turns the store's scores into JSON members; ``wake`` says that somebody is due."""

    def __init__(self, store: Store, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake

    async def standing(self, states: tuple[str, ...]) -> dict[str, Any]:
        """Give the scores in these states (none: all but superseded ones), the last changed first."""
        return {"scores": [_members(one) for one in await self._store.scores(states, limit=MOST_SHOWN)]}

    async def waiting(self) -> dict[str, Any]:
        """Give what waits: for its partner, by which half is missing and until when; or for a report to be final."""
        return {"waiting": [_waiting(one) for one in await self._store.scores(("waiting",), limit=MOST_SHOWN)]}

    async def decide(self, score_id: str, asked: DecisionRequest, client: str) -> dict[str, Any]:
        """Keep a person's decision; raises RefusedError."""
        verdict = Verdict(asked.verdict)
        decision = Decision(asked.seen, verdict, asked.person.strip(), self._clock(), asked.reason.strip(), asked.grade)
        try:
            await self._store.decide(Decided(score_id, decision, client))
        except NoSuchScoreError as error:
            raise RefusedError(Fault.NOT_FOUND, str(error)) from None
        except NotDecidableError as error:
            raise RefusedError(Fault.NOT_DECIDABLE, str(error)) from None
        except OutdatedDecisionError as error:
            raise RefusedError(Fault.OUTDATED, str(error)) from None
        self._wake()
        return {"score": score_id, "verdict": asked.verdict}


def _waiting(score: ScoreSummary) -> dict[str, Any]:
    half = score.summary.get("waits_for")
    return {
        "patient": score.patient,
        "score": score.score_id,
        "waits_for": f"{half} study" if half else "final report",
        "until": score.summary.get("waits_until"),
        "since": score.updated.isoformat(timespec="milliseconds"),
    }


def _members(score: ScoreSummary) -> dict[str, Any]:
    summary = score.summary
    members: dict[str, Any] = {"score": score.score_id, "patient": score.patient, "state": score.state}
    members |= {"updated": score.updated.isoformat(timespec="milliseconds")}
    members |= {name: summary.get(name) for name in (*SHOWN, "basis", "decision")}
    return members | ({"group_changed_from": summary["group_changed_from"]} if "group_changed_from" in summary else {})
