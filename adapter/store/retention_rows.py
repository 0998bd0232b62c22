"""What may go from a store, by kind: how it is found, one page at a time, and how one piece of it goes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, null, or_, select, update

from adapter.store.codec import milliseconds
from adapter.store.held_merges import held_merge
from adapter.store.identities import merge
from adapter.store.messages import CLOSED, HELD, IGNORED, READ, RECEIVED
from adapter.store.open_problems import messages_held_back
from adapter.store.prepared import Prepared
from adapter.store.schema import message, patient, report, resource, score, sent_message

PAGE = 200
"""Rows that are looked at together."""


class Kind(Enum):
    """What goes: bodies of messages by their state, messages that left nothing, results sent before the last one."""

    READ = READ
    IGNORED = IGNORED
    CLOSED = CLOSED
    MESSAGES = "messages"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a kind may go: what is older than ``before``, and bodies beyond the newest ``most`` bytes, if set."""

    kind: Kind
    before: datetime
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that may go: where it stands among its kind, and its bytes."""

    place: tuple[Any, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what may go; ``last`` is where the next one goes on (None: there is none), ``kept`` counts what a
    problem holds back."""

    pieces: tuple[Piece, ...]
    last: tuple[Any, ...] | None
    kept: int = 0


BODIES = (Kind.READ, Kind.IGNORED, Kind.CLOSED)
_HAS_BODY = message.c.raw.is_not(None)


def _since() -> ColumnElement[int]:
    """A problem that a person closed ages from then on."""
    return func.coalesce(message.c.closed, message.c.received)


def beyond(connection: Connection, rule: Rule) -> int:
    """Turn a limit in bytes into the newest message whose body is over it; 0: none is.

    Everything up to that one may go. It does not depend on what went before, so nobody drops more than another would.
    """
    if rule.most is None or rule.kind not in BODIES:
        return 0
    newest = func.sum(message.c.size).over(order_by=message.c.sequence.desc()).label("total")
    sizes = select(message.c.sequence, newest).where(message.c.state == rule.kind.value, _HAS_BODY).subquery()
    return connection.scalar(select(func.max(sizes.c.sequence)).where(sizes.c.total > rule.most)) or 0


def find(connection: Connection, rule: Rule, over: int, after: tuple[Any, ...] | None) -> Found:
    """Turn a rule into the next page of what may go; ``over`` is what `beyond` gave."""
    if rule.kind in BODIES:
        return _bodies(connection, rule, over, after)
    return (_messages if rule.kind is Kind.MESSAGES else _sent)(connection, rule, after)


def pages(connection: Connection, rule: Rule) -> Iterator[Found]:
    """Turn a rule into every page of what may go, in one view of the store."""
    over = beyond(connection, rule)
    found = find(connection, rule, over, None)
    yield found
    while found.last is not None:
        found = find(connection, rule, over, found.last)
        yield found


def _bodies(connection: Connection, rule: Rule, over: int, after: tuple[Any, ...] | None) -> Found:
    old = or_(_since() < milliseconds(rule.before), message.c.sequence <= over)
    query = select(message.c.sequence, message.c.size, message.c.closed).where(
        message.c.state == rule.kind.value, _HAS_BODY, old
    )
    rows = connection.execute(_page(query, after)).all()
    doubtful = [row.sequence for row in rows if rule.kind is Kind.READ and row.closed is None]
    kept = messages_held_back(connection, doubtful) if doubtful else set()
    pieces = tuple(Piece((row.sequence,), row.size) for row in rows if row.sequence not in kept)
    return Found(pieces, (rows[-1].sequence,) if len(rows) == PAGE else None, len(kept))


def _page(query: Any, after: tuple[Any, ...] | None) -> Any:
    return query.where(message.c.sequence > (after or (0,))[0]).order_by(message.c.sequence).limit(PAGE)


def _left_nothing() -> ColumnElement[bool]:
    """No body, no reading that anything rests on, no answer that is still to be given or seen to."""
    answered = (message.c.application_delivered, message.c.application_closed)
    return (
        (message.c.state != RECEIVED)
        & (message.c.state != HELD)
        & message.c.raw.is_(None)
        & ~exists().where(report.c.message == message.c.sequence)
        & ~exists().where(merge.c.message == message.c.sequence)
        & or_(message.c.application_answer.is_(None), *(column.is_not(None) for column in answered))
    )


def _messages(connection: Connection, rule: Rule, after: tuple[Any, ...] | None) -> Found:
    before = milliseconds(rule.before)
    closed_before = func.coalesce(message.c.application_closed, 0) < before
    empty = select(message.c.sequence).where(_left_nothing(), _since() < before, closed_before)
    found = list(connection.scalars(_page(empty, after)))
    return Found(tuple(Piece((one,), 0) for one in found), (found[-1],) if len(found) == PAGE else None)


def _sent(connection: Connection, rule: Rule, after: tuple[Any, ...] | None) -> Found:
    """The last message of a score stays: it tells the next one what its receiver knows."""
    table, later = sent_message.c, sent_message.alias("later")
    superseded = exists().where(later.c.score == table.score, later.c.number > table.number)
    taken = table.accepted.is_(True) & (table.answered < milliseconds(rule.before))
    place = table.score, table.number
    query = select(*place, func.length(table.payload).label("size")).where(taken, superseded).order_by(*place)
    if after is not None:
        query = query.where((table.score > after[0]) | ((table.score == after[0]) & (table.number > after[1])))
    rows = connection.execute(query.limit(PAGE)).all()
    pieces = tuple(Piece((row.score, row.number), row.size) for row in rows)
    return Found(pieces, pieces[-1].place if len(rows) == PAGE else None)


_THIS = message.c.sequence == bindparam("this")
_DROP_BODY = Prepared(
    lambda _: update(message).where(_THIS, message.c.state == bindparam("of"), _HAS_BODY).values(raw=null())
)
_FORGET = Prepared(lambda _: delete(message).where(_THIS, _left_nothing()).returning(message.c.patient))
_FORGET_HELD = Prepared(lambda _: delete(held_merge).where(held_merge.c.message == bindparam("this")))
_FORGET_SENT = Prepared(
    lambda _: delete(sent_message).where(
        sent_message.c.score == bindparam("of"), sent_message.c.number == bindparam("this")
    )
)


def _idle() -> ColumnElement[bool]:
    """Nobody works on it or will, and nothing is known under it."""
    tables = (message, report, score, resource)
    known = (exists().where(table.c.patient == patient.c.key) for table in tables)
    free = patient.c.due.is_(None) & patient.c.claimed.is_(None)
    return free & ~or_(*known)


_FORGET_LANE = Prepared(lambda _: delete(patient).where(patient.c.key == bindparam("lane"), _idle()))


def _remove_body(connection: Connection, kind: Kind, place: tuple[Any, ...]) -> bool:
    return _DROP_BODY.change(connection, {"this": place[0], "of": kind.value}) == 1


def _remove_message(connection: Connection, _kind: Kind, place: tuple[Any, ...]) -> bool:
    """Delete what is left of a message, and its patient's lane where that was all."""
    gone = _FORGET.rows(connection, {"this": place[0]})
    for (lane,) in gone:
        _FORGET_HELD.change(connection, {"this": place[0]})
        _FORGET_LANE.change(connection, {"lane": lane})
    return bool(gone)


def _remove_sent(connection: Connection, _kind: Kind, place: tuple[Any, ...]) -> bool:
    return _FORGET_SENT.change(connection, {"of": place[0], "this": place[1]}) == 1


Remove = Callable[[Connection, Kind, tuple[Any, ...]], bool]
REMOVERS: dict[Kind, Remove] = dict.fromkeys(BODIES, _remove_body) | {
    Kind.MESSAGES: _remove_message,
    Kind.SENT: _remove_sent,
}
"""What makes one piece of a kind go; False when it is no longer what it was."""
