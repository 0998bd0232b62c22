"""The settings of the destination: by which plan scores leave, for which server, and how we are known there."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from adapter.outbound.oru_settings import ResultInterface, Results
from adapter.sections import ClientTls, Section, Texts, split_text

Paths = Annotated[list[Path], NoDecode, BeforeValidator(split_text)]
Seconds = Annotated[float, Field(gt=0, le=3600)]

SCOPE = "system/Observation.cruds system/Device.cruds system/Provenance.cruds system/DiagnosticReport.cruds"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NEEDS = {
    "none": (),
    "basic": ("user", "password"),
    "bearer": ("token",),
    "exec": ("command",),
    "smart": ("client_id", "keys"),
}
"""Method -> the settings that it cannot do without."""


def check_url(value: str | None) -> str | None:
    """Turn an address into itself without a slash at its end; raises ValueError for what is no safe base."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give an address such as https://fhir.hospital.example/r4")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("an address has no query, no fragment and no password in it")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError("give an https address: patients' data leave this machine over TLS only")
    return value.rstrip("/")


class FhirAuth(Section):
    """How we show the FHIR server who we are; client certificates are in ``destination.tls``."""

    method: Literal["none", "basic", "bearer", "exec", "smart"] = "none"
    """``smart``: SMART Backend Services; ``bearer``: a token in a file; ``exec``: a command prints the token."""
    user: str | None = None
    """``basic``: the user's name."""
    password: Path | None = None
    """``basic``: a file that holds the password."""
    token: Path | None = None
    """``bearer``: a file that holds the token, read again when it changes."""
    command: Texts | None = None
    """``exec``: program and arguments; it prints the token, or JSON with ``access_token`` and ``expires_in``."""
    client_id: str | None = None
    """``smart``: the name that the authorisation server knows us by."""
    keys: Paths | None = None
    """``smart``: PEM files of private keys (RSA or P-384); the first one signs, all are published."""
    token_url: str | None = None
    """``smart``: the token endpoint; unset: as the FHIR server's smart-configuration says, on its own host only."""
    scope: str | None = None
    """``smart``: what is asked for; unset: all of what a plan may need to write and to search."""

    _token_url = field_validator("token_url")(check_url)

    @model_validator(mode="after")
    def _has_what_its_method_needs(self) -> Self:
        missing = [name for name in _NEEDS[self.method] if not getattr(self, name)]
        if missing:
            raise ValueError(f"method {self.method} needs {' and '.join(missing)}")
        return self


class Destination(Section):
    """Where scores go."""

    plan: Literal["embedded", "transaction", "sequential", "oru"] = "embedded"
    """``embedded``: our own read-only FHIR endpoint; ``transaction``, ``sequential``: to a FHIR server; ``oru``: to an
    EHR's results interface."""
    fhir_base_url: str | None = None
    """The FHIR server's base address; https, except on loopback. No request goes anywhere else."""
    identity: Literal["identifiers", "client-ids"] = "identifiers"
    """``identifiers``: the server gives ids, ours are found by identifier; ``client-ids``: it takes ours."""
    conditional_create: bool | None = None
    """Whether the server honours If-None-Exist; unset: as its CapabilityStatement says, no where it says nothing."""
    conditional_update: bool | None = None
    """Whether the server updates by a search; unset: as its CapabilityStatement says, no where it says nothing."""
    max_entries: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Entries of one transaction; unset: no limit."""
    provenance: bool = True
    """Send the Provenance; some servers take none."""
    report_link: Literal["none", "patch", "put", "summary"] = "none"
    """How the hospital's DiagnosticReport comes to name the score; ``summary``: by a report of our own beside it."""
    report_system: str | None = None
    """The ``system`` of accessions on the server's reports, where a message names none."""
    media_type: str = "application/fhir+json"
    """What bodies are called; some servers want ``application/fhir+json; fhirVersion=4.0``, some no parameter."""
    connect_timeout: Seconds = 5.0
    """Seconds for a connection to stand."""
    timeout: Seconds = 30.0
    """Seconds for one request as a whole."""
    connections: Annotated[int, Field(ge=1, le=64)] = 8
    """Connections at a time."""
    max_answer: Annotated[int, Field(ge=1024, le=2**30)] = 16 * 1024 * 1024
    """Bytes of an answer, unpacked; a longer one is not read."""
    give_up_after: Annotated[float, Field(gt=0, le=24 * 365)] = 72
    """Hours that a delivery is tried again, until it becomes a dead letter."""
    auth: FhirAuth = FhirAuth()
    """How we show who we are."""
    tls: ClientTls = ClientTls()
    """Certificates."""
    mllp: ResultInterface = ResultInterface()
    """``oru``: where the EHR's interface listens."""
    oru: Results = Results()
    """``oru``: what is agreed about the messages."""

    _base_url = field_validator("fhir_base_url")(check_url)

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if self.plan in ("transaction", "sequential") and self.fhir_base_url is None:
            raise ValueError(f"plan {self.plan} needs fhir_base_url")
        if self.plan == "oru" and self.mllp.host is None:
            raise ValueError("plan oru needs mllp.host")
        return self
