"""A store from one database into another, row by row, proven by count and digest before it counts as done."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from adapter.outcome import StoreUnavailableError
from adapter.store.postgres_address import BACKEND
from adapter.store.schema import metadata, probe

AT_A_TIME = 500
"""Rows in memory at one time; a message's body may be long."""
MODULUS = 1 << 256

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableCount:
    """What a table holds: how many rows, and a digest that does not depend on their order (databases sort unlike)."""

    table: str
    rows: int
    digest: str


class CopyError(StoreUnavailableError):
    """The copy is not what was copied, or there is no room for it: nothing of it was kept."""


def copy_rows(source: Connection, target: Connection) -> list[TableCount]:
    """Turn an empty target into the same store as the source; raises CopyError, and the caller undoes the target.

    ``source`` must be one consistent view, ``target`` a transaction.
    """
    refuse_unless_empty(target)
    counted = [_copy_table(source, target, table) for table in metadata.sorted_tables]
    for before in counted:
        if count_table(target, metadata.tables[before.table]) != before:
            raise CopyError(f"table {before.table} did not arrive as it was: nothing was copied")
    if target.dialect.name == BACKEND:
        _number_on(target)
    return counted


def refuse_unless_empty(target: Connection) -> None:
    """Raise CopyError where there is a row already, but for the one that proves that writing works."""
    for table in metadata.sorted_tables:
        if target.execute(select(*table.primary_key).limit(1)).first() is None:
            continue
        if table is not probe:
            raise CopyError(f"the target is not empty (table {table.name}): name a new database")
        target.execute(probe.delete())


def count_table(connection: Connection, table: Table) -> TableCount:
    """Turn a table into its count and digest."""
    total = _Total()
    for rows in _portions(connection, table):
        total.add(table, rows)
    return total.of(table)


def _copy_table(source: Connection, target: Connection, table: Table) -> TableCount:
    total = _Total()
    for rows in _portions(source, table):
        total.add(table, rows)
        try:
            target.execute(insert(table), rows)
        except SQLAlchemyError as error:
            raise CopyError(f"table {table.name}: the target refuses a row: nothing was copied") from error
    return total.of(table)


def _portions(connection: Connection, table: Table) -> Iterator[list[Values]]:
    found = connection.execute(select(table), execution_options={"yield_per": AT_A_TIME})
    for rows in found.mappings().partitions():
        yield [dict(row) for row in rows]


class _Total:
    """Adds up rows: the sum of their digests is the same in every order, and changes with each value."""

    def __init__(self) -> None:
        self._rows = 0
        self._sum = 0

    def add(self, table: Table, rows: Sequence[Values]) -> None:
        self._rows += len(rows)
        for row in rows:
            values = repr([row[column.name] for column in table.c]).encode("utf-8", "backslashreplace")
            self._sum = (self._sum + int.from_bytes(hashlib.sha256(values).digest())) % MODULUS

    def of(self, table: Table) -> TableCount:
        return TableCount(table.name, self._rows, f"{self._sum:064x}")


def _number_on(target: Connection) -> None:
    """Rows came with their numbers: PostgreSQL is told where its own go on, and is given its planner's statistics."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        last = target.scalar(select(func.max(column)))
        if last is not None:
            values = {"table": table.name, "column": column.name, "last": last}
            target.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), values)
    target.execute(text("ANALYZE"))
