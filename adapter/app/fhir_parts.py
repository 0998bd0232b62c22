"""The parts of a FHIR destination, built from the settings: connections, credentials, rules."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from adapter.fhir_in_settings import FhirSource
from adapter.outbound.auth.passwords import BasicPassword, BearerFile, NoCredentials
from adapter.outbound.auth.signing_keys import SigningKeys, jwks
from adapter.outbound.auth.smart_backend import SmartBackend, SmartClient
from adapter.outbound.auth.token_cache import TokenCache
from adapter.outbound.auth.token_command import TokenCommand
from adapter.outbound.client_tls import ClientTls, ClientTlsFiles
from adapter.outbound.exchange import Exchange, ExchangeLimits
from adapter.outbound.fhir_client import Authorizer, FhirClient
from adapter.outbound.fhir_destination import Agreement, FhirDestination
from adapter.outbound.fhir_settings import SCOPE, Destination, FhirAuth
from adapter.outbound.plans.places import Ledger
from adapter.outbound.report_link import ReportLink, Way
from adapter.outbound.watched_file import WatchedFile


def _now() -> datetime:
    return datetime.now(UTC)


def build_fhir_client(
    settings: Destination, clock: Callable[[], datetime] = _now, section: str = "destination"
) -> FhirClient:
    """Turn the settings into the client of their server; files are read when they are needed, and when they change.

    ``clock`` is the machine's: assertions are dated by it, never by a time that a test of the service sets. ``section``
    is where the site set it: what is wrong with its credentials is told by that name.
    """
    limits = ExchangeLimits(settings.connect_timeout, settings.timeout, settings.connections, settings.max_answer)
    tls = settings.tls
    exchange = Exchange(limits, ClientTls(ClientTlsFiles(tls.authorities, tls.certificate, tls.key, tls.key_password)))
    base = settings.fhir_base_url or ""
    smart = SmartClient(
        settings.auth.client_id or "",
        settings.auth.scope or SCOPE,
        base,
        settings.auth.token_url,
        f"{section}.auth",
    )
    return FhirClient(base, exchange, _authorizer(settings.auth, smart, exchange, clock), settings.media_type)


def build_fhir_destination(settings: Destination, ledger: Ledger) -> FhirDestination:
    """Turn the settings into a destination by one of the two FHIR plans."""
    client = build_fhir_client(settings)
    agreement = Agreement(
        plan=settings.plan,
        client_ids=settings.identity == "client-ids",
        conditional_create=settings.conditional_create,
        conditional_update=settings.conditional_update,
        max_entries=settings.max_entries,
        provenance=settings.provenance,
        summary=settings.report_link == "summary",
        report_link=_report_link(settings, client),
    )
    return FhirDestination(client, ledger, agreement)


def _report_link(settings: Destination, client: FhirClient) -> ReportLink | None:
    if settings.report_link not in ("patch", "put"):
        return None
    way: Way = "put" if settings.report_link == "put" else "patch"
    if way == "patch" and settings.plan == "transaction":
        way = "transaction"
    return ReportLink(client, way, settings.report_system)


def _authorizer(auth: FhirAuth, smart: SmartClient, exchange: Exchange, clock: Callable[[], datetime]) -> Authorizer:
    section = smart.setting
    if auth.method == "basic" and auth.password:
        return BasicPassword(auth.user or "", WatchedFile(auth.password, f"{section}.password"))
    if auth.method == "bearer" and auth.token:
        return BearerFile(WatchedFile(auth.token, f"{section}.token"))
    if auth.method == "exec":
        return TokenCache(TokenCommand(auth.command or (), f"{section}.command").token)
    if auth.method == "smart":
        keys = SigningKeys(auth.keys or (), f"{section}.keys")
        return TokenCache(SmartBackend(smart, keys, exchange, clock).token)
    return NoCredentials()


def published_keys(settings: Destination, sources: Sequence[FhirSource]) -> Callable[[], dict[str, Any]] | None:
    """Turn the settings into what gives the public halves of all keys that we sign by; None where nothing is signed."""
    named = [("destination.auth.keys", settings.auth), *((f"{one.section}.auth.keys", one.auth) for one in sources)]
    every = [SigningKeys(auth.keys, name) for name, auth in named if auth.method == "smart" and auth.keys]
    return partial(jwks, every) if every else None
