"""Problems that a person closed: who, why and when is in the audit, and from then on the message ages like others."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, insert, select, update

from adapter.outcome import AdapterError
from adapter.store.answers import GIVEN_UP_STILL
from adapter.store.codec import milliseconds, storable
from adapter.store.confirmations import NoSuchScoreError
from adapter.store.destinations import OPEN_LETTER
from adapter.store.listing import audit_entry
from adapter.store.messages import CLOSED, HELD, READ
from adapter.store.reader import Reader
from adapter.store.schema import audit, dead_letter, message, score
from adapter.store.views import AuditEntry
from adapter.store.writer import Writer

CLOSE = "close-message"
CLOSE_ANSWER = "close-answer"
CLOSE_DEAD = "close-dead-letter"
"""What the audit calls it: the closing of a message's own problem, of its answer that was given up, of a score that
its destination did not take."""


class NoSuchMessageError(AdapterError):
    """There is no message of that id."""


class NothingToCloseError(AdapterError):
    """The message is not read yet, ignored, or closed already; or its answer was not given up, its score was taken."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closed a problem, why and when."""

    reason: str
    by: str
    at: datetime


class ClosingRecords:
    """Closes problems; every call may raise StoreUnavailableError."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def close(self, message_id: str, closing: Closing) -> str:
        """Close a message's problem; gives its state. Raises NoSuchMessageError and NothingToCloseError."""
        return await self._writer.write(lambda connection: close(connection, message_id, closing))

    async def close_answer(self, message_id: str, closing: Closing) -> None:
        """Close a message's answer that was given up. Raises NoSuchMessageError and NothingToCloseError."""
        await self._writer.write(lambda connection: close_answer(connection, message_id, closing))

    async def close_dead_letter(self, score_id: str, closing: Closing) -> None:
        """Close the dead letter of a score. Raises NoSuchScoreError and NothingToCloseError."""
        await self._writer.write(lambda connection: close_dead_letter(connection, score_id, closing))

    async def history(self, subject: str) -> list[AuditEntry]:
        """List what persons did with a message or a score, the first thing first."""
        return await self._reader.read(lambda connection: history(connection, subject))


def close(connection: Connection, message_id: str, closing: Closing) -> str:
    """Close what is held; of a message that was read, let its body age although its patient has something open."""
    this = message.c.id == message_id
    found = connection.execute(select(message.c.state, message.c.closed).where(this).with_for_update()).one_or_none()
    if found is None:
        raise NoSuchMessageError("there is no message of this id")
    if found.state not in (HELD, READ) or found.closed is not None:
        state = "closed already" if found.closed is not None else found.state
        raise NothingToCloseError(f"the message is {state}: only one that is held, or was read, can be closed")
    state = CLOSED if found.state == HELD else READ
    connection.execute(update(message).where(this).values(state=state, closed=milliseconds(closing.at)))
    _note(connection, CLOSE, message_id, closing)
    return state


def close_answer(connection: Connection, message_id: str, closing: Closing) -> None:
    """Close an answer that was given up: it stays undelivered, and nobody has to see to it any more."""
    this = message.c.id == message_id
    closed = update(message).where(this, GIVEN_UP_STILL).values(application_closed=milliseconds(closing.at))
    if not connection.execute(closed).rowcount:
        if connection.scalar(select(message.c.id).where(this)) is None:
            raise NoSuchMessageError("there is no message of this id")
        raise NothingToCloseError("the answer of this message was not given up, or is closed already")
    _note(connection, CLOSE_ANSWER, message_id, closing)


def close_dead_letter(connection: Connection, score_id: str, closing: Closing) -> None:
    """Close a dead letter: its score stays not delivered, and nobody has to see to it any more."""
    at = milliseconds(closing.at)
    after_it_failed = case((dead_letter.c.at > at, dead_letter.c.at), else_=at)  # by a clock that was set back
    this = update(dead_letter).where(dead_letter.c.score == score_id, OPEN_LETTER)
    if not connection.execute(this.values(closed=after_it_failed)).rowcount:
        if connection.scalar(select(score.c.id).where(score.c.id == score_id)) is None:
            raise NoSuchScoreError("there is no score of this id")
        raise NothingToCloseError("this score is no dead letter, or it is closed already")
    _note(connection, CLOSE_DEAD, score_id, closing)


def _note(connection: Connection, action: str, subject: str, closing: Closing) -> None:
    entry = {"at": milliseconds(closing.at), "action": action, "subject": subject}
    connection.execute(insert(audit), entry | {"reason": storable(closing.reason), "by": storable(closing.by)})


def history(connection: Connection, subject: str) -> list[AuditEntry]:
    """List the audit of a message or a score."""
    rows = connection.execute(select(audit).where(audit.c.subject == subject).order_by(audit.c.id))
    return [audit_entry(row) for row in rows]
