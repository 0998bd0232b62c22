"""The address of a store, wherever a test puts it."""

from pathlib import Path

from postgres_server import PostgresPlace


def url(place: Path | PostgresPlace | str) -> str:
    """The address of a store in a folder, or in a database; an address is its own."""
    if isinstance(place, PostgresPlace):
        return place.url
    return place if isinstance(place, str) else f"sqlite:///{place}/netpet.db"
