"""The statements that run for every message: turned into the database's SQL once, and run by its driver.

SQLAlchemy takes about 100 microseconds to run one statement (its cache key, its result, its events), the driver ten. A
statement that runs once a page or once a minute is better written as elsewhere: rows then have names.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, ClauseElement, Column, ColumnElement, Connection, Insert, bindparam, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from adapter.store.postgres_address import BACKEND

Values = Mapping[str, Any]
Row = tuple[Any, ...]

TOGETHER = 32
"""Rows that PostgreSQL gets in one statement; each number of rows is a statement of its own."""


def among(column: Column[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """Turn a column and the name of a value, which is a list, into "is one of them"."""
    if dialect == BACKEND:
        return column == func.any(bindparam(name, type_=ARRAY(column.type)))
    listed = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(listed.c.value))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """SQL text, and the order in which this driver takes values by name."""

    text: str
    fixed: dict[str, Any]
    order: tuple[str, ...]
    lists_as_json: bool

    def arguments(self, values: Values) -> list[Any]:
        """Turn values by name into the driver's arguments; raises KeyError for one that is missing."""
        fixed = self.fixed
        found = [values[name] if name in values else fixed[name] for name in self.order]
        if self.lists_as_json:
            return [json.dumps(value) if type(value) is list else value for value in found]
        return found


class Prepared:
    """One statement. ``build`` turns a dialect's name into it; ``columns`` are those of an INSERT.

    The driver's own values come back: a Boolean of SQLite is 0 or 1. Failures are SQLAlchemy's DBAPIError.
    """

    def __init__(self, build: Callable[[str], ClauseElement], columns: Iterable[str] | None = None) -> None:
        self._build = build
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[tuple[str, int], _Compiled] = {}

    def rows(self, connection: Connection, values: Values) -> list[Row]:
        """Run the statement and give all its rows."""
        found: list[Row] = self._run(connection, values).fetchall()
        return found

    def row(self, connection: Connection, values: Values) -> Row | None:
        """Run the statement and give its first row, if it has any."""
        found = self.rows(connection, values)
        return found[0] if found else None

    def change(self, connection: Connection, values: Values) -> int:
        """Run the statement and give how many rows it changed."""
        changed: int = self._run(connection, values).rowcount
        return changed

    def change_many(self, connection: Connection, values: Sequence[Values]) -> None:
        """Run an INSERT for each of the values; PostgreSQL, to which each statement is a way, gets many at once."""
        if connection.dialect.name == BACKEND:
            for first in range(0, len(values), TOGETHER):
                self._insert_together(connection, values[first : first + TOGETHER])
        elif values:
            compiled = self._for(connection.dialect)
            arguments = [compiled.arguments(one) for one in values]
            _run(connection, lambda cursor: cursor.executemany(compiled.text, arguments))

    def _insert_together(self, connection: Connection, values: Sequence[Values]) -> None:
        compiled = self._for(connection.dialect, len(values))
        arguments = [argument for one in values for argument in compiled.arguments(one)]
        _run(connection, lambda cursor: cursor.execute(compiled.text, arguments))

    def _run(self, connection: Connection, values: Values) -> Any:
        compiled = self._for(connection.dialect)
        arguments = compiled.arguments(values)
        return _run(connection, lambda cursor: cursor.execute(compiled.text, arguments))

    def _for(self, dialect: Dialect, together: int = 0) -> _Compiled:
        """The statement for a database; ``together``: as one that inserts so many rows."""
        this = (dialect.name, together)
        if this not in self._compiled:
            self._compiled[this] = self._inserting(dialect, together) if together else self._single(dialect)
        return self._compiled[this]

    def _single(self, dialect: Dialect) -> _Compiled:
        statement = self._build(dialect.name).compile(dialect=_numbered(dialect), column_keys=self._columns)
        return _compiled(cast("SQLCompiler", statement))

    def _inserting(self, dialect: Dialect, rows: int) -> _Compiled:
        """Each row has the values of all columns, in one order: an order for the first row stands for all."""
        statement, columns = cast("Insert", self._build(dialect.name)), self._columns or ()
        types = {name: statement.table.c[name].type for name in columns}
        values = [{name: bindparam(f"{name}_{row}", type_=types[name]) for name in columns} for row in range(rows)]
        together = statement.values(values).compile(dialect=_numbered(dialect))
        order = [name.removesuffix("_0") for name in (together.positiontup or ())[: len(columns)]]
        return _Compiled(together.string, {}, tuple(order), lists_as_json=False)


def _numbered(dialect: Dialect) -> Dialect:
    """PostgreSQL's own form of placeholders: psycopg would otherwise turn the text into it at each run."""
    if dialect.name != BACKEND:
        return dialect
    numbered: Callable[..., Dialect] = type(dialect)
    return numbered(paramstyle="numeric_dollar")


def _compiled(statement: SQLCompiler) -> _Compiled:
    fixed = {name: bind.effective_value for name, bind in statement.binds.items() if not bind.required}
    order = tuple(statement.positiontup or ())
    return _Compiled(statement.string, fixed, order, lists_as_json=statement.dialect.name != BACKEND)


def _cursor(connection: Connection) -> Any:
    if connection.dialect.name != BACKEND:
        return connection.connection.cursor()
    from adapter.store.postgres import raw_cursor  # noqa: PLC0415 - SQLite needs no driver of 10 MB

    return raw_cursor(connection.connection)


def _run(connection: Connection, execute: Callable[[Any], object]) -> Any:
    """Run something on a cursor of the driver; its failure is told as SQLAlchemy tells it."""
    cursor = _cursor(connection)
    try:
        execute(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(None, None, error) from error
    return cursor
