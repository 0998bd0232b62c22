"""A report is fetched with all that it needs, from the configured base alone, whatever its references say."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass

from adapter.fhir.incoming import MAX_BYTES, Incoming, completed, parse_incoming
from adapter.fhir.json_text import to_json
from adapter.fhir.resource import Resource
from adapter.fhir.shelf import Address, parsed
from adapter.fhir.unit import Missing, Unit
from adapter.inbound.fhir_server import Bases, FhirServer, ServerReply

FETCHED = frozenset({"Patient", "Observation", "ServiceRequest", "ImagingStudy"})
"""What identifies patient and study, and what is reported; nothing else is asked for."""
MOST = 500
"""Resources fetched for one report; the largest report has 80 findings."""
ROUNDS = 6
"""Members of members; R4 sets no limit, a circle is no reason to go on."""
AT_A_TIME = 4
_ID = re.compile(r"[A-Za-z0-9-][A-Za-z0-9.-]{0,63}")
_VERSION = re.compile(r"[A-Za-z0-9-][A-Za-z0-9.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Asks one server; every call may raise SourceError, and IncomingError for what no report may look like."""

    server: FhirServer
    bases: Bases

    async def report(self, id_: str) -> Unit | None:
        """Turn the id of a report into the report with all that it needs; None: it is not there (any more)."""
        if not _ID.fullmatch(id_):
            return None
        reply = await self.server.get(f"DiagnosticReport/{id_}")
        if not reply.is_there or reply.resource is None:
            return None
        found = {"fullUrl": f"{self.bases.own}/DiagnosticReport/{id_}", "resource": reply.resource}
        body = {"resourceType": "Bundle", "type": "searchset", "entry": [found]}
        incoming = await parse_page(to_json(body))
        return await self.complete(incoming.units[0]) if incoming.units else None

    async def complete(self, unit: Unit) -> Unit:
        """Fetch what the report needs and the body lacks; what the server does not have stays missing."""
        asked: set[str] = set()
        for _ in range(ROUNDS):
            wanted = [(one, path) for one, path in self._wanted(unit.missing) if one.reference not in asked]
            wanted = wanted[: MOST - len(asked)]
            if not wanted:
                break
            asked |= {one.reference for one, _ in wanted}
            found = await self._fetch(wanted, unit)
            if found:
                unit = await asyncio.to_thread(completed, unit, found)
        return unit

    def _wanted(self, missing: Iterable[Missing]) -> list[tuple[Missing, str]]:
        distinct = {one.reference: one for one in missing}.values()
        paths = ((one, self._path(one.reference)) for one in distinct)
        return [(one, path) for one, path in paths if path is not None]

    def _path(self, reference: str) -> str | None:
        """Turn a reference into a path below the base, None for any that leads to another server."""
        address = parsed(reference)
        if address is None or (address.base and self.bases.below(address.base + address.name) != address.name):
            return None
        type_, _, id_ = address.name.partition("/")
        if type_ not in FETCHED or not _ID.fullmatch(id_):
            return None
        if address.version and not _VERSION.fullmatch(address.version):
            return None
        return f"{address.name}/_history/{address.version}" if address.version else address.name

    async def _fetch(self, wanted: list[tuple[Missing, str]], unit: Unit) -> list[tuple[str, Resource]]:
        places = asyncio.Semaphore(AT_A_TIME)

        async def get(path: str) -> ServerReply:
            async with places:
                return await self.server.get(path)

        tasks = [asyncio.ensure_future(get(path)) for _, path in wanted]
        try:
            replies = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [
            (_url(parsed(one.reference), unit, self.bases), reply.resource)
            for (one, path), reply in zip(wanted, replies, strict=True)
            if reply.is_there and reply.resource is not None and _is(reply.resource, path)
        ]


def _is(resource: Resource, path: str) -> bool:
    """Is it what the path names? A server, or a proxy, may answer with anything."""
    type_, id_ = path.split("/")[:2]
    return resource.get("resourceType") == type_ and resource.get("id") == id_


def _url(address: Address | None, unit: Unit, bases: Bases) -> str:
    """The address by which the report's own references find the resource."""
    name = address.name if address else ""
    return f"{(address.base if address else '') or unit.report.base or f'{bases.own}/'}{name}"


async def parse_page(body: bytes) -> Incoming:
    """Turn a page of a search, or one report as such, into its units, beside the loop; raises IncomingError.

    A page may be larger than what a stranger may send: the client has limited it already.
    """
    return await asyncio.to_thread(parse_incoming, body, max_bytes=4 * MAX_BYTES, max_nodes=1_000_000)
