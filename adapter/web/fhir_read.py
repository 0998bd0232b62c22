"""``GET /fhir/<type>/<id>``: one resource with its version, or that the client has it already."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

from adapter.fhir.resource import Resource
from adapter.web.answers import fhir_answer
from adapter.web.faults import Fault, RefusedError
from adapter.web.negotiation import require_json
from adapter.web.parts import ResourceReader
from adapter.web.query_text import parameters


@dataclass(frozen=True, slots=True)
class FhirRead:
    """Reads one type of resource by id."""

    type: str
    reader: ResourceReader

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer a read; ``If-None-Match`` with the current version gets 304 (R4, http: conditional read)."""
        require_json(request.headers.getall("Accept", ()), parameters(request.rel_url.raw_query_string))
        resource = await self.reader.read_resource(self.type, request.match_info["id"])
        if resource is None:
            raise RefusedError(Fault.NOT_FOUND, f"there is no {self.type} of this id")
        headers = version_headers(resource)
        version = resource.get("meta", {}).get("versionId")
        if any(tag.value in ("*", version) for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return await fhir_answer(resource, headers)


def version_headers(resource: Resource) -> dict[str, str]:
    """Turn ``meta`` into ETag (weak, as FHIR has it) and Last-Modified, as far as it says."""
    meta = resource.get("meta", {})
    headers = {"ETag": f'W/"{meta["versionId"]}"'} if "versionId" in meta else {}
    if "lastUpdated" in meta:
        updated = datetime.fromisoformat(meta["lastUpdated"]).astimezone(UTC)
        headers["Last-Modified"] = format_datetime(updated, usegmt=True)
    return headers
