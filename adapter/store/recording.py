"""A reading is kept: what it depends on is looked up, it is written in one commit, and what follows is told."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from adapter.outcome import StoreUnavailableError
from adapter.publication import Claim
from adapter.reading import Cancelled, KeptMessage, Merged, Reading
from adapter.scoring.merges import ContradictionError
from adapter.scoring.reasons import Reason
from adapter.store import readings, standing, stated_records
from adapter.store.held_merges import HoldsByNowError
from adapter.store.messages import AfterReading
from adapter.store.reader import Reader
from adapter.store.stated_records import StatedMeanwhileError
from adapter.store.writer import Writer

LOOKS = 3
"""Whether merges can hold is looked at so many times: what decides it may be undone or said between two looks."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a message: the reading as it was kept, and a remark because of what came before it."""

    reading: Reading
    remark: Reason | None = None


class Recording:
    """Turns readings into what is kept of them. Every call may raise StoreUnavailableError and StaleClaimError."""

    def __init__(self, reader: Reader, writer: Writer, after: AfterReading) -> None:
        self._reader = reader
        self._writer = writer
        self._after = after

    async def record(self, claim: Claim, message: KeptMessage, reading: Reading) -> Recorded:
        """Replace what was read from a message before; raises ReportNotKeepableError."""
        for _ in range(LOOKS):
            with suppress(HoldsByNowError, StatedMeanwhileError):
                return await self._record_one(claim, message, await self._settled(reading))
        raise StoreUnavailableError("what others say of the same records changes all the time: tried again later")

    async def _record_one(self, claim: Claim, message: KeptMessage, settled: readings.Settled) -> Recorded:
        try:
            (recorded,) = await self._record(claim, [(message, settled)])
        except ContradictionError:
            (recorded,) = await self._record(claim, [(message, settled.contradictory())])
        return recorded

    async def record_all(self, claim: Claim, several: Sequence[tuple[KeptMessage, Reading]]) -> list[Recorded]:
        """Record readings, in one commit where none depends on another; raises as `record` does, and keeps none then.

        A bare cancellation asks whether its study is known, and a merge may contradict another one: each of its own.
        """
        if any(isinstance(reading, Cancelled | Merged) for _, reading in several):
            return [await self.record(claim, message, reading) for message, reading in several]
        plain = [(message, reading) for message, reading in several if not isinstance(reading, Cancelled)]
        return await self._record(claim, [(message, readings.Settled.of(reading)) for message, reading in plain])

    async def _settled(self, reading: Reading) -> readings.Settled:
        if isinstance(reading, Cancelled) or (isinstance(reading, Merged) and reading.awaited):
            return await self._reader.read(lambda connection: settle(connection, reading))
        return readings.Settled.of(reading)

    async def _record(self, claim: Claim, several: Sequence[tuple[KeptMessage, readings.Settled]]) -> list[Recorded]:
        aftermaths = [self._after.aftermath(message, settled.reading) for message, settled in several]
        left = [
            (message, readings.left_of(message, settled, aftermath))
            for (message, settled), aftermath in zip(several, aftermaths, strict=True)
        ]
        remarks = await self._writer.write(
            lambda connection: readings.record_readings(connection, claim, left), claim.patient
        )
        for (message, _), aftermath in zip(several, aftermaths, strict=True):
            self._after.concluded(message.id, aftermath.answer)
        return [Recorded(settled.reading, remark) for (_, settled), remark in zip(several, remarks, strict=True)]


def settle(connection: Connection, reading: Reading) -> readings.Settled:
    """Turn a reading into what is kept of it.

    A cancellation that does not say of what counts for known studies, and is remembered for those still to come:
    whether the study or its cancellation arrives first must not matter, so the numbers are kept although the message
    is none of ours; not of one that is held, which a person looks at. A link to a record by its address counts when
    somebody stated that record, and waits for it otherwise.
    """
    if isinstance(reading, Merged) and reading.awaited:
        stated = stated_records.known(connection, [link.address for link in reading.awaited])
        return readings.Settled.of_links(reading, stated)
    if not isinstance(reading, Cancelled):
        return readings.Settled.of(reading)
    known = any(standing.is_known(connection, report) for report in reading.read.reports)
    return readings.Settled.of_cancellation(reading, known=known)
