"""Every path that is served, in one place."""

from aiohttp import web

from adapter.fhir.code_systems import code_systems
from adapter.fhir.profiles import profiles, value_sets
from adapter.web.access import Access
from adapter.web.answers import finish
from adapter.web.boundary import Boundary
from adapter.web.dead_letters import DeadLetterRoutes
from adapter.web.fhir_metadata import FhirMetadata
from adapter.web.fhir_read import FhirRead
from adapter.web.fhir_search import FhirSearch
from adapter.web.health import Readiness, StoreProbe, livez, metrics_handler
from adapter.web.held_searches import HeldSearches
from adapter.web.jwks import JWKS_PATH, jwks_handler
from adapter.web.kept_messages import KeptMessageRoutes
from adapter.web.mappings import MappingRoutes
from adapter.web.own_address import FHIR_PATH
from adapter.web.parts import ResourceReader, WebParts
from adapter.web.replays import ReplayRoutes
from adapter.web.scores import ScoreRoutes
from adapter.web.search_parameters import SEARCHES
from adapter.web.static_resources import StaticResources
from adapter.web.summary_reports import SummaryReports

MAX_BODY = 64 * 1024
"""Bytes of a search by form."""
_ID = "{id:[A-Za-z0-9.-]{1,64}}"


def build_app(parts: WebParts) -> web.Application:
    """Turn the web's parts into the application that serves every path."""
    access = Access(parts.api_keys, parts.admits, parts.tokens)
    app = web.Application(middlewares=[Boundary(parts.tell).middleware, access.middleware], client_max_size=MAX_BODY)
    app.on_response_prepare.append(finish)
    _add_health(app.router, parts)
    if parts.serves_fhir:
        _add_fhir(app.router, parts)
    if parts.dead_letters is not None:
        DeadLetterRoutes(parts.dead_letters).add_to(app.router)
    if parts.scores is not None:
        ScoreRoutes(parts.scores, parts.api_keys).add_to(app.router)
    if parts.replays is not None:
        ReplayRoutes(parts.replays).add_to(app.router)
    if parts.kept_messages is not None:
        KeptMessageRoutes(parts.kept_messages).add_to(app.router)
    if parts.jwks is not None:
        app.router.add_get(JWKS_PATH, jwks_handler(parts.jwks))
    if parts.mappings is not None:
        MappingRoutes(parts.mappings).add_to(app.router)
    for routes in (parts.messages, parts.fhir_in, parts.notifications):
        if routes is not None:
            routes.add_to(app.router)
    return app


def _add_health(router: web.UrlDispatcher, parts: WebParts) -> None:
    router.add_get("/livez", livez)
    router.add_get("/readyz", Readiness(StoreProbe(parts.health), parts.checks).get)
    router.add_get("/metrics", metrics_handler(parts.metrics))


def _add_fhir(router: web.UrlDispatcher, parts: WebParts) -> None:
    router.add_get(f"{FHIR_PATH}/metadata", FhirMetadata(parts.version, parts.base_url, parts.fhir_in is not None).get)
    readers: dict[str, ResourceReader] = {
        "DiagnosticReport": SummaryReports(parts.reader),
        "CodeSystem": StaticResources(code_systems()),
        "StructureDefinition": StaticResources(profiles()),
        "ValueSet": StaticResources(value_sets()),
    }
    held = HeldSearches()
    for type_ in SEARCHES:
        reader = readers.get(type_, parts.reader)
        search = FhirSearch(type_, reader, held, parts.base_url, parts.form_timeout)
        router.add_get(f"{FHIR_PATH}/{type_}", search.get)
        router.add_post(f"{FHIR_PATH}/{type_}/_search", search.post)
        router.add_get(f"{FHIR_PATH}/{type_}/{_ID}", FhirRead(type_, reader).get)
