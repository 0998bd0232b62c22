"""What fetching needs of a server that reports come from: requests below its one base address, with our credentials."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import unquote

from adapter.fhir.resource import Resource
from adapter.outcome import AdapterError

NOT_THERE = frozenset({404, 410})


class SourceError(AdapterError):
    """A server did not give what it was asked for; ``permanent``: asking again will not help, a person has to look."""

    def __init__(self, rule: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.permanent = permanent
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class ServerReply:
    """An answer: 2xx with its resource, or 404 or 410 without; ``date`` is the server's own time."""

    status: int
    resource: Resource | None = None
    body: bytes = b""
    date: datetime | None = None
    version: str | None = None

    @property
    def is_there(self) -> bool:
        """Is it what was asked for?"""
        return self.status not in NOT_THERE and self.resource is not None


class FhirServer(Protocol):
    """One server; each call raises SourceError for any answer but those of ServerReply."""

    async def get(self, path: str) -> ServerReply:
        """Read what stands under a path below the base address; the query is a part of the path, encoded."""
        ...

    async def put(self, path: str, resource: Resource, version: str | None) -> ServerReply:
        """Update a resource, if it still stands in the version that was read."""
        ...


@dataclass(frozen=True, slots=True)
class Bases:
    """The addresses that are the server's own: the configured base first, then what it calls itself by."""

    own: str
    others: tuple[str, ...] = ()

    def below(self, url: str) -> str | None:
        """Turn an address that the server gave into the path below the configured base; None: it leads elsewhere.

        Only the path is ever asked for, and at the configured base alone.
        """
        for base in (self.own, *self.others):
            rest = url.removeprefix(base)
            if rest != url and rest[:1] in ("/", "?"):
                path = rest.removeprefix("/")
                return path if _stays_below(path) else None
        return None


def _stays_below(path: str) -> bool:
    """May nothing in it lead up or to another host: dot segments, backslashes, control characters, fragments?"""
    once = unquote(path.partition("?")[0])
    parts = unquote(once).replace("\\", "/").split("/")
    plain = path.isascii() and path.isprintable() and " " not in path and "#" not in path and "\\" not in path
    return plain and not any(part in (".", "..") for part in parts) and not path.startswith("/")
