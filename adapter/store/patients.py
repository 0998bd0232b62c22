"""The lanes: which patient is due, who works on it, until when, and what came in the meantime.

``due`` is schedule, back-off and lease in one column. While a claim runs, a mark waits in ``marked`` until the claim is
given back; so a lease is never cut short, and a mark is never lost.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    case,
    func,
    select,
    update,
)

from adapter.publication import Claim, StaleClaimError
from adapter.store.codec import milliseconds, moment, moment_or_none
from adapter.store.prepared import Prepared, among
from adapter.store.schema import insert_into, message, patient
from adapter.store.views import Lane


def _mark(dialect: str) -> ClauseElement:
    """A new lane is due; a free one too, which ends a back-off; a claimed one remembers its first mark."""
    row = insert_into(dialect, patient)
    at = row.excluded.due
    free = patient.c.claimed.is_(None)
    later = patient.c.due.is_(None) | (patient.c.due > at)
    return row.on_conflict_do_update(
        index_elements=[patient.c.key],
        set_={
            "due": case((free & later, at), else_=patient.c.due),
            "marked": case((free, None), else_=func.coalesce(patient.c.marked, at)),
        },
    )


_MARK = Prepared(_mark, columns=("key", "due", "token", "attempts"))


def mark(connection: Connection, keys: Iterable[str], at: int) -> None:
    """Make patients due at ``at`` (milliseconds), always in one order: two writers never wait for each other.

    A new lane counts its tokens from the time of now: one that was deleted and comes back repeats none.
    """
    rows = [{"key": key, "due": at, "token": at, "attempts": 0} for key in sorted(set(keys))]
    _MARK.change_many(connection, rows)


_DUE = Prepared(
    lambda _: (
        select(patient.c.key, patient.c.due)
        .where(patient.c.due <= bindparam("now", type_=BigInteger))
        .order_by(patient.c.due, patient.c.key)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
)


def _take(dialect: str) -> ClauseElement:
    """A lane that is due although it is claimed was dropped by a worker that died: perhaps of this very patient."""
    lapsed = patient.c.claimed.is_not(None)
    since = func.coalesce(patient.c.failing_since, patient.c.claimed)
    values = {
        "due": bindparam("until", type_=BigInteger),
        "token": patient.c.token + 1,
        "claimed": bindparam("now", type_=BigInteger),
        "marked": None,
        "attempts": patient.c.attempts + case((lapsed, 1), else_=0),
        "failing_since": case((lapsed, since), else_=patient.c.failing_since),
    }
    taken = update(patient).where(among(patient.c.key, "lanes", dialect)).values(values)
    return taken.returning(patient.c.key, patient.c.token, patient.c.attempts, patient.c.failing_since)


_TAKE = Prepared(_take)


def claim(connection: Connection, now: datetime, limit: int, lease: timedelta) -> list[Claim]:
    """Give at most ``limit`` due patients to one worker, the longest due first; a lease that ran out is a failure."""
    times = {"now": milliseconds(now), "until": milliseconds(now + lease)}
    due: dict[str, int] = dict(_DUE.rows(connection, {"now": times["now"], "most": limit}))
    taken = {key: facts for key, *facts in _TAKE.rows(connection, times | {"lanes": [*due]})} if due else {}
    return [
        Claim(key, taken[key][0], taken[key][1], moment_or_none(taken[key][2]), moment(since))
        for key, since in due.items()
    ]


def release_all(connection: Connection) -> None:
    """Make every claimed patient due: who held them is dead, and what was not finished must not wait for a lease.

    Right where the store's lock proves that no other process works, and where a delivery is a commit of ours: no
    request of the dead process can still be under way at somebody else's server.
    """
    held = patient.c.claimed.is_not(None)
    connection.execute(
        update(patient)
        .where(held)
        .values(
            due=patient.c.claimed,
            attempts=patient.c.attempts + 1,
            failing_since=func.coalesce(patient.c.failing_since, patient.c.claimed),
            claimed=None,
            marked=None,
        )
    )


def _covered_by(claim: Claim) -> ColumnElement[bool]:
    return (patient.c.key == claim.patient) & (patient.c.token == claim.token) & patient.c.claimed.is_not(None)


_COVERED = (
    (patient.c.key == bindparam("lane")) & (patient.c.token == bindparam("held")) & patient.c.claimed.is_not(None)
)
_LANE = Prepared(lambda _: select(patient.c.marked).where(_COVERED).with_for_update())


def require(connection: Connection, claim: Claim, key: str) -> int | None:
    """Lock the lane that a claim must cover and tell its waiting mark; raises StaleClaimError."""
    row = _LANE.row(connection, {"lane": claim.patient, "held": claim.token})
    if row is None or key != claim.patient:
        raise StaleClaimError(claim)
    marked: int | None = row[0]
    return marked


def renew(connection: Connection, claims: Sequence[Claim], now: datetime, lease: timedelta) -> list[Claim]:
    """Extend the leases of the claims that still stand, and name those that do not."""
    until = milliseconds(now + lease)
    ordered = sorted(claims, key=lambda claim: claim.patient)
    return [
        one
        for one in ordered
        if not connection.execute(update(patient).where(_covered_by(one)).values(due=until)).rowcount
    ]


FAR = 2**62
"""Later than every time of a lane; milliseconds."""


def _done(dialect: str) -> ClauseElement:
    """One statement: it waits for who marks the lane meanwhile, and then sees the mark."""
    first = func.min(message.c.received)
    unread = select(first).where(message.c.patient == bindparam("lane"), message.c.state == "received")
    again = bindparam("again", type_=BigInteger)
    times = [func.coalesce(time, FAR) for time in (patient.c.marked, unread.scalar_subquery(), again)]
    earliest = func.least(*times) if dialect == "postgresql" else func.min(*times)
    done = {"attempts": 0, "failing_since": None, "problem": None, "claimed": None, "marked": None}
    return update(patient).where(_COVERED).values(due=func.nullif(earliest, FAR), **done)


_DONE = Prepared(_done)


def settle(connection: Connection, claim: Claim, due: datetime | None) -> None:
    """Give a claim back as done. What came during the work, or was left unread, makes the patient due at once."""
    again = due and milliseconds(due)
    if not _DONE.change(connection, {"lane": claim.patient, "held": claim.token, "again": again}):
        raise StaleClaimError(claim)


def postpone(connection: Connection, claim: Claim, due: datetime, problem: str) -> None:
    """Give a claim back as failed, to be tried again when due; a mark that came during the work ends the back-off."""
    marked = require(connection, claim, claim.patient)
    until = milliseconds(due)
    values = {
        "due": until if marked is None else min(until, marked),
        "attempts": patient.c.attempts + 1,
        "failing_since": func.coalesce(patient.c.failing_since, patient.c.claimed),
        "problem": problem,
    }
    connection.execute(update(patient).where(_covered_by(claim)).values(claimed=None, marked=None, **values))


def hasten(connection: Connection, now: datetime) -> int:
    """Make due whoever waits to be tried again; gives how many. Who is in somebody's hand stays there."""
    at = milliseconds(now)
    failed = patient.c.claimed.is_(None) & (patient.c.attempts > 0) & (patient.c.due > at)
    keys = select(patient.c.key).where(failed).order_by(patient.c.key).with_for_update(skip_locked=True)
    return connection.execute(update(patient).where(patient.c.key.in_(keys)).values(due=at)).rowcount


def waiting(connection: Connection, limit: int) -> list[Lane]:
    """List the lanes with work to come, the longest due first."""
    lanes = select(patient).where(patient.c.due.is_not(None)).order_by(patient.c.due, patient.c.key).limit(limit)
    return [
        Lane(
            patient=row.key,
            due=moment(row.due),
            claimed=moment_or_none(row.claimed),
            attempts=row.attempts,
            failing_since=moment_or_none(row.failing_since),
            problem=row.problem,
        )
        for row in connection.execute(lanes)
    ]
