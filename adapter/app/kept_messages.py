"""What the web shows of kept messages, and the closing of their problems and of their answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from adapter.app.closings import entry_members, refusing
from adapter.store.closings import Closing
from adapter.store.store import Store
from adapter.store.views import AuditEntry, MessageDetail, MessageFilter, MessageSummary
from adapter.web.faults import Fault, RefusedError

PAGE = 200


class KeptMessages:
    """Turns the store's messages into JSON members, without what they say."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def standing(self, states: tuple[str, ...], before: int | None) -> dict[str, Any]:
        """Give a page of messages, the last received first; ``next`` is None on the last page."""
        found = await self._store.messages(MessageFilter(states=states), PAGE, before)
        more = found[-1].sequence if len(found) == PAGE else None
        return {"messages": [_summary(one) for one in found], "next": more}

    async def message(self, message_id: str) -> dict[str, Any]:
        """Give a message: what became of it, by which rule, and what persons did with it."""
        detail = await self._store.message(message_id)
        if detail is None:
            raise RefusedError(Fault.NOT_FOUND, "there is no message of this id")
        return _detail(detail, await self._store.closings.history(message_id))

    async def close(self, message_id: str, reason: str, client: str) -> dict[str, Any]:
        """Close a problem; raises RefusedError."""
        with refusing():
            state = await self._store.closings.close(message_id, Closing(reason.strip(), client, self._clock()))
        return {"message": message_id, "state": state}

    async def close_answer(self, message_id: str, reason: str, client: str) -> dict[str, Any]:
        """Close an answer that was given up; raises RefusedError."""
        with refusing():
            await self._store.closings.close_answer(message_id, Closing(reason.strip(), client, self._clock()))
        return {"message": message_id, "answer": "closed"}


def _summary(one: MessageSummary) -> dict[str, Any]:
    return {
        "message": one.id,
        "received": one.received.isoformat(timespec="milliseconds"),
        "listener": one.channel,
        "format": one.format,
        "state": one.state,
        "problem": one.problem,
        "patient": one.patient,
        "size": one.size,
    }


def _detail(detail: MessageDetail, history: list[AuditEntry]) -> dict[str, Any]:
    mapping = f"{detail.mapping_id}@{detail.mapping_version}" if detail.mapping_id else None
    return _summary(detail.summary) | {
        "sender": detail.sender,
        "control_id": detail.summary.control_id,
        "sha256": detail.sha256,
        "body": detail.raw is not None,
        "place": str(detail.place),
        "rule": detail.rule,
        "mapping": mapping,
        "answer": _answer(detail),
        "notes": list(detail.notes),
        "history": [entry_members(one) for one in history],
    }


def _answer(detail: MessageDetail) -> dict[str, Any] | None:
    """What became of the answer after the reading; None: there is none."""
    if detail.application_answer is None:
        return None
    ends = (
        ("delivered", detail.application_delivered),
        ("closed", detail.application_closed),
        ("given-up", detail.application_given_up),
    )
    state, at = next(((state, at) for state, at in ends if at is not None), ("undelivered", None))
    since = at.isoformat(timespec="milliseconds") if at else None
    return {"state": state, "at": since, "problem": detail.application_problem}
