"""What a wrong clock left behind that has been set back since: times that are further ahead than any can be."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select, update

from adapter.store.codec import milliseconds
from adapter.store.schema import patient

DAY = 24 * 3600 * 1000
"""Milliseconds. What waits for a partner waits until a day begins; it alone may wait for long."""
AT_A_TIME = 1000
"""Patients in one commit."""


def set_right(connection: Connection, now: datetime, longest: timedelta, lease: timedelta) -> int:
    """Make patients due now that are put off for longer than anybody can have asked for; gives how many.

    ``longest`` is the longest back-off. Who was marked is due at once, whatever the time of the mark. A lease that is
    too far ahead is cut to a whole one from now: its holder, if it lives, renews it before it ends.
    """
    at = milliseconds(now)
    cut = at + _length(lease)
    wrong = _is_wrong(at, longest, lease)
    found = connection.scalars(
        select(patient.c.key)
        .where(patient.c.due > at, wrong)
        .order_by(patient.c.due, patient.c.key)
        .limit(AT_A_TIME)
        .with_for_update(skip_locked=True)
    ).all()
    if found:
        due = case((patient.c.claimed.is_(None), at), else_=cut)
        connection.execute(update(patient).where(patient.c.key.in_(found)).values(due=due))
    return len(found)


def _is_wrong(at: int, longest: timedelta, lease: timedelta) -> ColumnElement[bool]:
    free, failed = patient.c.claimed.is_(None), patient.c.attempts > 0
    return or_(
        and_(free, failed, patient.c.due > at + _length(longest)),
        and_(free, ~failed, patient.c.due % DAY != 0),
        and_(~free, patient.c.due > at + 2 * _length(lease)),
    )


def _length(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
