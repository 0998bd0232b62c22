"""What the tests bring with them and the measurements need too: a PostgreSQL server, and each engine's query plans."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from postgres_server import PostgresServer, postgres_server
from store_plans import hot_statements, postgres_plan, scans, sqlite_plan

__all__ = ["PostgresServer", "hot_statements", "postgres_plan", "postgres_server", "scans", "sqlite_plan"]
