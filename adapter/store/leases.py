"""Leases by name: what one process does at a time, of all that share a database.

The database's clock alone decides, so processes need not agree on the time. A store of one process needs no lease: it
is given without a row. Whoever writes under a lease calls ``require`` in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Table, Text, cast, func, or_, select, update

from adapter.outcome import StoreUnavailableError
from adapter.store.codec import moment
from adapter.store.reader import Reader
from adapter.store.schema import insert_into, metadata
from adapter.store.writer import Writer

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),  # empty: given back
    Column("token", BigInteger, nullable=False),  # counts the holders; a row is never deleted: it would start anew
    Column("taken", BigInteger, nullable=False),
    Column("term", BigInteger, nullable=False),  # how long the holder asked for
    Column("until", BigInteger, nullable=False),
)
"""Times are the database's own, in milliseconds."""

ALONE = 0
"""The token of a tenure where no other process can be."""


class LeaseLostError(StoreUnavailableError):
    """Another process holds the lease now: this one may no longer do what it does under it."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """One holding of a lease: its name, and the token that no earlier and no later holding has (higher is later)."""

    name: str
    token: int


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease as an operator sees it: who holds it since when, and how long unless it is renewed (database's time)."""

    name: str
    holder: str
    taken: datetime
    until: datetime
    stands: bool


class LeaseRecords:
    """Takes, renews and gives back leases; every call may raise StoreUnavailableError.

    ``shared``: other processes use the database as well.
    """

    def __init__(self, reader: Reader, writer: Writer, *, shared: bool) -> None:
        self._reader = reader
        self._writer = writer
        self.shared = shared

    async def take(self, name: str, holder: str, term: timedelta) -> Tenure | None:
        """Take a lease for so long; None while another process holds it."""
        if not self.shared:
            return Tenure(name, ALONE)
        return await self._writer.write(lambda connection: take(connection, name, holder, term), _lane(name))

    async def renew(self, tenure: Tenure, term: timedelta) -> None:
        """Hold on for so long from now; raises LeaseLostError when another process took it."""
        if tenure.token != ALONE:
            await self._writer.write(lambda connection: renew(connection, tenure, term), _lane(tenure.name))

    async def give_back(self, tenure: Tenure) -> None:
        """Let the next process take it at once; what another took already stays its own."""
        if tenure.token != ALONE:
            await self._writer.write(lambda connection: give_back(connection, tenure), _lane(tenure.name))

    async def time(self) -> datetime:
        """Give the time of PostgreSQL."""
        return moment(await self._reader.read(lambda connection: int(connection.scalars(select(_now())).one())))

    async def held(self) -> list[HeldLease]:
        """List the leases by name; none in a store of one process."""
        if not self.shared:
            return []
        return await self._reader.read(held)


def _lane(name: str) -> str:
    """What puts a lease among the locks of a commit: each process takes them in one order."""
    return f"lease/{name}"


def _now() -> ColumnElement[int]:
    """The time of PostgreSQL, not that of a transaction's begin."""
    return cast(func.floor(func.extract("epoch", func.clock_timestamp()) * 1000), BigInteger)


def _is_free() -> ColumnElement[bool]:
    """Over; or so far ahead that the database's clock was set back since: nobody can have asked for it."""
    return or_(lease.c.until <= _now(), lease.c.until > _now() + 2 * lease.c.term)


def take(connection: Connection, name: str, holder: str, term: timedelta) -> Tenure | None:
    """Give a free lease to a holder; one that is held is looked at without a lock, so its renewal waits for nobody."""
    if connection.scalar(select(~_is_free()).where(lease.c.name == name)):
        return None
    length = _milliseconds(term)
    values = {"holder": holder, "taken": _now(), "term": length, "until": _now() + length}
    row = insert_into(connection.dialect.name, lease).values(name=name, token=ALONE + 1, **values)
    anew = values | {"token": lease.c.token + 1}
    taken = row.on_conflict_do_update(index_elements=[lease.c.name], set_=anew, where=_is_free())
    token = connection.scalar(taken.returning(lease.c.token))
    return None if token is None else Tenure(name, token)


def _is_of(tenure: Tenure) -> ColumnElement[bool]:
    return (lease.c.name == tenure.name) & (lease.c.token == tenure.token) & (lease.c.holder != "")


def renew(connection: Connection, tenure: Tenure, term: timedelta) -> None:
    """Extend a lease; also one that ran out, as long as nobody took it."""
    length = _milliseconds(term)
    extended = update(lease).where(_is_of(tenure)).values(term=length, until=_now() + length)
    if not connection.execute(extended).rowcount:
        raise LeaseLostError(f"another process does {tenure.name} now")


def give_back(connection: Connection, tenure: Tenure) -> None:
    """End a tenure."""
    connection.execute(update(lease).where(_is_of(tenure)).values(holder="", until=_now()))


def require(connection: Connection, tenure: Tenure) -> None:
    """Hold a lease until this transaction ends; raises LeaseLostError, so that nothing of it is written."""
    if tenure.token == ALONE:
        return
    if connection.scalar(select(lease.c.token).where(_is_of(tenure)).with_for_update(read=True)) is None:
        raise LeaseLostError(f"another process does {tenure.name} now")


def held(connection: Connection) -> list[HeldLease]:
    """List the leases that somebody holds or held until death."""
    query = select(lease, (~_is_free()).label("stands")).where(lease.c.holder != "").order_by(lease.c.name)
    return [
        HeldLease(row.name, row.holder, moment(row.taken), moment(row.until), row.stands)
        for row in connection.execute(query)
    ]


def _milliseconds(term: timedelta) -> int:
    return term // timedelta(milliseconds=1)
