"""The page of query plans: how both engines find the rows of each statement that runs for every message."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from adapter.store.opening import Premises, open_database
from adapter.store.prepared import Prepared
from bench.postgres import hot_statements, postgres_plan, postgres_server, scans, sqlite_plan
from bench.stored import fill

STORED = 10_000
HEAD = """# Query plans

Written by `make bench`. Each statement that runs for every message (the prepared ones, `adapter/store/prepared.py`), as
SQLite finds its rows beside {stored:,} stored messages, and as PostgreSQL plans it for values that are not known yet,
in an empty database: the plan that a connection keeps while the tables grow. A walk through one (`SCAN`, `Seq Scan`)
would make a message dearer with each one that is stored; a test fails then (`tests/unit/test_store_plans.py`).
Statements that walk on SQLite: {scanning}."""


def page(folder: Path) -> str:
    """Turn the present statements into the page."""
    file = folder / "plans" / "netpet.db"
    file.parent.mkdir(parents=True)
    fill(file, STORED)
    on_sqlite = _on(f"sqlite:///{file}", sqlite_plan)
    with postgres_server() as server:
        on_postgres = _on(server.url(server.create()), postgres_plan)
    scanning = [name for name, plan in on_sqlite.items() if scans(plan)]
    lines = [HEAD.format(stored=STORED, scanning=", ".join(scanning) or "none")]
    for name in on_sqlite:
        lines += ["", f"## {name}", "", "```", *on_sqlite[name], "--", *on_postgres[name], "```"]
    return "\n".join(lines)


def _on(address: str, plan: Callable[[Connection, Prepared], list[str]]) -> dict[str, list[str]]:
    opened = open_database(address, Premises())
    try:
        with opened.engines.writer.connect() as connection:
            return {name: plan(connection, found) for name, found in hot_statements().items()}
    finally:
        opened.close()
