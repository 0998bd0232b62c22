"""The statements that run for every message: turned into the database's SQL once, and run by its driver.

SQLAlchemy takes about 100 microseconds to run one statement (its cache key, its result, its events), the driver ten. A
statement that runs once a page or once a minute is better written as elsewhere: rows then have names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """SQL text, and how values by name become what this driver takes: a sequence, or a mapping."""

    text: str
    fixed: dict[str, Any]
    order: tuple[str, ...] | None

    def arguments(self, values: Values) -> Sequence[Any] | Values:
        """Turn values by name into the driver's arguments; raises KeyError for one that is missing."""
        fixed = self.fixed
        if self.order is None:
            return {**fixed, **values}
        return [values[name] if name in values else fixed[name] for name in self.order]


class Prepared:
    """One statement. ``build`` turns a dialect's name into it; ``columns`` are those of an INSERT.

    The driver's own values come back: a Boolean of SQLite is 0 or 1. Failures are SQLAlchemy's DBAPIError.
    """

    def __init__(self, build: Callable[[str], ClauseElement], columns: Iterable[str] | None = None) -> None:
        self._build = build
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

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
        """Run the statement once for each of the values."""
        if not values:
            return
        compiled = self._for(connection)
        arguments = [compiled.arguments(one) for one in values]
        _run(connection, lambda cursor: cursor.executemany(compiled.text, arguments))

    def _run(self, connection: Connection, values: Values) -> Any:
        compiled = self._for(connection)
        arguments = compiled.arguments(values)
        return _run(connection, lambda cursor: cursor.execute(compiled.text, arguments))

    def _for(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        if name not in self._compiled:
            statement = self._build(name).compile(dialect=connection.dialect, column_keys=self._columns)
            self._compiled[name] = _compiled(cast("SQLCompiler", statement))
        return self._compiled[name]


def _compiled(statement: SQLCompiler) -> _Compiled:
    fixed = {name: bind.effective_value for name, bind in statement.binds.items() if not bind.required}
    order = None if statement.positiontup is None else tuple(statement.positiontup)
    return _Compiled(statement.string, fixed, order)


def _run(connection: Connection, execute: Callable[[Any], object]) -> Any:
    """Run something on a cursor of the driver; its failure is told as SQLAlchemy tells it."""
    cursor = connection.connection.cursor()
    try:
        execute(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(None, None, error) from error
    return cursor
