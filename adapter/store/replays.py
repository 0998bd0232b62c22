"""Replay: messages are set back to be read anew, a patient's together; and what a reading would change is looked up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, case, func, insert, literal, select, update

from adapter.publication import Delivered
from adapter.reading import Reading
from adapter.scoring.report import KeptReport, PetReport
from adapter.store import deliveries, identities, patients, recording
from adapter.store.codec import milliseconds, report_from_text, storable
from adapter.store.listing import conditions
from adapter.store.messages import MAPPING, NOTHING_READ, RECEIVED, version_line
from adapter.store.reader import Reader
from adapter.store.readings import Settled
from adapter.store.schema import audit, message, patient, report
from adapter.store.views import MessageFilter
from adapter.store.writer import Writer

REPLAYED, REPLAYED_AS_SENT = "replay", "replay-as-sent"
"""What the audit calls a message set back: to be read with the mappings in use, or with the one that read it."""

AT_A_TIME = 500
"""Messages in one statement: a test patient may have more than a statement takes."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The messages of one page: after a sequence, up to another, so many patients' first ones at the most."""

    after: int
    through: int
    limit: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One message that a filter finds; ``mapping`` is what read it, as a line of versions.lock (empty: none did)."""

    sequence: int
    id: str
    state: str
    mapping: str


@dataclass(frozen=True, slots=True)
class Found:
    """One page: the messages of each patient who is on it, and the last sequence looked at (None: there is no more)."""

    patients: dict[str, list[Candidate]]
    last: int | None


@dataclass(frozen=True, slots=True)
class Why:
    """Who has messages read anew, why and when; ``as_sent``: with the mapping that each was read with."""

    reason: str
    by: str
    at: datetime
    as_sent: bool = False


@dataclass(frozen=True, slots=True)
class Supposed:
    """Reports that would stand in place of those of some messages (their sequences)."""

    replaced: frozenset[int]
    reports: tuple[KeptReport, ...]


class ReplayRecords:
    """Finds messages, sets them back, and supposes what they say; every call may raise StoreUnavailableError."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def newest(self) -> int:
        """Give the sequence of the last message that came."""
        return await self._reader.read(lambda connection: connection.scalar(select(func.max(message.c.sequence))) or 0)

    async def unread(self, most: int) -> int:
        """Count the messages that wait to be read, no further than ``most``."""
        some = select(literal(1)).where(message.c.state == RECEIVED).limit(most).subquery()
        counted = select(func.count()).select_from(some)
        return await self._reader.read(lambda connection: connection.scalar(counted) or 0)

    async def find(self, filters: MessageFilter, stretch: Stretch) -> Found:
        """List what a filter finds, the oldest first and a patient's all together, where the first of them stands."""
        return await self._reader.read(lambda connection: find(connection, filters, stretch))

    async def bodiless(self, filters: MessageFilter, through: int) -> int:
        """Count the messages that a filter finds and of which no bytes are kept: they can never be read anew."""
        gone = [*conditions(filters), message.c.sequence <= through, message.c.raw.is_(None)]
        counted = select(func.count()).select_from(message).where(*gone)
        return await self._reader.read(lambda connection: connection.scalar(counted) or 0)

    async def set_back(self, key: str, sequences: Sequence[int], why: Why) -> int:
        """Set messages of one patient back to be read anew, in one commit; gives how many."""
        return await self._writer.write(lambda connection: set_back(connection, key, sequences, why), key)

    async def settle(self, reading: Reading) -> Settled:
        """Turn a reading into what would be kept of it."""
        return await self._reader.read(lambda connection: recording.settle(connection, reading))

    async def reports_of(self, sequence: int) -> list[PetReport]:
        """List the reports that are kept of one message."""
        found = select(report.c.body).where(report.c.message == sequence).order_by(report.c.position)
        return await self._reader.read(lambda connection: [report_from_text(one) for one in connection.scalars(found)])

    async def suppose(self, keys: Collection[str], supposed: Supposed) -> dict[str, list[KeptReport]]:
        """Turn records into the reports that would be published of each patient whose they are."""
        return await self._reader.read(lambda connection: suppose(connection, keys, supposed))

    async def delivered(self, key: str) -> list[Delivered]:
        """List what stands at the destination for the patient."""
        return await self._reader.read(lambda connection: deliveries.delivered(connection, key))


def find(connection: Connection, filters: MessageFilter, stretch: Stretch) -> Found:
    """List a page of what a filter finds; a patient whose first message stands before the page was on one before."""
    wanted = [*conditions(filters), message.c.sequence <= stretch.through, message.c.raw.is_not(None)]
    page = select(message.c.sequence, message.c.patient).where(*wanted, message.c.sequence > stretch.after)
    rows = connection.execute(page.order_by(message.c.sequence).limit(stretch.limit)).all()
    last = rows[-1].sequence if len(rows) == stretch.limit else None
    keys = {row.patient for row in rows}
    columns = (message.c[name] for name in ("patient", "sequence", "id", "state"))
    whole = select(*columns, *MAPPING).where(*wanted, message.c.patient.in_(keys))
    found = connection.execute(whole.order_by(message.c.patient, message.c.sequence)) if keys else ()
    by_patient = {key: [_candidate(*row) for row in of_one] for key, of_one in groupby(found, lambda row: row.patient)}
    return Found({key: of_one for key, of_one in by_patient.items() if of_one[0].sequence > stretch.after}, last)


def _candidate(_patient: str, sequence: int, id_: str, state: str, *mapping: str | None) -> Candidate:
    return Candidate(sequence, id_, state, version_line(*mapping))


def replay(connection: Connection, message_id: str, why: Why) -> bool:
    """Set one message back to be read anew. False: there is none, or no bytes of it."""
    this = message.c.id == message_id
    found = connection.execute(select(message.c.sequence, message.c.patient).where(this)).one_or_none()
    return found is not None and set_back(connection, found.patient, [found.sequence], why) > 0


def set_back(connection: Connection, key: str, sequences: Sequence[int], why: Why) -> int:
    """Set messages of one patient back to be read anew; their reports stand until then. Gives how many have bytes."""
    claimed = connection.scalar(select(patient.c.claimed).where(patient.c.key == key).with_for_update())
    # A worker may hold a message in hand, read by the mapping of a minute ago: then once more after it.
    in_hand = case((message.c.state == RECEIVED, claimed is not None), else_=False)
    forgotten = {name: value for name, value in NOTHING_READ.items() if not (why.as_sent and name in _NAMES)}
    values = forgotten | {"state": RECEIVED, "read_again": in_hand}
    ids: list[str] = []
    for start in range(0, len(sequences), AT_A_TIME):
        these = message.c.sequence.in_(sequences[start : start + AT_A_TIME]) & (message.c.patient == key)
        changed = update(message).where(these, message.c.raw.is_not(None)).values(values).returning(message.c.id)
        ids += sorted(connection.scalars(changed))
    if ids:
        patients.mark(connection, [key], milliseconds(why.at))
        connection.execute(insert(audit), [_audited(why) | {"subject": one} for one in ids])
    return len(ids)


def _audited(why: Why) -> dict[str, object]:
    action = REPLAYED_AS_SENT if why.as_sent else REPLAYED
    return {"at": milliseconds(why.at), "action": action, "reason": storable(why.reason), "by": storable(why.by)}


_NAMES = frozenset(column.name for column in MAPPING)


def suppose(connection: Connection, keys: Collection[str], supposed: Supposed) -> dict[str, list[KeptReport]]:
    """Turn records into the reports that would be published of their patients, in order of arrival."""
    return {key: _supposed_of(connection, key, supposed) for key in identities.survivor_keys(connection, keys)}


def _supposed_of(connection: Connection, key: str, supposed: Supposed) -> list[KeptReport]:
    survivor, records = identities.records_of(connection, key)
    standing = (one for record in records for one in deliveries.own_reports(connection, record))
    staying = [one for one in standing if one.sequence not in supposed.replaced]
    new = [one for one in supposed.reports if one.report.patient.key in records]
    return identities.of_survivor([*staying, *new], survivor)
