"""The form of a section of the settings, and what several doors have in common: lists of texts, TLS files."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
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
