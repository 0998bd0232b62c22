"""The form of a section of the settings, and what several parts have in common: lists of texts, TLS files, loopback."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_settings import NoDecode


def split_text(value: object) -> object:
    """Turn a list as the environment has it, with commas, into a list; anything else stays as it is."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Texts = Annotated[list[str], NoDecode, BeforeValidator(split_text)]


class Section(BaseModel):
    """A section of the settings: an unknown key is a fault, and nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Tls(Section):
    """PEM files; with ``client_authorities`` a client must show a certificate that one of them issued."""

    certificate: Path
    """Our certificate chain."""
    key: Path
    """Its private key."""
    key_password: Path | None = None
    """A file that holds the key's password."""
    client_authorities: Path | None = None
    """The authorities of client certificates; a client without one is then turned away."""
    client_subjects: Texts | None = None
    """If set, only these certificate subjects (RFC 4514 text) may connect."""


class ClientTls(Section):
    """PEM files; each is read again when it changes."""

    authorities: Path | None = None
    """Who issues the server's certificate; unset: those of the system."""
    certificate: Path | None = None
    """Our certificate chain, where the server asks for one."""
    key: Path | None = None
    """Its private key."""
    key_password: Path | None = None
    """A file that holds the key's password."""

    @model_validator(mode="after")
    def _certificate_and_key_come_together(self) -> Self:
        if (self.certificate is None) is not (self.key is None):
            raise ValueError("give certificate and key together")
        return self


def is_loopback(host: str) -> bool:
    """Can only this machine reach the address? A name other than localhost is not asked about: it may mean anything."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
