"""Held messages that the mappings in use could read by now: found in the background, replayed on a person's word."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapter.reading import KeptMessage, Read, Reading
from adapter.store.views import MessageDetail, MessageFilter, MessageSummary
from adapter.telemetry import Telemetry

MOST = 1000
"""Held messages that are tried, the last received first: the pass ends, whatever has piled up."""
AT_A_TIME = 50
"""Read from the store together."""
HELD = MessageFilter(states=("held",))


class HeldStore(Protocol):
    """What holds the messages."""

    async def messages(
        self, filters: MessageFilter, limit: int = 50, before: int | None = None
    ) -> list[MessageSummary]:
        """List messages, the last received first."""
        ...

    async def message(self, message_id: str) -> MessageDetail | None:
        """Turn an id into all that is known of the message."""
        ...

    async def replay(self, message_id: str, reason: str, at: datetime, by: str = "") -> bool:
        """Set a message back to be read anew."""
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A held message that would be read if it were replayed, and by which mapping."""

    message_id: str
    received: datetime
    problem: str
    mapping: str


class Offers:
    """Tries held messages against the mappings in use without changing them, whenever it is told to look."""

    def __init__(self, store: HeldStore, read: Callable[[KeptMessage], Reading], telemetry: Telemetry) -> None:
        self._store = store
        self._read = read
        self._telemetry = telemetry
        self._told = asyncio.Event()
        self._found: tuple[Offer, ...] = ()
        self.tried = 0

    def look(self) -> None:
        """Say that messages may be readable now that were not before."""
        self._told.set()

    async def run(self) -> None:
        """Look whenever told to, until cancelled; a look that fails is made again when told the next time."""
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                self._found = tuple(await self._offers())
            except Exception as error:  # noqa: BLE001 - nothing depends on an offer, and looking must not end
                self._telemetry.failed("offers")
                self._telemetry.warn("offers-failed", error=type(error).__name__)
                continue
            self._telemetry.offered(len(self._found))
            if self._found:
                self._telemetry.say("replay-offered", count=len(self._found))

    async def standing(self) -> list[Offer]:
        """List the offers whose messages are still held; raises StoreUnavailableError."""
        if not self._found:
            return []
        held = {one.id for one in await self._store.messages(HELD, MOST)}
        self._found = tuple(offer for offer in self._found if offer.message_id in held)
        self._telemetry.offered(len(self._found))
        return list(self._found)

    async def replay(self, by: str, reason: str, at: datetime) -> list[str]:
        """Set every message that is offered back to be read anew; gives their ids. Raises StoreUnavailableError."""
        ids = [offer.message_id for offer in await self.standing()]
        return [one for one in ids if await self._store.replay(one, reason, at, by)]

    async def _offers(self) -> list[Offer]:
        found: list[Offer] = []
        self.tried, before = 0, None
        while self.tried < MOST:
            page = await self._store.messages(HELD, min(AT_A_TIME, MOST - self.tried), before)
            if not page:
                break
            found += await self._readable(page)
            self.tried, before = self.tried + len(page), page[-1].sequence
        return found

    async def _readable(self, page: Sequence[MessageSummary]) -> list[Offer]:
        offers = []
        for summary in page:
            detail = await self._store.message(summary.id)
            reading = await asyncio.to_thread(self._read, kept_message(detail)) if detail else None
            if isinstance(reading, Read):
                mapping = f"{reading.mapping_id}@{reading.mapping_version}"
                offers.append(Offer(summary.id, summary.received, summary.problem or "", mapping))
        return offers


def kept_message(detail: MessageDetail) -> KeptMessage:
    """Turn all that is known of a message into what a reading needs of it."""
    summary = detail.summary
    return KeptMessage(
        id=summary.id,
        sequence=summary.sequence,
        channel=summary.channel,
        format=summary.format,
        raw=detail.raw or b"",
        received=summary.received,
        control_id=summary.control_id,
        processing_id=summary.processing_id,
        patient=summary.patient,
        sha256=detail.sha256,
        sender=detail.sender,
    )
