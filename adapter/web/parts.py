"""What the web is given: whom it asks for resources and health, and whom it tells what it did."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from adapter.fhir.resource import Resource
from adapter.fhir.resource_filter import Page, ResourceFilter
from adapter.web.api_keys import ApiKeys
from adapter.web.bearer import BearerTokens
from adapter.web.dead_letters import DeadLetterControl
from adapter.web.fhir_in import FhirInRoutes
from adapter.web.fhir_notifications import NotificationRoutes
from adapter.web.hl7v2_messages import MessageRoute
from adapter.web.kept_messages import MessagesControl
from adapter.web.mappings import MappingsControl
from adapter.web.replays import ReplayControl
from adapter.web.scores import ScoreControl
from adapter.web.telling import Tell, tell_nobody


class ResourceReader(Protocol):
    """Who holds the resources that are served; each call may raise StoreUnavailableError."""

    async def read_resource(self, type_: str, id_: str, /) -> Resource | None:
        """Turn a type and an id into the resource as served, or None."""
        ...

    async def search_resources(self, type_: str, filters: ResourceFilter, limit: int, offset: int, /) -> Page:
        """Find the resources of a type that fit, the newest first, and count them all."""
        ...


class Health(Protocol):
    """Who can prove that what is written now will be there tomorrow."""

    async def check(self) -> None:
        """Prove that a write reaches the disk; raises StoreUnavailableError when it does not."""
        ...


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """One condition of being ready, by name; ``reason`` gives the empty string, or in words why it does not hold.

    One that is ``only_told`` is a notice for a person: work can be taken all the same.
    """

    name: str
    reason: Callable[[], str]
    only_told: bool = False


@dataclass(frozen=True, slots=True)
class WebParts:
    """Everything that the web needs and does not make itself.

    ``base_url`` is our address as clients see it (``https://netpet.hospital.example/fhir``); empty: as each request
    names us. Without ``api_keys`` everyone who can reach the port may read. ``admits`` says of a finished TLS
    handshake whether its client certificate is on the site's list. ``form_timeout`` is in seconds, for a search by
    form to arrive. Without ``messages`` none are taken here, without ``fhir_in`` no FHIR, without ``notifications`` no
    subscription's. ``tokens`` are taken beside API keys. ``jwks`` gives our public keys.
    """

    reader: ResourceReader
    health: Health
    version: str
    metrics: Callable[[], bytes]
    checks: tuple[ReadinessCheck, ...] = ()
    api_keys: ApiKeys | None = None
    admits: Callable[[ssl.SSLObject], bool] | None = None
    base_url: str = ""
    serves_fhir: bool = True
    form_timeout: float = 10.0
    mappings: MappingsControl | None = None
    messages: MessageRoute | None = None
    fhir_in: FhirInRoutes | None = None
    notifications: NotificationRoutes | None = None
    tokens: BearerTokens | None = None
    dead_letters: DeadLetterControl | None = None
    scores: ScoreControl | None = None
    replays: ReplayControl | None = None
    kept_messages: MessagesControl | None = None
    jwks: Callable[[], dict[str, Any]] | None = None
    tell: Tell = tell_nobody
