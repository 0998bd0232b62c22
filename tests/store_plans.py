"""How the databases find the rows of the statements that run for every message: each engine's own words."""

import importlib
import pkgutil
from typing import Any

from sqlalchemy import Connection

import adapter.store
from adapter.store.prepared import Prepared

IN_HAND = frozenset({"json_each", "anon_1", "anon_2", "anon_3", "CONSTANT", "CONSTANT ROW"})
"""What may be scanned: values that were handed over with the statement, and rows that were just found."""


def hot_statements() -> dict[str, Prepared]:
    """Every prepared statement of the store, by its module and name."""
    names = [f"adapter.store.{found.name}" for found in pkgutil.iter_modules(adapter.store.__path__)]
    return {
        f"{name.rpartition('.')[2]}.{member}": found
        for name in names
        for member, found in vars(importlib.import_module(name)).items()
        if isinstance(found, Prepared)
    }


def sqlite_plan(connection: Connection, statement: Prepared) -> list[str]:
    """SQLite's steps for a statement, none of them run."""
    compiled = statement._for(connection.dialect)
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN QUERY PLAN {compiled.text}", [_stand_in(name) for name in compiled.order])
    return [row[3] for row in cursor.fetchall()]


def _stand_in(name: str) -> Any:
    return "[]" if name in {"lanes", "records", "these", "types", "ids"} else 1


def scans(plan: list[str]) -> list[str]:
    """The steps that go through a whole table; a walk along an index counts too."""
    return [
        step
        for step in plan
        if step.startswith("SCAN ") and step.split()[1] not in IN_HAND and "VIRTUAL TABLE" not in step
    ]


def postgres_plan(connection: Connection, statement: Prepared) -> list[str]:
    """PostgreSQL's plan for a statement whose values are not known yet (PostgreSQL 16)."""
    cursor = connection.connection.cursor()  # one that takes a statement without its values
    cursor.execute(f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {statement._for(connection.dialect).text}")
    return [row[0] for row in cursor.fetchall()]
