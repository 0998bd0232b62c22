"""What we know of other servers: where our resources are there, and what they refused."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update

from adapter.delivery import Answer, Placement
from adapter.publication import ON_ITS_WAY, Claim, Publication
from adapter.store import patients
from adapter.store.codec import dump, load, milliseconds, moment, storable
from adapter.store.prepared import Prepared
from adapter.store.reader import Reader
from adapter.store.schema import audit, dead_letter, insert_into, placement, score
from adapter.store.views import DeadLetter
from adapter.store.writer import Writer

NOBODYS = ""
"""The score that a shared resource (a Device) belongs to."""
_UNDELIVERED = select(score.c.id).where(score.c.id == dead_letter.c.score, score.c.state == ON_ITS_WAY)
IS_DEAD = _UNDELIVERED.correlate(dead_letter).exists()
"""A dead letter whose score was neither delivered nor withdrawn since."""
SEEN_TO = func.coalesce(dead_letter.c.closed, -1) >= dead_letter.c.at
"""A person closed it; versions of this program that know of no closing leave ``closed`` behind a later failure."""
OPEN_LETTER = and_(IS_DEAD, ~SEEN_TO)
"""One that nobody has seen to."""


class DestinationRecords:
    """Keeps placements and dead letters; every call may raise StoreUnavailableError, a write StaleClaimError."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def placements(self, destination: str, names: Sequence[tuple[str, str]]) -> list[Placement]:
        """List what is known of these resources (type, id) at a destination."""
        return await self._reader.read(lambda connection: placements(connection, destination, names))

    async def place(
        self, claim: Claim, destination: str, score_id: str, placed: Sequence[Placement], at: datetime
    ) -> None:
        """Keep what is known of resources now; the former knowledge of them is replaced."""
        await self._writer.write(
            lambda connection: place(connection, claim, (destination, score_id), placed, at), claim.patient
        )

    async def bury(self, claim: Claim, publication: Publication, answer: Answer, at: datetime) -> None:
        """Keep that a score was refused, or given up: it is delivered again when its patient is marked."""
        await self._writer.write(lambda connection: bury(connection, claim, publication, answer, at), claim.patient)

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """List the scores that their destination did not take and that nobody closed, the newest first."""
        return await self._reader.read(lambda connection: dead_letters(connection, limit))

    async def dead_letter(self, score_id: str) -> DeadLetter | None:
        """Give the dead letter of a score, open or closed; None: it has none."""
        return await self._reader.read(lambda connection: dead_letter_of(connection, score_id))

    async def replay_dead(self, reason: str, at: datetime, by: str = "", score_id: str | None = None) -> int:
        """Make the patients of dead letters due, of a score, even a closed one, or of all that are open; how many."""
        return await self._writer.write(lambda connection: replay_dead(connection, (reason, by), at, score_id))


def placements(connection: Connection, destination: str, names: Sequence[tuple[str, str]]) -> list[Placement]:
    """List what is known of these resources at a destination."""
    ids = sorted({id_ for _, id_ in names})
    wanted = set(names)
    rows = connection.execute(select(placement).where(placement.c.destination == destination, placement.c.id.in_(ids)))
    found = [Placement(row.type, row.id, row.server_id, row.version, row.digest) for row in rows]
    return [one for one in found if (one.type, one.id) in wanted]


def place(
    connection: Connection, claim: Claim, owner: tuple[str, str], placed: Iterable[Placement], at: datetime
) -> None:
    """Replace what was known of these resources; ``owner`` is their destination and their score."""
    patients.require(connection, claim, claim.patient)
    destination, score_id = owner
    row = insert_into(connection.dialect.name, placement)
    names = ("score", "server_id", "version", "digest", "at")
    replaced = row.on_conflict_do_update(
        index_elements=[placement.c.destination, placement.c.type, placement.c.id],
        set_={name: row.excluded[name] for name in names},
    )
    rows = [
        {
            "destination": destination,
            "type": one.type,
            "id": one.id,
            "score": score_id,
            "server_id": one.server_id,
            "version": one.version,
            "digest": one.digest,
            "at": milliseconds(at),
        }
        for one in placed
    ]
    if rows:
        connection.execute(replaced, rows)


def bury(connection: Connection, claim: Claim, publication: Publication, answer: Answer, at: datetime) -> None:
    """Keep the last answer about a score; it replaces the one before, unless a person closed the same problem."""
    patients.require(connection, claim, publication.patient)
    if _was_closed(connection, publication):
        return
    values: dict[str, Any] = {
        "patient": publication.patient,
        "digest": publication.digest,
        "attempts": claim.attempts + 1,
        "failing_since": milliseconds(claim.failing_since or at),
        "at": milliseconds(at),
        "status": answer.status,
        "codes": dump(list(answer.codes)),
        "expressions": dump(list(answer.expressions)),
        "rule": answer.rule,
        "closed": None,
    }
    row = insert_into(connection.dialect.name, dead_letter).values(score=publication.score_id, **values)
    connection.execute(row.on_conflict_do_update(index_elements=[dead_letter.c.score], set_=values))


def forget_dead(connection: Connection, score_id: str) -> None:
    """Forget that a score was not taken: it is delivered now, or no longer to be."""
    _FORGET.change(connection, {"this": score_id})


_FORGET = Prepared(lambda _: delete(dead_letter).where(dead_letter.c.score == bindparam("this")))


def _was_closed(connection: Connection, publication: Publication) -> bool:
    """Has a person closed the dead letter of these very resources, and did nothing about the score change since?"""
    changed = select(score.c.updated).where(score.c.id == dead_letter.c.score).correlate(dead_letter).scalar_subquery()
    this = dead_letter.c.score == publication.score_id, dead_letter.c.digest == publication.digest
    same = select(dead_letter.c.score).where(*this, SEEN_TO, IS_DEAD, changed <= dead_letter.c.closed)
    return connection.scalar(same) is not None


def dead_letters(connection: Connection, limit: int) -> list[DeadLetter]:
    """List the dead letters that are open, the newest first."""
    newest = dead_letter.c.at.desc(), dead_letter.c.score
    return [
        _dead_letter(row)
        for row in connection.execute(select(dead_letter).where(OPEN_LETTER).order_by(*newest).limit(limit))
    ]


def dead_letter_of(connection: Connection, score_id: str) -> DeadLetter | None:
    """Turn a score into its dead letter, or None."""
    this = select(dead_letter).where(dead_letter.c.score == score_id, IS_DEAD)
    row = connection.execute(this).one_or_none()
    return None if row is None else _dead_letter(row)


def _dead_letter(row: Row[Any]) -> DeadLetter:
    is_closed = row.closed is not None and row.closed >= row.at
    return DeadLetter(
        score_id=row.score,
        patient=row.patient,
        answer=Answer(row.status, tuple(load(row.codes)), tuple(load(row.expressions)), row.rule),
        attempts=row.attempts,
        failing_since=moment(row.failing_since),
        at=moment(row.at),
        closed=moment(row.closed) if is_closed else None,
    )


def count_dead(connection: Connection) -> int:
    """Count the dead letters that are open."""
    return connection.scalar(select(func.count()).select_from(dead_letter).where(OPEN_LETTER)) or 0


def replay_dead(connection: Connection, why: tuple[str, str], at: datetime, score_id: str | None) -> int:
    """Make patients due anew; what is known of the places of these scores, and of shared ones, is now in doubt."""
    dead = select(dead_letter.c.score, dead_letter.c.patient)
    chosen = ~SEEN_TO if score_id is None else dead_letter.c.score == score_id
    found = connection.execute(dead.where(chosen)).all()
    if not found:
        return 0
    scores = [row.score for row in found]
    reason, by = (storable(text) for text in why)
    entry = {"at": milliseconds(at), "action": "replay-dead", "reason": reason, "by": by}
    connection.execute(insert(audit), [{**entry, "subject": one} for one in scores])
    connection.execute(update(placement).where(placement.c.score.in_([*scores, NOBODYS])).values(digest=None))
    connection.execute(delete(dead_letter).where(dead_letter.c.score.in_(scores)))
    patients.mark(connection, {row.patient for row in found}, milliseconds(at))
    return len(found)
