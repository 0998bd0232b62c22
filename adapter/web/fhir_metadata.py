"""``GET /fhir/metadata``: what this endpoint can do, made from the very tables that it works by."""

from dataclasses import dataclass
from datetime import date

from aiohttp import web

from adapter.fhir.capability import Served, capability_statement
from adapter.fhir.terminology import LESION_PROFILE, PROVENANCE_PROFILE, SCORE_PROFILE, SUMMARY_REPORT_PROFILE
from adapter.web.answers import fhir_answer
from adapter.web.negotiation import require_json
from adapter.web.own_address import own_address
from adapter.web.query_text import parameters
from adapter.web.search_parameters import SEARCHES

CHANGED = date(2026, 11, 22)
"""The day that what we serve last changed."""
_TAKEN = "DiagnosticReport"
"""What may be sent, where FHIR in is open."""
_PROFILES = {
    "Observation": (SCORE_PROFILE, LESION_PROFILE),
    "DiagnosticReport": (SUMMARY_REPORT_PROFILE,),
    "Provenance": (PROVENANCE_PROFILE,),
}


@dataclass(frozen=True, slots=True)
class FhirMetadata:
    """Answers with the CapabilityStatement of this version of the software; ``takes_reports`` where FHIR in is open."""

    version: str
    base_url: str = ""
    takes_reports: bool = False

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer what can be asked here."""
        require_json(request.headers.getall("Accept", ()), parameters(request.rel_url.raw_query_string))
        base = own_address(request, self.base_url)
        bundles = ("transaction",) if self.takes_reports else ()
        served = served_types(takes_reports=self.takes_reports)
        return await fhir_answer(capability_statement(self.version, base, CHANGED, served, bundles))


def served_types(*, takes_reports: bool) -> tuple[Served, ...]:
    """Give each type with its interactions and search parameters."""
    return tuple(_served(type_, is_taken=takes_reports and type_ == _TAKEN) for type_ in SEARCHES)


def _served(type_: str, *, is_taken: bool) -> Served:
    interactions = ("read", "search-type", *(("create", "update") if is_taken else ()))
    return Served(type_, interactions, _parameters(type_), _PROFILES.get(type_, ()), is_taken)


def _parameters(type_: str) -> tuple[tuple[str, str], ...]:
    own = [(name, one.kind) for name, one in SEARCHES[type_].items() if not one.alias]
    return (*own, ("_count", "number"))
