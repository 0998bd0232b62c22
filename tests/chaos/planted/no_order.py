"""A patient is worked on by as many as like to, and nobody's claim is asked for; deliveries take unequal times."""

import asyncio
import random
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from adapter import publication
from adapter.publication import Claim
from adapter.store import patients
from adapter.store.codec import milliseconds
from adapter.store.schema import insert_into, message, patient

SLOWEST = 2.0


def mark(connection: Connection, keys: Iterable[str], at: int) -> None:
    for key in sorted(set(keys)):
        row = insert_into("sqlite", patient).values(key=key, due=at, token=0, attempts=0)
        connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"due": at}))


def require(connection: Connection, claim: Claim, key: str) -> None:
    """Anybody may write."""


def settle(connection: Connection, claim: Claim, due: datetime | None) -> None:
    mine = message.c.patient == claim.patient
    unread = select(func.min(message.c.received)).where(mine, message.c.state == "received")
    again = func.coalesce(unread.scalar_subquery(), due and milliseconds(due))
    done = update(patient).where(patient.c.key == claim.patient)
    connection.execute(done.values(due=again, attempts=0, failing_since=None, claimed=None, marked=None))


def plant() -> None:
    bring = publication._bring

    async def slowly(*facts: object) -> None:
        await asyncio.sleep(random.random() * SLOWEST)
        await bring(*facts)

    publication._bring = slowly
    patients.mark, patients.require, patients.settle = mark, require, settle
