"""What senders said of records: merges are facts kept with their message, and who survives follows from all of them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    delete,
    insert,
    select,
)

from adapter.scoring.merges import ContradictionError, Merge, as_survivors, survivors
from adapter.scoring.report import KeptReport, PatientIdentity
from adapter.store.codec import milliseconds
from adapter.store.prepared import Prepared, among
from adapter.store.schema import Sequence as Number
from adapter.store.schema import insert_into, metadata

merge = Table(
    "record_merge",
    metadata,
    Column("message", Number, ForeignKey("message.sequence"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("replaced", Text, nullable=False),  # the opaque keys of the two records
    Column("survivor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_record_merge_replaced", "replaced"),
    Index("ix_record_merge_survivor", "survivor"),
)

merge_turn = Table(
    "record_merge_turn",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
)
"""One row: who changes merges locks it, so that no two writers each find no contradiction and make one together."""

_MERGE = TypeAdapter(Merge)
_OF_RECORDS = Prepared(
    lambda dialect: select(merge.c.replaced, merge.c.survivor, merge.c.body).where(
        among(merge.c.replaced, "records", dialect) | among(merge.c.survivor, "records", dialect)
    )
)
_OF_MESSAGES = Prepared(lambda dialect: select(merge.c.message).where(among(merge.c.message, "these", dialect)))


def take_turn(connection: Connection) -> None:
    """Wait until no other writer changes merges; ends with the transaction."""
    row = insert_into(connection.dialect.name, merge_turn).values(id=1, number=1)
    more = {"number": merge_turn.c.number + 1}
    connection.execute(row.on_conflict_do_update(index_elements=[merge_turn.c.id], set_=more))


def merges_around(connection: Connection, keys: Iterable[str]) -> list[Merge]:
    """List every merge that says something of these records, or of any that those lead to."""
    found: dict[str, Merge] = {}
    seen: set[str] = set()
    ahead = set(keys)
    while ahead:
        seen |= ahead
        rows = _OF_RECORDS.rows(connection, {"records": [*ahead]})
        found |= {body: _MERGE.validate_json(body) for *_, body in rows}
        ahead = {key for old, survivor, _ in rows for key in (old, survivor)} - seen
    return list(found.values())


def survivors_around(connection: Connection, keys: Iterable[str]) -> dict[str, PatientIdentity]:
    """Turn records into the surviving identity of each that is merged with any of them, itself included."""
    merges = merges_around(connection, keys)
    return survivors(merges) if merges else {}


def contradict(connection: Connection, merges: Collection[Merge]) -> bool:
    """Can these merges not hold together with what stands?"""
    named = {identity.key for one in merges for identity in (one.old, one.survivor)}
    try:
        survivors([*merges_around(connection, named), *merges])
    except ContradictionError:
        return True
    return False


def survivor_keys(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Turn records into the keys under which their reports are published."""
    wanted = set(keys)
    found = survivors_around(connection, wanted)
    return {found[key].key if key in found else key for key in wanted}


def records_of(connection: Connection, key: str) -> tuple[PatientIdentity | None, list[str]]:
    """Turn a patient's key into its surviving identity and all its records (none: it is merged into another).

    Without any merge it is the one record, under whatever identity its reports state: None.
    """
    found = survivors_around(connection, [key])
    if key not in found:
        return None, [key]
    survivor = found[key]
    if survivor.key != key:
        return survivor, []
    return survivor, sorted(record for record, identity in found.items() if identity.key == key)


def of_survivor(reports: Iterable[KeptReport], survivor: PatientIdentity | None) -> list[KeptReport]:
    """Turn the reports of a patient's records into those of the surviving one, in order of arrival."""
    ordered = sorted(reports, key=lambda kept: kept.sequence)
    return ordered if survivor is None else [as_survivors(kept, survivor) for kept in ordered]


def merging(connection: Connection, messages: Sequence[int]) -> set[int]:
    """Turn messages (sequences) into those that said something of records when they were read before."""
    return {found for (found,) in _OF_MESSAGES.rows(connection, {"these": [*messages]})}


def replace_merges(connection: Connection, message: int, merges: Sequence[Merge]) -> set[str]:
    """Replace what a message said of records; gives the records whom that concerns, before or after.

    Raises ContradictionError when that cannot hold together with what stands; the caller undoes the change.
    """
    rows = [row_of(message, position, one) for position, one in enumerate(merges)]
    of_message = merge.c.message == message
    former = connection.execute(select(merge.c.replaced, merge.c.survivor).where(of_message)).all()
    if not rows and not former:
        return set()
    take_turn(connection)
    named = {row["replaced"] for row in rows} | {row["survivor"] for row in rows}
    named |= {key for pair in former for key in pair}
    concerned = named | set(survivors_around(connection, named))
    connection.execute(delete(merge).where(of_message))
    if rows:
        connection.execute(insert(merge), rows)
    return concerned | set(survivors_around(connection, named))


def row_of(message: int, position: int, one: Merge) -> dict[str, Any]:
    """Turn a merge into its row."""
    return {
        "message": message,
        "position": position,
        "replaced": one.old.key,
        "survivor": one.survivor.key,
        "at": milliseconds(one.at),
        "body": _MERGE.dump_json(one).decode(),
    }
