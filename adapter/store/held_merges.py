"""Merges that could not hold together with what stands: which records they name, so that they are tried again."""

from collections.abc import Collection

from sqlalchemy import Column, Connection, Index, Table, Text, delete, insert, select, update

from adapter.outcome import Problem
from adapter.scoring.merges import Merge
from adapter.store import identities, patients
from adapter.store.messages import HELD, NOTHING_READ, RECEIVED
from adapter.store.schema import Sequence as Number
from adapter.store.schema import message, metadata

held_merge = Table(
    "record_merge_held",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),  # no foreign key: never in its message's way
    Column("record", Text, primary_key=True),
    Index("ix_record_merge_held_record", "record"),
)


class HoldsByNowError(Exception):
    """Merges that were to be held no longer contradict what stands: they are to be kept."""


def remember(connection: Connection, sequence: int, merges: Collection[Merge]) -> None:
    """Keep which records a held message names; none: it is not held (any more).

    Raises HoldsByNowError when what they contradicted was undone in the meantime: nobody would try them again.
    """
    connection.execute(delete(held_merge).where(held_merge.c.message == sequence))
    records = {identity.key for merge in merges for identity in (merge.old, merge.survivor)}
    if records:
        identities.take_turn(connection)
        if not identities.contradict(connection, merges):
            raise HoldsByNowError
        connection.execute(insert(held_merge), [{"message": sequence, "record": key} for key in sorted(records)])


def try_again(connection: Connection, concerned: Collection[str], at: int) -> None:
    """Set the held merges that name any of these records back to be read: what is said of them changed.

    ``at`` is in milliseconds. One that a person closed stays closed.
    """
    if not concerned:
        return
    of_records = select(held_merge.c.message).where(held_merge.c.record.in_(concerned))
    waiting = (message.c.state == HELD) & (message.c.problem == Problem.VALUE_CONFLICT.value)
    these = message.c.sequence.in_(of_records) & waiting & message.c.raw.is_not(None)
    again = update(message).where(these).values(NOTHING_READ | {"state": RECEIVED}).returning(message.c.patient)
    patients.mark(connection, connection.scalars(again).all(), at)
