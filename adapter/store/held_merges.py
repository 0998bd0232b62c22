"""Merges that wait: for what they contradict, or for records that nobody stated yet; so that they are read again."""

from collections.abc import Collection

from sqlalchemy import Column, ColumnElement, Connection, Index, Table, Text, delete, insert, select, update

from adapter.outcome import Problem
from adapter.scoring.merges import Merge
from adapter.store import identities, patients
from adapter.store.messages import HELD, NOTHING_READ, READ, RECEIVED
from adapter.store.schema import Sequence as Number
from adapter.store.schema import message, metadata

held_merge = Table(
    "record_merge_held",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),  # no foreign key: never in its message's way
    Column("record", Text, primary_key=True),  # its opaque key, or its address (stated_records.opaque)
    Index("ix_record_merge_held_record", "record"),
)


class HoldsByNowError(Exception):
    """Merges that were to be held no longer contradict what stands: they are to be kept."""


def remember(connection: Connection, sequence: int, merges: Collection[Merge], addresses: Collection[str] = ()) -> None:
    """Keep which records a held message names, and whose addresses its links need; none: it waits for nothing.

    Raises HoldsByNowError when what they contradicted was undone in the meantime: nobody would try them again.
    """
    connection.execute(delete(held_merge).where(held_merge.c.message == sequence))
    records = {identity.key for merge in merges for identity in (merge.old, merge.survivor)}
    if records:
        identities.take_turn(connection)
        if not identities.contradict(connection, merges):
            raise HoldsByNowError
    if waits := sorted({*records, *addresses}):
        connection.execute(insert(held_merge), [{"message": sequence, "record": one} for one in waits])


def try_again(connection: Connection, concerned: Collection[str], at: int) -> None:
    """Set the held merges that name any of these records back to be read: what is said of them changed.

    ``at`` is in milliseconds. One that a person closed stays closed.
    """
    _again(connection, concerned, (message.c.state == HELD) & (message.c.problem == Problem.VALUE_CONFLICT.value), at)


def read_again(connection: Connection, addresses: Collection[str], at: int) -> None:
    """Set the merges back to be read whose links name records by these addresses: they are stated, or otherwise now.

    ``addresses`` are as `remember` had them, ``at`` is in milliseconds. One that a person closed stays closed.
    """
    _again(connection, addresses, message.c.state.in_((HELD, READ)), at)


def _again(connection: Connection, concerned: Collection[str], waiting: ColumnElement[bool], at: int) -> None:
    if not concerned:
        return
    of_records = select(held_merge.c.message).where(held_merge.c.record.in_(concerned))
    these = message.c.sequence.in_(of_records) & waiting & message.c.raw.is_not(None)
    again = update(message).where(these).values(NOTHING_READ | {"state": RECEIVED}).returning(message.c.patient)
    patients.mark(connection, connection.scalars(again).all(), at)
