"""``GET /fhir/<type>`` and ``POST /fhir/<type>/_search``: a search to a searchset Bundle."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from adapter.fhir.bundle import searchset
from adapter.fhir.resource import Resource
from adapter.fhir.resource_filter import Page
from adapter.web.answers import fhir_answer
from adapter.web.faults import Fault, RefusedError, issue, printable
from adapter.web.held_searches import HeldSearches
from adapter.web.negotiation import Handling, preferred_handling, require_json
from adapter.web.own_address import own_address
from adapter.web.page_links import page_links
from adapter.web.parts import ResourceReader
from adapter.web.query_text import Parameter, parameters
from adapter.web.search import Search, read_search

FORM = "application/x-www-form-urlencoded"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class FhirSearch:
    """Searches one type of resource, and pages through what it found."""

    type: str
    reader: ResourceReader
    held: HeldSearches
    base_url: str
    form_timeout: float

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer a search by URL; with ``_continue`` it goes on with one that came by form."""
        given = parameters(request.rel_url.raw_query_string)
        tickets = [parameter.value for parameter in given if parameter.name == "_continue"]
        if not tickets:
            return await self._answer(request, given, "")
        paging = [parameter for parameter in given if parameter.name in ("_count", "_offset")]
        return await self._answer(request, [*self.held.find(self.type, tickets[0]), *paging], tickets[0])

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer a search by form; parameters of the URL count as if they stood in the form (R4, http: search)."""
        given = parameters(request.rel_url.raw_query_string) + parameters(await _form(request, self.form_timeout))
        return await self._answer(request, given, "", by_form=True)

    async def _answer(
        self, request: web.Request, given: list[Parameter], ticket: str, *, by_form: bool = False
    ) -> web.StreamResponse:
        require_json(request.headers.getall("Accept", ()), given)
        handling = preferred_handling(request.headers.getall("Prefer", ()))
        search = read_search(self.type, given, handling)
        base = own_address(request, self.base_url)
        page = await self._find(search)
        if by_form and page.total > search.count > 0:
            ticket = self.held.hold(self.type, search.understood)
        links = page_links(base, search, page.total, ticket)
        bundle = searchset(base, [*page.resources, *_ignored(search)], page.total, links)
        return await fhir_answer(bundle, _applied(handling))

    async def _find(self, search: Search) -> Page:
        if search.narrowing.impossible:
            return Page(0, ())
        return await self.reader.search_resources(search.type, search.narrowing.filters, search.count, search.offset)


async def _form(request: web.Request, within: float) -> str:
    if request.content_type != FORM or "Content-Encoding" in request.headers:
        raise RefusedError(Fault.MEDIA_TYPE, f"a search by form is {FORM}, not compressed")
    try:
        async with asyncio.timeout(within):
            body = await request.read()
    except TimeoutError:
        raise RefusedError(Fault.BODY_LATE, "the form did not arrive in time") from None
    return body.decode("utf-8", "replace")


def _ignored(search: Search) -> list[Resource]:
    """What was not understood is said where a client that reads the Bundle finds it."""
    if not search.ignored:
        return []
    issues = [
        issue("warning", "not-supported", f"{printable(name)} is not supported and was ignored", name)
        for name in search.ignored
    ]
    return [{"resourceType": "OperationOutcome", "issue": issues}]


def _applied(handling: Handling) -> dict[str, str]:
    return {} if handling is Handling.UNSAID else {"Preference-Applied": f"handling={handling.value}"}
