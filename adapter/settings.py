"""Every setting: name, default, unit, meaning. A YAML file, then the environment (NETPET_SECTION__KEY), then flags."""

import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from adapter.fhir_in_settings import FhirIn
from adapter.inbound.drop_settings import Drop
from adapter.inbound.http_settings import HttpMessages
from adapter.inbound.mllp_settings import Mllp
from adapter.mapping.errors import MappingFileError
from adapter.mapping.loader import read_tree
from adapter.outbound.fhir_settings import Destination
from adapter.outcome import AdapterError
from adapter.scoring.result import Policy
from adapter.sections import Section, Tls, is_loopback, split_text
from adapter.store.settings import ROLES, Part, Retention, Store
from adapter.web.jwt_settings import Jwt

__all__ = [
    "Http",
    "Mllp",
    "Settings",
    "SettingsError",
    "Store",
    "Tls",
    "is_loopback",
    "load_settings",
    "shipped_folder",
]

PREFIX = "NETPET_"
CONFIG_VARIABLE = "NETPET_CONFIG"


class SettingsError(AdapterError):
    """The settings cannot be used; ``faults`` names every one of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


Tissues = Annotated[list[Literal["liver", "spleen", "blood-pool"]], NoDecode, BeforeValidator(split_text)]


class IntakeSettings(Section):
    """What is taken, and what stays of it."""

    refuse_unmappable: bool = False
    """Read each message before it is answered, and refuse (AE) what would be held."""
    keep_ignored: Annotated[float, Field(ge=0, le=365)] = 0
    """Days that the body of an ignored message is kept; 0: not at all."""
    duplicate_window: Annotated[float, Field(gt=0, le=3650)] = 30
    """Days within which a control ID stands for one message of its sender."""


class Http(Section):
    """The FHIR read endpoint and the health of the service."""

    host: str = "127.0.0.1"
    """Address to listen on; any but loopback needs ``http.tls`` and ``security.api_keys``."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """TCP port; 0 takes a free one."""
    tls: Tls | None = None
    """TLS; unset: plain HTTP, on loopback only."""
    hl7v2: HttpMessages = HttpMessages()
    """``POST /hl7v2``: HL7 v2 over HTTP."""

    @model_validator(mode="after")
    def _certificates_can_be_shown(self) -> Self:
        certified = any(sender.certificate_subjects for sender in self.hl7v2.senders)
        if certified and not _asks_for_certificates(self.tls):
            raise ValueError("hl7v2.senders: certificate_subjects need tls.client_authorities")
        return self


class Mappings(Section):
    """The sites' mappings."""

    directory: Path | None = None
    """Folder of the mapping files; unset: those that come with the program."""
    reload: Annotated[float, Field(ge=0, le=3600)] = 2
    """Seconds between looks whether the files changed; 0: only when told to (SIGHUP, ``POST /mappings/reload``)."""


class PolicySettings(Section):
    """Clinical settings; each travels with every score (docs/clinical.md)."""

    equality_tolerance: Annotated[Decimal, Field(ge=0, le=1)] = Decimal(0)
    """Relative tolerance of "FDG = SSTR"; 0.1 is 10 %."""
    interval_days: Annotated[int, Field(ge=0)] = 31
    """Days between the two acquisitions up to which a pair is scored without review."""
    interval_limit_days: Annotated[int, Field(ge=0)] = 60
    """Days beyond which a pair is not scored, and after which a study stops waiting for its partner."""
    positivity_references: Tissues = ["liver", "spleen"]  # noqa: RUF012 - pydantic copies it
    """Reference tissues above which an SUVmax counts as positive where the reader made no call."""
    publish_final: bool = False
    """Publish scores as final that no person has confirmed; otherwise they are preliminary."""

    def to_policy(self) -> Policy:
        """Turn the settings into what the core is given."""
        return Policy(
            self.equality_tolerance,
            self.interval_days,
            self.interval_limit_days,
            tuple(self.positivity_references),
        )


class Security(Section):
    """Who may read."""

    api_keys: Path | None = None
    """A file with a line ``name:key`` for each client; requests to /fhir then need ``Authorization: Bearer <key>``."""
    jwt: Jwt = Jwt()
    """Tokens of the site's issuers, in place of keys."""


class Settings(BaseSettings):
    """All settings of the service."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    mllp: Mllp = Mllp()
    drop: Drop = Drop()
    fhir_in: FhirIn = FhirIn()
    intake: IntakeSettings = IntakeSettings()
    http: Http = Http()
    service: Part = Part()
    store: Store = Store()
    retention: Retention = Retention()
    mappings: Mappings = Mappings()
    destination: Destination = Destination()
    policy: PolicySettings = PolicySettings()
    security: Security = Security()


class _FileSource(PydanticBaseSettingsSource):
    """The YAML file as one more source of settings: strings only, read by the mappings' own strict loader."""

    def __init__(self, settings: type[BaseSettings], tree: dict[str, Any]) -> None:
        super().__init__(settings)
        self._tree = tree

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the library's form
        """Give one section as the file has it."""
        return self._tree.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._tree


def load_settings(file: Path | None = None, flags: dict[str, Any] | None = None) -> Settings:
    """Turn a file, the environment and flags (section -> key -> value) into settings.

    Raises SettingsError with all faults at once. The file may also be named by NETPET_CONFIG.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    file = file or (Path(named) if named else None)
    tree = _read_file(file) if file else {}

    class Sources(Settings):
        @classmethod
        def settings_customise_sources(  # type: ignore[override] # the library passes these by keyword, two are used
            cls, _settings: Any, init_settings: Any, env_settings: Any, **_others: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (init_settings, env_settings, _FileSource(cls, tree))

    faults = _unknown_sections()
    try:
        settings = Sources(**(flags or {}))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise SettingsError(faults + [f"{_name(fault['loc'])}: {_sentence(fault)}" for fault in found]) from None
    faults += [*_open_doors(settings), *_mixed_doors(settings), *_missing_parts(settings), *_forgetful(settings)]
    if faults:
        raise SettingsError(faults)
    return settings


def _unknown_sections() -> list[str]:
    """The library reads only the variables that it knows: a misspelt section would be passed over in silence."""
    ours = (name.upper() for name in os.environ if name.upper().startswith(PREFIX) and name.upper() != CONFIG_VARIABLE)
    known = {section.upper() for section in Settings.model_fields}
    wrong = sorted(
        name for name in ours if name.removeprefix(PREFIX).split("__", 1)[0] not in known or "__" not in name
    )
    return [f"{name}: {_NO_SUCH}" for name in wrong]


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return read_tree(file.read_bytes(), str(file)).root
    except OSError as error:
        raise SettingsError([f"{file}: {error.strerror}"]) from None
    except MappingFileError as error:
        raise SettingsError([str(error)]) from None


_NO_SUCH = "there is no such setting (docs/settings.md lists them)"


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location)


def _sentence(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return _NO_SUCH
    return str(fault["msg"]).removeprefix("Value error, ")


def _open_doors(settings: Settings) -> list[str]:
    """Patients' data leave the machine only over TLS and to clients that are known."""
    faults = []
    if not is_loopback(settings.http.host):
        if settings.http.tls is None:
            faults.append("http.tls: needed because http.host is not loopback")
        has_keys = settings.security.api_keys is not None or bool(settings.security.jwt.issuers)
        if not has_keys and not _asks_for_certificates(settings.http.tls):
            faults.append("security.api_keys: needed because http.host is not loopback")
    if not is_loopback(settings.mllp.host) and not _asks_for_certificates(settings.mllp.tls):
        faults.append("mllp.tls: needed, with client_authorities, because mllp.host is not loopback")
    return faults


def _mixed_doors(settings: Settings) -> Iterator[str]:
    """Each door that is open has a name of its own, and what it knows its senders by."""
    messages = settings.http.hl7v2
    names = {"http.hl7v2.name": messages.name} if messages.enabled else {}
    names |= {"drop.name": settings.drop.name} if settings.drop.folder else {}
    names |= {"fhir_in.name": settings.fhir_in.name} if settings.fhir_in.enabled else {}
    names |= {f"fhir_in.sources.{one.name}.name": one.name for one in settings.fhir_in.sources}
    for place, name in names.items():
        if name == settings.mllp.name or list(names.values()).count(name) > 1:
            yield f"{place}: another listener has this name"
    if settings.security.api_keys is None and any(sender.api_clients for sender in messages.senders):
        yield "http.hl7v2.senders: api_clients need security.api_keys"
    yield from _unknown_writers(settings)


def _unknown_writers(settings: Settings) -> Iterator[str]:
    """Who may write FHIR is known by a key, a token or a certificate that is asked for."""
    senders, security = settings.fhir_in.senders, settings.security
    if any(sender.api_clients for sender in senders) and not (security.api_keys or security.jwt.issuers):
        yield "fhir_in.senders: api_clients need security.api_keys or security.jwt"
    if any(sender.certificate_subjects for sender in senders) and not _asks_for_certificates(settings.http.tls):
        yield "fhir_in.senders: certificate_subjects need http.tls.client_authorities"


def _missing_parts(settings: Settings) -> Iterator[str]:
    """A SQLite file is used by one process: what that one does not do, nobody does."""
    if not settings.store.is_shared and set(settings.service.roles) != set(ROLES):
        yield "service.roles: with SQLite one process has all of them; to share the work set store.url to PostgreSQL"


def _forgetful(settings: Settings) -> Iterator[str]:
    """As long as a control ID stands for one message, that message is remembered."""
    if settings.retention.message_days < settings.intake.duplicate_window:
        yield "retention.message_days: not below intake.duplicate_window"


def _asks_for_certificates(tls: Tls | None) -> bool:
    return tls is not None and tls.client_authorities is not None


def shipped_folder(name: str) -> Path:
    """Turn ``mappings`` or ``fixtures`` into the folder that came with the program, installed or in its source tree."""
    beside = Path(__file__).parent.parent / name
    installed = Path(sys.prefix) / "share" / "netpet-adapter" / name
    return beside if beside.is_dir() else installed
