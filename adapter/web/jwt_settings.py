"""The settings of tokens that clients show: whose they may be, and how they may be signed."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode

from adapter.sections import Section, split_text

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
Algorithms = Annotated[
    list[Literal["RS256", "RS384", "ES256", "ES384"]], NoDecode, BeforeValidator(split_text), Field(min_length=1)
]


class JwtIssuer(Section):
    """An issuer whose tokens are taken."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    """Our name for it; its clients are known as ``name:client``."""
    issuer: Annotated[str, Field(min_length=1)]
    """``iss`` of its tokens, letter by letter."""
    audience: Annotated[str, Field(min_length=1)]
    """``aud`` of tokens that are meant for us."""
    jwks_file: Path | None = None
    """A JWK Set with its public keys, read again when it changes."""
    jwks_url: str | None = None
    """Where its JWK Set is fetched; https, except on loopback. A token's own ``jku`` is never followed."""
    algorithms: Algorithms = ["RS256", "RS384", "ES256", "ES384"]  # noqa: RUF012 - pydantic copies it
    """What its tokens may be signed by."""

    @field_validator("jwks_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("give an address such as https://id.hospital.example/jwks.json")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("give an https address: whoever changes the keys on the way could write")
        return value

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if (self.jwks_file is None) is (self.jwks_url is None):
            raise ValueError("give jwks_file or jwks_url")
        return self


class Jwt(Section):
    """Tokens (JWT) in place of API keys."""

    issuers: tuple[JwtIssuer, ...] = ()
    """Whose tokens are taken; unset: none are."""
    leeway: Annotated[float, Field(ge=0, le=300)] = 60
    """Seconds that an issuer's clock may differ from ours."""

    @model_validator(mode="after")
    def _issuers_can_be_told_apart(self) -> Self:
        for field in ("name", "issuer"):
            values = [getattr(one, field) for one in self.issuers]
            if len(set(values)) < len(values):
                raise ValueError(f"issuers: two entries have one {field}")
        return self
