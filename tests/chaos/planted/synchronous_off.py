"""SQLite does not wait for the disk, and nobody asks whether it does."""

from adapter.store import engine


def plant() -> None:
    off = {"synchronous=FULL": "synchronous=OFF"}
    engine.WRITER_PRAGMAS = tuple(off.get(pragma, pragma) for pragma in engine.WRITER_PRAGMAS)
    engine.refuse_unless_durable = lambda _connection: None
