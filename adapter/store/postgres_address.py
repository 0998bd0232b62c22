"""What is known of PostgreSQL without its driver, which takes 10 MB: addresses, and what its errors are worth."""

import sys

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapter.outcome import StoreUnavailableError

BACKEND = "postgresql"
OPTIONS = frozenset({"host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"})
"""What may follow the '?' in ``store.url`` (libpq's connection parameters)."""


def is_postgres(url: str) -> bool:
    """Is this the address of a PostgreSQL database? What is no URL at all is none."""
    try:
        return make_url(url).get_backend_name() == BACKEND
    except ArgumentError:
        return False


def postgres_address(url: str) -> URL:
    """Turn ``postgresql://user@host/database`` into the driver's URL; raises StoreUnavailableError with advice."""
    parsed = make_url(url)
    if parsed.password is not None:
        raise StoreUnavailableError("store.url: take the password out and put it into the file store.password_file")
    unknown = sorted(set(parsed.query) - OPTIONS)
    if unknown:
        raise StoreUnavailableError(f"store.url: {unknown[0]} is not taken after the '?': {', '.join(sorted(OPTIONS))}")
    if not parsed.database:
        raise StoreUnavailableError("store.url: name a database, as in postgresql://user@host/netpet?sslmode=...")
    return parsed.set(drivername="postgresql+psycopg")


def is_of_driver(error: BaseException | None, *kinds: str) -> bool:
    """Is this an error of the driver, of one of these kinds (PEP 249)? One that was never loaded raised nothing."""
    driver = sys.modules.get("psycopg")
    return driver is not None and isinstance(error, tuple(getattr(driver, kind) for kind in kinds))


def lost(error: BaseException | None) -> bool:
    """Did the connection end, rather than a statement fail? Then the next one on a new connection may do."""
    cause = getattr(error, "orig", error)
    if not is_of_driver(cause, "OperationalError", "InterfaceError"):
        return False
    state = getattr(cause, "sqlstate", None)
    return state is None or state.startswith(("08", "57P"))


TRANSIENT = ("40P01", "40001", "23505")
"""Deadlock, serialization failure, and the same new row written by two: what a second try takes care of."""


def transient(error: BaseException) -> bool:
    """Did two processes get in each other's way, so that the same work may be tried again at once?"""
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlstate", None) in TRANSIENT
