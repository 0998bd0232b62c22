"""Replay on a person's word: messages are set back page by page, no faster than they are read, or only previewed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.app.replay_mappings import KnownMappings
from adapter.app.replay_preview import Preview, PreviewStore
from adapter.store.replays import Candidate, Found, Stretch, Why
from adapter.store.views import MessageFilter
from adapter.web.faults import Fault, RefusedError
from adapter.web.replays import MessagesReplay, PreviewRequest

SET_BACK_AT_ONCE = 100
PREVIEWED_AT_ONCE = 10
"""Messages of one page; the others of their patients are on it too."""
MOST_UNREAD = 300
"""While so many wait to be read no more are set back: what a sender brings then waits about a second behind them."""
ALL_BUT_CLOSED = ("received", "read", "held", "ignored")
"""A problem that a person has closed is not opened again unless it is asked for."""

NOT_KEPT, NEVER_READ, NOT_HERE = "not-kept", "never-read", "mapping-not-here"
"""Why a message is not replayed: no bytes; as sent, but no mapping read it; as sent, and its mapping is gone."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is done of a replay at one time: the messages by patient, those left out, and where the next page begins."""

    patients: dict[str, list[Candidate]]
    left: Counter[tuple[str, str]]
    after: int
    through: int
    is_last: bool

    def members(self) -> dict[str, Any]:
        """Turn it into JSON members, without its patients."""
        left = [{"why": why, "mapping": mapping or None, "count": count} for (why, mapping), count in self.left.items()]
        return {"left": left, "after": self.after, "through": self.through, "done": self.is_last}


class Replays:
    """Has messages read anew by the worker, or shows what that would change; ``wake`` says that somebody is due."""

    def __init__(
        self,
        store: PreviewStore,
        known: KnownMappings,
        preview: Preview,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._records = store.replays
        self._known = known
        self._preview = preview
        self._clock = clock
        self._wake = wake

    async def replay(self, by: str, asked: MessagesReplay) -> dict[str, Any]:
        """Set a page back, a patient's messages in one commit; while many wait to be read, none of it yet."""
        unread = await self._records.unread(MOST_UNREAD)
        if unread >= MOST_UNREAD:
            through = await self._through(asked)
            page = Page({}, Counter(), asked.after, through, is_last=False)
            return page.members() | {"replayed": 0, "unread": unread}
        page = await self._page(asked, SET_BACK_AT_ONCE)
        why = Why(asked.reason, by, self._clock(), as_sent=asked.read_with == "as-sent")
        replayed = await asyncio.gather(
            *(self._records.set_back(key, _sequences(found), why) for key, found in page.patients.items())
        )
        self._wake()
        return page.members() | {"replayed": sum(replayed), "unread": unread}

    async def preview(self, asked: PreviewRequest) -> dict[str, Any]:
        """Show what a page would change; nothing is written and nothing delivered."""
        page = await self._page(asked, PREVIEWED_AT_ONCE)
        candidates = [one for found in page.patients.values() for one in found]
        would = await self._preview.of_messages(candidates, as_sent=asked.read_with == "as-sent")
        return page.members() | would

    async def _page(self, asked: PreviewRequest, limit: int) -> Page:
        filters, through = _filter(asked), await self._through(asked)
        found = await self._records.find(filters, Stretch(asked.after, through, limit))
        gone = await self._records.bodiless(filters, through) if asked.after == 0 else 0
        if asked.message is not None and not found.patients and not gone:
            raise RefusedError(Fault.NOT_FOUND, "there is no message of this id")
        left = Counter({(NOT_KEPT, ""): gone} if gone else {})
        patients = self._as_sent(found, left) if asked.read_with == "as-sent" else found.patients
        after = through if found.last is None else found.last
        return Page(patients, left, after, through, is_last=found.last is None)

    async def _through(self, asked: PreviewRequest) -> int:
        """What comes after the first page was asked for is read with the mappings in use anyway."""
        return await self._records.newest() if asked.through is None else asked.through

    def _as_sent(self, found: Found, left: Counter[tuple[str, str]]) -> dict[str, list[Candidate]]:
        """Leave out what cannot be read as it was, and count it."""
        patients = {}
        for key, candidates in found.patients.items():
            reasons = [(one, self._hindrance(one)) for one in candidates]
            left.update(reason for _, reason in reasons if reason is not None)
            patients[key] = [one for one, reason in reasons if reason is None]
        return {key: candidates for key, candidates in patients.items() if candidates}

    def _hindrance(self, one: Candidate) -> tuple[str, str] | None:
        if not one.mapping:
            return None if one.state == "read" else (NEVER_READ, "")  # a merge of records is read by no mapping
        return None if self._known.alone(one.mapping) else (NOT_HERE, one.mapping.partition(" ")[0])


def _sequences(candidates: Sequence[Candidate]) -> list[int]:
    return [one.sequence for one in candidates]


def _filter(asked: PreviewRequest) -> MessageFilter:
    mapping, _, version = (asked.mapping or "").partition("@")
    return MessageFilter(
        states=asked.state or (() if asked.message else ALL_BUT_CLOSED),
        id=asked.message,
        mapping_id=mapping or None,
        mapping_version=version or None,
        sender=asked.sender,
        channel=asked.channel,
        problem=None if asked.reason_code is None else asked.reason_code.value,
        received_from=asked.since,
        received_before=asked.until,
    )
