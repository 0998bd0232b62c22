"""A sweep: every report that a server changed since the last one, page by page, by the server's own clock."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from adapter.fhir.moments import parse_date_time
from adapter.fhir.resource import Resource
from adapter.inbound.fhir_server import Bases, FhirServer, ServerReply, SourceError

INCLUDED = ("DiagnosticReport:result", "DiagnosticReport:subject", "DiagnosticReport:based-on")
"""R4 has no search parameter for DiagnosticReport.imagingStudy: that is fetched by itself."""


@dataclass(frozen=True, slots=True)
class SweepTerms:
    """How a source is searched; ``overlap`` is what two sweeps have in common, for commits that end out of order."""

    overlap: timedelta = timedelta(minutes=5)
    look_back: timedelta = timedelta(hours=24)
    category: str | None = None
    include: bool = True
    page_size: int = 50
    most_pages: int = 500


class Sweep:
    """Gives the pages of one sweep; ``high_water`` is the newest change seen, empty where nothing was.

    ``whole`` says whether the last page was reached; ``sorted``: the server gave the oldest first, as asked.
    """

    def __init__(self, server: FhirServer, bases: Bases, terms: SweepTerms) -> None:
        self._server = server
        self._bases = bases
        self._terms = terms
        self.high_water = ""
        self.whole = False
        self.sorted = True
        self._last: datetime | None = None

    async def pages(self, high_water: str) -> AsyncIterator[ServerReply]:
        """Ask page after page; raises SourceError, also for a link that leads to another address."""
        path: str | None = self._first(await self._since(high_water))
        self.high_water = high_water
        for _ in range(self._terms.most_pages):
            if path is None:
                break
            reply = await self._server.get(path)
            if reply.resource is None or reply.resource.get("resourceType") != "Bundle":
                raise SourceError("a search is answered by a Bundle")
            self._look_at(reply.resource)
            yield reply
            path = self._following(reply.resource)
        self.whole = path is None

    async def _since(self, high_water: str) -> datetime:
        known = moment_of(high_water)
        if known is not None:
            return known - self._terms.overlap
        date = (await self._server.get("metadata")).date
        if date is None:
            raise SourceError("the server tells no time (Date)")
        return date - self._terms.look_back

    def _first(self, since: datetime) -> str:
        pairs = [
            ("_lastUpdated", f"ge{since.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z"),
            ("_sort", "_lastUpdated"),
            ("_count", str(self._terms.page_size)),
        ]
        pairs += [("category", self._terms.category)] if self._terms.category else []
        pairs += [("_include", one) for one in INCLUDED] if self._terms.include else []
        return f"DiagnosticReport?{urlencode(pairs)}"

    def _look_at(self, bundle: Resource) -> None:
        for _, _, changed in reports_of(bundle):
            moment, newest = moment_of(changed), moment_of(self.high_water)
            if moment is None:
                continue
            if newest is None or moment > newest:
                self.high_water = changed
            self.sorted = self.sorted and (self._last is None or moment >= self._last)
            self._last = moment

    def _following(self, bundle: Resource) -> str | None:
        links = bundle.get("link")
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("relation") == "next":
                url = link.get("url")
                path = self._bases.below(url) if isinstance(url, str) else None
                if path is None:
                    rule = "the link to the next page leads to another address: it is not followed (known_as)"
                    raise SourceError(rule, permanent=True)
                return path
        return None


def reports_of(bundle: Resource) -> list[tuple[str, str, str]]:
    """Turn a page into (id, version, lastUpdated) of its reports, the order kept; what is unreadable is empty."""
    found = []
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "DiagnosticReport":
            meta = resource.get("meta")
            meta = meta if isinstance(meta, dict) else {}
            texts = (resource.get("id"), meta.get("versionId"), meta.get("lastUpdated"))
            id_, version, changed = (one if isinstance(one, str) else "" for one in texts)
            found.append((id_, version, changed))
    return found


def moment_of(text: str) -> datetime | None:
    """Turn an instant into a time, None for what is none."""
    try:
        moment = parse_date_time(text).datetime
    except ValueError:
        return None
    return moment if moment.tzinfo else None
