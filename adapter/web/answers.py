"""A resource, or what forbids one, to an HTTP answer; and the headers that every answer carries."""

import asyncio
from collections.abc import MutableMapping

from aiohttp import web

from adapter.fhir.json_text import to_json
from adapter.fhir.resource import Resource
from adapter.web.faults import Fault, RefusedError

FHIR_JSON = "application/fhir+json"
SERVER = "netpet-adapter"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""No copy of a patient's data on the way, nothing that a browser could run, no address given away."""
_LARGE = 10
"""Entries from which the JSON is written in a thread: the loop has messages to acknowledge meanwhile."""


async def fhir_answer(resource: Resource, headers: dict[str, str] | None = None) -> web.Response:
    """Turn a resource into the answer that brings it."""
    large = len(resource.get("entry", ())) >= _LARGE
    body = await asyncio.to_thread(to_json, resource) if large else to_json(resource)
    return web.Response(body=body, content_type=FHIR_JSON, charset="utf-8", headers=headers)


def refusal(error: RefusedError) -> web.Response:
    """Turn what was refused into its OperationOutcome."""
    body = to_json(error.outcome)
    return web.Response(status=error.status, body=body, content_type=FHIR_JSON, charset="utf-8", headers=error.headers)


def secure(headers: MutableMapping[str, str]) -> None:
    """Add to an answer's headers what every answer carries; one that was set for this answer stays."""
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers["Server"] = SERVER


async def finish(_: web.Request, response: web.StreamResponse) -> None:
    """Complete an answer just before it leaves.

    An ``Expect`` that we cannot meet is answered by the library before any of our code runs, with the header's value
    in the text: it is replaced here.
    """
    if isinstance(response, web.HTTPExpectationFailed):
        stand_in = refusal(RefusedError(Fault.EXPECTATION, "the only expectation is 100-continue"))
        response.body = stand_in.body
        response.headers["Content-Type"] = stand_in.headers["Content-Type"]
        response.headers["Content-Length"] = str(stand_in.content_length)
    secure(response.headers)
