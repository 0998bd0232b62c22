"""The settings of FHIR in: who may write reports here, and from which servers they are fetched."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from adapter.arrival import Sender
from adapter.inbound.agreements import EVERYONE_ELSE, Bytes, Count, Name, Seconds, check_names, known_by
from adapter.inbound.credentials import CredentialRule, CredentialSenders
from adapter.outbound.fhir_settings import Destination, FhirAuth, check_url
from adapter.sections import ClientTls, Section, Texts

SCOPE = "system/DiagnosticReport.rs system/Observation.rs system/Patient.rs system/ServiceRequest.rs"
"""What fetching needs; ``system/ImagingStudy.rs`` and ``system/Subscription.ru`` where the server has them."""


class FhirSender(Section):
    """Who may write, and by which credentials it is known."""

    name: Name
    """The sender's name."""
    api_clients: Texts | None = None
    """Names in the file of ``security.api_keys``, or ``issuer:client`` of tokens."""
    certificate_subjects: Texts | None = None
    """Subjects of its client certificates (RFC 4514 text); with ``api_clients``, both have to fit."""

    _known = known_by("api_clients", "certificate_subjects")

    def to_rule(self) -> CredentialRule:
        """Turn the entry into the rule that knows its requests."""
        return CredentialRule.of(Sender(self.name), self.api_clients, self.certificate_subjects)


class FhirSubscription(Section):
    """A subscription at a source that notifies us."""

    secret: Path
    """A file that holds what the server sends in ``header``; 16 characters or more."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "X-Subscription-Secret"
    """The header, as ``Subscription.channel.header`` names it."""
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-][A-Za-z0-9.-]{0,63}$")] | None = None
    """The Subscription's id at the server; then it is looked after, and switched on again."""
    heartbeat: Seconds | None = None
    """Seconds between two signs of life that were agreed; after two of them the server is asked."""
    check: Seconds = 300
    """Seconds between two looks at the Subscription."""


class FhirSource(Section):
    """A server that reports are fetched from."""

    name: Name
    """Our name for it: the channel that its reports are kept under."""
    fhir_base_url: str
    """Its base address; https, except on loopback. No request goes anywhere else."""
    known_as: Texts | None = None
    """Other base addresses that the server gives itself in links and references; they are asked for at its own."""
    auth: FhirAuth = FhirAuth()
    """How we show who we are."""
    tls: ClientTls = ClientTls()
    """Certificates."""
    timeout: Seconds = 30.0
    """Seconds for one request as a whole."""
    max_answer: Bytes = 16 * 1024 * 1024
    """Bytes of an answer, unpacked; a longer one is not read."""
    poll: Seconds | None = None
    """Seconds between two sweeps; unset: only when a notification asks for one, or may have been lost."""
    overlap: Annotated[float, Field(ge=0, le=86_400)] = 300
    """Seconds of the server's time that two sweeps have in common."""
    look_back: Annotated[float, Field(ge=0, le=24 * 366)] = 24
    """Hours before now, by the server's clock, with which the first sweep begins."""
    category: str | None = None
    """``category`` of the search, such as ``RAD``; unset: all reports."""
    include: bool = True
    """Ask for what reports reference in the same search; it is fetched one by one where the server leaves it out."""
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    """Reports of one page."""
    most_pages: Count = 500
    """Pages of one sweep."""
    subscription: FhirSubscription | None = None
    """A subscription that notifies us at ``/subscriptions/<name>``."""

    _base_url = field_validator("fhir_base_url")(check_url)

    @field_validator("known_as")
    @classmethod
    def _are_bases(cls, value: list[str] | None) -> list[str] | None:
        return None if value is None else [one.rstrip("/") for one in value]

    @property
    def section(self) -> str:
        """What the entry is called where something is wrong with it."""
        return f"fhir_in.sources.{self.name}"

    def to_client(self) -> Destination:
        """Turn the entry into what a client of a FHIR server is made of."""
        auth = self.auth if self.auth.scope else self.auth.model_copy(update={"scope": SCOPE})
        return Destination(
            fhir_base_url=self.fhir_base_url,
            auth=auth,
            tls=self.tls,
            timeout=self.timeout,
            max_answer=self.max_answer,
            connections=4,
        )


class FhirIn(Section):
    """FHIR in."""

    enabled: bool = False
    """Whether ``POST /fhir`` and ``POST|PUT /fhir/DiagnosticReport`` take reports; then there has to be a sender."""
    name: Name = "fhir"
    """The listener's name: the channel that its messages are kept under."""
    senders: tuple[FhirSender, ...] = ()
    """Who may write; the first entry that fits holds, all others are refused."""
    sources: tuple[FhirSource, ...] = ()
    """Servers that reports are fetched from."""
    max_body: Annotated[int, Field(ge=1024, le=8 * 1024 * 1024)] = 8 * 1024 * 1024
    """Bytes; a larger body is refused (413)."""
    max_outstanding: Count = 8
    """Requests at a time whose bodies are read or stored; one more is refused (429)."""
    body_timeout: Seconds = 30.0
    """Seconds for a body to arrive."""
    handler_timeout: Seconds = 30.0
    """Seconds for storing a body; then 503, and the sender repeats it."""

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if self.enabled and not self.senders:
            raise ValueError("senders: name who may write")
        for field, entries in (("senders", self.senders), ("sources", self.sources)):
            check_names(field, entries)
        return self

    def to_senders(self) -> CredentialSenders:
        """Turn the entries into who is known how; without one named default, nobody else may write."""
        rules = [entry.to_rule() for entry in self.senders if entry.name != EVERYONE_ELSE]
        others = [Sender(entry.name) for entry in self.senders if entry.name == EVERYONE_ELSE]
        return CredentialSenders(self.name, rules, *others)
