"""Application level answers that go to a peer: which are due, which got there, and which were given up."""

from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, select, update

from adapter.arrival import DueAnswer, GivenUpAnswer
from adapter.store.codec import milliseconds, moment, storable
from adapter.store.reader import Reader
from adapter.store.schema import ANSWER_DUE, UNDELIVERED, audit, message
from adapter.store.writer import Writer

_ENDED = ("application_delivered", "application_given_up", "application_problem", "application_closed")
WAITS_AGAIN = dict.fromkeys(_ENDED)
"""What makes an answer one that waits."""
GIVEN_UP = and_(UNDELIVERED, message.c.application_given_up.is_not(None))
"""One that is not sent any more."""
GIVEN_UP_STILL = and_(GIVEN_UP, message.c.application_closed.is_(None))
"""One of these that nobody has seen to."""


class AnswerRecords:
    """What the store knows of answers that go to a peer; every call may raise StoreUnavailableError."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def due(self, listener: str, sender: str, limit: int) -> list[DueAnswer]:
        """List a sender's answers that wait, in the order in which its messages came."""
        return await self._reader.read(lambda connection: due(connection, (listener, sender), limit))

    async def delivered(self, message_id: str, at: datetime) -> None:
        """Note that an answer got to where it belongs."""
        await self._writer.write(lambda connection: mark_delivered(connection, message_id, at))

    async def give_up(self, message_id: str, problem: str, at: datetime) -> None:
        """Note that an answer is not sent any more, and why."""
        await self._writer.write(lambda connection: give_up(connection, message_id, problem, at))

    async def given_up(self, limit: int = 50) -> list[GivenUpAnswer]:
        """List the answers that are not sent any more and that nobody closed, the last given up first."""
        return await self._reader.read(lambda connection: given_up(connection, limit))

    async def send_again(self, reason: str, at: datetime, by: str = "", message_id: str | None = None) -> int:
        """Let answers that were given up wait anew: a message's, even a closed one, or all that are open; how many."""
        return await self._writer.write(lambda connection: send_again(connection, (reason, by), at, message_id))


def due(connection: Connection, lane: tuple[str, str], limit: int) -> list[DueAnswer]:
    """List the answers that wait in a lane: its listener and its sender."""
    listener, sender = lane
    since = func.coalesce(message.c.application_made, message.c.received)
    query = select(message.c.id, message.c.application_answer, since).where(ANSWER_DUE)
    in_lane = (message.c.channel == listener) & (message.c.sender == sender)
    rows = connection.execute(query.where(in_lane).order_by(message.c.sequence).limit(limit))
    return [DueAnswer(message_id, payload, moment(made)) for message_id, payload, made in rows]


def mark_delivered(connection: Connection, message_id: str, at: datetime) -> None:
    """Note that the sender got the application level answer of a message."""
    values = WAITS_AGAIN | {"application_delivered": milliseconds(at)}
    connection.execute(update(message).where(message.c.id == message_id).values(values))


def give_up(connection: Connection, message_id: str, problem: str, at: datetime) -> None:
    """Note why an answer is not sent any more; one that was delivered meanwhile stays that."""
    values = WAITS_AGAIN | {"application_given_up": milliseconds(at), "application_problem": storable(problem)}
    connection.execute(update(message).where((message.c.id == message_id) & UNDELIVERED).values(values))


def given_up(connection: Connection, limit: int) -> list[GivenUpAnswer]:
    """List the answers that were given up and that nobody closed."""
    newest = message.c.application_given_up.desc(), message.c.sequence.desc()
    query = select(message).where(GIVEN_UP_STILL).order_by(*newest)
    return [
        GivenUpAnswer(row.id, row.channel, row.sender, row.application_problem, moment(row.application_given_up))
        for row in connection.execute(query.limit(limit))
    ]


def count_given_up(connection: Connection) -> int:
    """Count the answers that were given up and that nobody closed."""
    return connection.scalar(select(func.count()).select_from(message).where(GIVEN_UP_STILL)) or 0


def send_again(connection: Connection, why: tuple[str, str], at: datetime, message_id: str | None) -> int:
    """Let answers wait anew, and note who asked for it."""
    reason, by = (storable(text) for text in why)
    dead = GIVEN_UP_STILL if message_id is None else and_(GIVEN_UP, message.c.id == message_id)
    anew = update(message).where(dead).values(WAITS_AGAIN | {"application_made": milliseconds(at)})
    found = connection.scalars(anew.returning(message.c.id)).all()
    if found:
        entry = {"at": milliseconds(at), "action": "answer-again", "reason": reason, "by": by}
        connection.execute(insert(audit), [{**entry, "subject": one} for one in found])
    return len(found)


def repeat(connection: Connection, message_id: str, at: int) -> None:
    """Let the answer of a message that came once more wait anew, unless it waits still; ``at`` in milliseconds."""
    ended = message.c.application_delivered.is_not(None) | message.c.application_given_up.is_not(None)
    answered = message.c.application_answer.is_not(None)
    values = WAITS_AGAIN | {"application_made": at}
    connection.execute(update(message).where((message.c.id == message_id) & answered & ended).values(values))
