"""Records as servers state them: the identifiers behind the address of each Patient that was read."""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Column, Connection, Index, Integer, Table, Text, delete, insert, select, update

from adapter.scoring.linked_records import Links, StatedRecord
from adapter.scoring.report import PatientIdentity
from adapter.store.codec import milliseconds
from adapter.store.schema import insert_into, metadata

stated_record = Table(
    "stated_record",
    metadata,
    Column("address", Text, primary_key=True),  # opaque
    Column("position", Integer, primary_key=True, autoincrement=False),  # from 1; 0: the address itself
    Column("record", Text, nullable=False),  # the opaque key of an identifier; of the address none
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_stated_record_record", "record"),
)
"""Of each address a row of its own, which whoever states it or waits for it locks, and one for each identifier."""

_IDENTITY = TypeAdapter(PatientIdentity)
_NEVER = 0
_ADDRESS = 0
"""The position of an address among its identifiers."""

Word = tuple[int, list[str]]
"""What was said of a record: when (milliseconds), and its identifiers as they are kept, in their order."""


class StatedMeanwhileError(Exception):
    """A record that a link waits for is known otherwise than when the message was looked at: look again."""


def opaque(address: str) -> str:
    """Turn the address of a record into what stands for it here: servers may make ids of names or numbers."""
    return f"sha256:{hashlib.sha256(address.encode()).hexdigest()}"


def names(links: Links) -> set[str]:
    """Turn what a message waits for into the names under which that is remembered, with its own records (for a purge).

    None where it waits for nothing.
    """
    own = {identity.key for one in links.stated for identity in one.identities}
    return {*map(opaque, links.known), *own} if links.known else set()


def known(connection: Connection, addresses: Iterable[str]) -> dict[str, tuple[PatientIdentity, ...]]:
    """Turn addresses into the identifiers of the record at each; none where nobody stated it."""
    every = {opaque(one): one for one in addresses}
    found = _stated(connection, every)
    return {address: tuple(_IDENTITY.validate_json(body) for body in found[key][1]) for key, address in every.items()}


def require(connection: Connection, links: Links) -> None:
    """Lock the addresses of a message until the transaction ends, all in one order: two never wait in a circle.

    Raises StatedMeanwhileError when the records that it waits for are not known as it was read with them.
    """
    _lock(connection, map(opaque, {*links.known, *(one.address for one in links.stated)}))
    if known(connection, links.known) != dict(links.known):
        raise StatedMeanwhileError


def state(connection: Connection, records: Iterable[StatedRecord]) -> set[str]:
    """Keep what servers last said of records; gives the addresses (opaque) behind which is something else now.

    Of two words of one time the later in the alphabet counts, so that the order of arrival settles nothing.
    """
    words = {opaque(one.address): _word(one) for one in sorted(records, key=_word)}
    if not _newer(words, _stated(connection, words)):
        return set()
    _lock(connection, words)
    before = _stated(connection, words)
    newer = _newer(words, before)
    for address, word in newer.items():
        _replace(connection, address, word)
    return {address for address, (_, bodies) in newer.items() if bodies != before[address][1]}


def _word(record: StatedRecord) -> Word:
    return milliseconds(record.at), [_IDENTITY.dump_json(one).decode() for one in dict.fromkeys(record.identities)]


def _newer(words: Mapping[str, Word], before: Mapping[str, Word]) -> dict[str, Word]:
    """Those that count rather than what was said before; where nothing is left of that any word does."""
    return {key: word for key, word in words.items() if not before[key][1] or word > before[key]}


def _stated(connection: Connection, addresses: Collection[str]) -> dict[str, Word]:
    """What was last said of each address; (0, nothing) where nobody spoke."""
    rows = connection.execute(
        select(stated_record).where(stated_record.c.address.in_(addresses)).order_by(stated_record.c.position)
    )
    times, bodies = dict.fromkeys(addresses, _NEVER), {address: list[str]() for address in addresses}
    for row in rows:
        if row.position == _ADDRESS:
            times[row.address] = row.at
        else:
            bodies[row.address].append(row.body)
    return {address: (times[address], bodies[address]) for address in addresses}


def _lock(connection: Connection, addresses: Iterable[str]) -> None:
    """Whoever states a record and whoever waits for it take turns, and the second one sees what the first one did."""
    insert_row = insert_into(connection.dialect.name, stated_record)
    keys = [stated_record.c.address, stated_record.c.position]
    take = insert_row.on_conflict_do_update(index_elements=keys, set_={"at": stated_record.c.at})
    for address in sorted(addresses):
        connection.execute(take, {"address": address, "position": _ADDRESS, "record": "", "at": _NEVER, "body": ""})


def _replace(connection: Connection, address: str, word: Word) -> None:
    at, bodies = word
    this, of_address = stated_record.c.address == address, stated_record.c.position == _ADDRESS
    connection.execute(update(stated_record).where(this, of_address).values(at=at))
    connection.execute(delete(stated_record).where(this, ~of_address))
    rows = [
        {"address": address, "position": position, "record": _IDENTITY.validate_json(body).key, "at": at, "body": body}
        for position, body in enumerate(bodies, 1)
    ]
    connection.execute(insert(stated_record), rows)
