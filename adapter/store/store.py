"""The store: every call that the pages, the web and the command line make, each one commit or one consistent view."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from adapter.arrival import Arrival, Kept
from adapter.delivery import Answer, SentMessage
from adapter.fhir.resource import Resource
from adapter.fhir.resource_filter import Page, ResourceFilter
from adapter.outcome import StoreUnavailableError
from adapter.publication import Claim, Delivered, Publication, StaleClaimError
from adapter.reading import KeptMessage, Reading
from adapter.scoring.report import KeptReport
from adapter.store import (
    clocks,
    confirmations,
    deliveries,
    listing,
    messages,
    patients,
    replays,
    resources,
    sent_messages,
)
from adapter.store.answers import AnswerRecords
from adapter.store.at_hand import AtHand, at_hand
from adapter.store.closings import ClosingRecords
from adapter.store.confirmations import Decided
from adapter.store.destinations import DestinationRecords
from adapter.store.leases import LeaseRecords
from adapter.store.messages import AfterReading, NothingFollows
from adapter.store.opening import Opened, Premises, open_database
from adapter.store.reader import Reader
from adapter.store.recording import Recorded, Recording
from adapter.store.retention import RetentionRecords
from adapter.store.schema import insert_into, probe
from adapter.store.subscriptions import SourceRecords
from adapter.store.views import (
    AuditEntry,
    Counts,
    Lane,
    MessageDetail,
    MessageFilter,
    MessageSummary,
    ScoreSummary,
    ScoreVersion,
)
from adapter.store.writer import Writer

ALL_MESSAGES = MessageFilter()
NOTHING_FOLLOWS = NothingFollows()
PREMISES = Premises()


class Store:
    """Keeps what came in and what became of it. A write has returned only when it is on disk.

    Every call may raise StoreUnavailableError; a write under a claim that no longer stands raises StaleClaimError and
    changes nothing. ``warnings`` are what an operator should know of this database.
    """

    def __init__(self, opened: Opened, after: AfterReading) -> None:
        self._opened = opened
        self._reader = Reader(opened.engines.reader)
        self._writer = Writer(opened.engines.writer)
        self._recording = Recording(self._reader, self._writer, after)
        self.destinations = DestinationRecords(self._reader, self._writer)
        self.sources = SourceRecords(self._reader, self._writer)
        shared = opened.engines.writer.dialect.name == "postgresql"
        self.answers = AnswerRecords(self._reader, self._writer)
        self.leases = LeaseRecords(self._reader, self._writer, shared=shared)
        self.replays = replays.ReplayRecords(self._reader, self._writer)
        self.closings = ClosingRecords(self._reader, self._writer)
        self.retention = RetentionRecords(self._reader, self._writer)
        self.warnings = opened.warnings

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        after: AfterReading = NOTHING_FOLLOWS,
        premises: Premises = PREMISES,
    ) -> "Store":
        """Turn ``sqlite:///var/netpet.db`` or ``postgresql://user@host/netpet`` into an open store of this schema.

        Raises StoreUnavailableError for what cannot be durable (settings, network file system), for a second process
        on SQLite and for a newer schema; its text says what to do. ``after`` decides what follows on a reading.
        """
        return cls(await asyncio.to_thread(open_database, url, premises), after)

    async def close(self) -> None:
        """Write what was asked for so far, and let go of the file."""
        await self._reader.close()
        await self._writer.close()
        await asyncio.to_thread(self._opened.close)

    async def check(self, within: timedelta = timedelta(seconds=5)) -> None:
        """Prove that a write reaches the disk; raises StoreUnavailableError when it does not, or not in time."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self._writer.write(_probe)
        except TimeoutError:
            raise StoreUnavailableError("the disk did not confirm a write in time: check its load and health") from None

    # intake

    async def keep(self, arrival: Arrival) -> Kept:
        """Turn an arrival into a kept message and mark its patient; a message that is there already changes nothing.

        Raises ControlIdReusedError, and keeps nothing, where the arrival says so.
        """
        row, reuse = messages.arrival_row(arrival), messages.Reuse.of(arrival)
        return await self._writer.write(lambda connection: messages.keep(connection, row, reuse), row["patient"])

    async def mark_delivered(self, message_id: str, at: datetime) -> None:
        """Note that the sender got the application level answer of a message."""
        await self.answers.delivered(message_id, at)

    # the lanes

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
        """Take the patients that are due, the longest due first, for as long as the lease."""
        return await self._writer.write(lambda connection: patients.claim(connection, now, limit, lease))

    async def renew(self, claims: Sequence[Claim], now: datetime, lease: timedelta) -> None:
        """Extend leases; those that still stand are extended even when the StaleClaimError names others."""
        stale = await self._writer.write(lambda connection: patients.renew(connection, claims, now, lease))
        if stale:
            raise StaleClaimError(*stale)

    async def settle(self, claim: Claim, due: datetime | None) -> None:
        """Give a claim back as done until ``due`` (None: until a mark). What came meanwhile makes it due at once."""
        await self._writer.write(lambda connection: patients.settle(connection, claim, due), claim.patient)

    async def postpone(self, claim: Claim, due: datetime, problem: str) -> None:
        """Give a claim back as failed; the next claim carries the count of attempts. A mark ends the back-off."""
        await self._writer.write(lambda connection: patients.postpone(connection, claim, due, problem), claim.patient)

    async def hasten(self, now: datetime) -> int:
        """Make every patient due whose work failed and who waits to be tried again; gives how many."""
        return await self._writer.write(lambda connection: patients.hasten(connection, now))

    async def set_right(self, now: datetime, longest: timedelta, lease: timedelta) -> int:
        """Make due what a clock that was set back since put off for too long; gives how many patients that were."""
        return await self._writer.write(lambda connection: clocks.set_right(connection, now, longest, lease))

    # reading

    async def unread(self, patient: str, limit: int = 100) -> list[KeptMessage]:
        """List a patient's messages that wait to be read, in the order of their arrival."""
        return await self._reader.read(lambda connection: messages.unread(connection, [patient], limit))

    async def at_hand(self, patients: Sequence[str], limit: int = 100) -> dict[str, AtHand]:
        """Turn patients into what is known of each, with so many unread messages in all; merged ones are left out."""
        return await self._reader.read(lambda connection: at_hand(connection, patients, limit))

    async def record_readings(self, claim: Claim, several: Sequence[tuple[KeptMessage, Reading]]) -> list[Recorded]:
        """Record what was read from a patient's messages, in one commit where that can be; as `record_reading`."""
        return await self._recording.record_all(claim, several)

    async def record_reading(self, claim: Claim, message: KeptMessage, reading: Reading) -> Recorded:
        """Replace what was read from a message before, and mark every other patient whom that concerns.

        The claim's own patient is not marked: its holder brings it up to date before giving the claim back. Raises
        ReportNotKeepableError for a report that would not come back as it is.
        """
        return await self._recording.record(claim, message, reading)

    async def replay(self, message_id: str, reason: str, at: datetime, by: str = "") -> bool:
        """Set a message back to be read anew; False when there is none, or an ignored one whose body was not kept."""
        why = replays.Why(reason, by, at)
        return await self._writer.write(lambda connection: replays.replay(connection, message_id, why))

    # publication

    async def reports(self, patient: str) -> list[KeptReport]:
        """List all report versions of a patient, in the order of arrival."""
        return await self._reader.read(lambda connection: deliveries.reports(connection, patient))

    async def delivered(self, patient: str) -> list[Delivered]:
        """List what stands at the destination for the patient."""
        return await self._reader.read(lambda connection: deliveries.delivered(connection, patient))

    async def record_delivery(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Keep a score as it now stands, and its version when the digest or the state is a new one."""
        record = deliveries.ScoreRecord.of(publication)
        await self._writer.write(
            lambda connection: deliveries.record_delivery(connection, claim, record, at), claim.patient
        )

    # result messages out

    async def last_sent(self, score_id: str) -> SentMessage | None:
        """Give the last message of a score; None when there was none."""
        return await self._reader.read(lambda connection: sent_messages.last(connection, score_id))

    async def keep_sent(self, claim: Claim, message: SentMessage) -> None:
        """Keep a message that is about to be sent."""
        await self._writer.write(lambda connection: sent_messages.keep(connection, claim, message), claim.patient)

    async def record_answer(self, message: SentMessage, answer: bytes, accepted: bool, at: datetime) -> None:
        """Keep what a message was answered; an accept stays one, whatever is answered to its repetition."""
        await self._writer.write(lambda connection: sent_messages.answer(connection, message, answer, accepted, at))

    async def bury(self, claim: Claim, publication: Publication, answer: Answer, at: datetime) -> None:
        """Keep that a destination does not take a score: a dead letter, until its patient is marked."""
        await self.destinations.bury(claim, publication, answer, at)

    # the embedded destination

    async def put_resources(self, claim: Claim | None, patient: str, given: Sequence[Resource], at: datetime) -> None:
        """Serve a publication's resources from now on, all or none; what did not change keeps version and time."""
        served = resources.served(given, patient)
        await self._writer.write(
            lambda connection: resources.put_resources(connection, claim, patient, served, at), patient
        )

    async def serve(self, claim: Claim, publication: Publication, at: datetime) -> None:
        """Serve a publication's resources and record it, both or neither."""
        served = resources.served(publication.resources, publication.patient, publication.texts)
        record = deliveries.ScoreRecord.of(publication)
        await self._writer.write(lambda connection: _serve(connection, claim, record, served, at), claim.patient)

    async def read_resource(self, type_: str, id_: str) -> Resource | None:
        """Turn a type and an id into the resource as served (numbers with a point are Decimals), or None."""
        return await self._reader.read(lambda connection: resources.read_resource(connection, type_, id_))

    async def resource_history(self, type_: str, id_: str) -> list[Resource]:
        """List all versions of a resource, the newest first."""
        return await self._reader.read(lambda connection: resources.history(connection, type_, id_))

    async def search_resources(self, type_: str, filters: ResourceFilter, limit: int, offset: int = 0) -> Page:
        """Find the resources of a type that fit, the newest first, and count them all."""
        return await self._reader.read(lambda connection: resources.search(connection, type_, filters, limit, offset))

    # pages, command line, metrics

    async def messages(
        self, filters: MessageFilter = ALL_MESSAGES, limit: int = 50, before: int | None = None
    ) -> list[MessageSummary]:
        """List messages, the last received first; ``before`` is the sequence of the last one seen."""
        return await self._reader.read(lambda connection: listing.messages(connection, filters, limit, before))

    async def message(self, message_id: str) -> MessageDetail | None:
        """Turn a message's id into all that is known of it, or None."""
        return await self._reader.read(lambda connection: listing.message_detail(connection, message_id))

    async def scores(
        self,
        states: tuple[str, ...] = (),
        patient: str | None = None,
        limit: int = 50,
        before: tuple[datetime, str] | None = None,
    ) -> list[ScoreSummary]:
        """List scores as `deliveries.scores` does, the last changed first."""
        return await self._reader.read(lambda connection: deliveries.scores(connection, states, patient, limit, before))

    async def decide(self, decided: Decided) -> None:
        """Keep what a person decided on a score; raises what `confirmations.decide` does."""
        await self._writer.write(lambda connection: confirmations.decide(connection, decided))

    async def score_history(self, score_id: str) -> list[ScoreVersion]:
        """List the versions that a score has had, the first one first."""
        return await self._reader.read(lambda connection: deliveries.score_history_of(connection, score_id))

    async def waiting(self, limit: int = 50) -> list[Lane]:
        """List the patients with work to come, the longest due first."""
        return await self._reader.read(lambda connection: patients.waiting(connection, limit))

    async def counts(self) -> Counts:
        """Count messages and scores by state, and the patients that wait or fail."""
        return await self._reader.read(listing.counts)

    async def audit_trail(self, limit: int = 50) -> list[AuditEntry]:
        """List what persons did, the last first."""
        return await self._reader.read(lambda connection: listing.audit_trail(connection, limit))


def _serve(
    connection: Connection,
    claim: Claim,
    record: deliveries.ScoreRecord,
    served: Sequence[resources.Served],
    at: datetime,
) -> None:
    resources.put_resources(connection, claim, record.patient, served, at)
    deliveries.keep_score(connection, record, at)


def _probe(connection: Connection) -> None:
    row = insert_into(connection.dialect.name, probe).values(id=1, writes=1)
    one_more = {"writes": probe.c.writes + 1}
    connection.execute(row.on_conflict_do_update(index_elements=[probe.c.id], set_=one_more))
