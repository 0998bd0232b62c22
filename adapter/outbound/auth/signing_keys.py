"""Our keys: the private ones sign, the public ones are published, and both change while we run."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from adapter.delivery import Answer, DeliveryError
from adapter.outbound.watched_file import WatchedFile

SMALLEST_RSA = 2048
"""Bits."""
_THUMBPRINT = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}
"""RFC 7638: the members that make a key's thumbprint."""

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One private key, the algorithm that it signs by, and its public half as a JWK with its ``kid``."""

    private: PrivateKey
    algorithm: str
    public: dict[str, Any]

    @property
    def kid(self) -> str:
        """The key's name: its RFC 7638 thumbprint, the same wherever it is computed."""
        return str(self.public["kid"])


class SigningKeys:
    """The site's keys, read again when their files change; the first one signs; ``setting`` is what names them."""

    def __init__(self, files: Sequence[Path], setting: str) -> None:
        self._setting = setting
        self._files = [WatchedFile(file, f"{setting}: {file.name}") for file in files]
        self._parsed: dict[bytes, SigningKey] = {}

    def current(self) -> list[SigningKey]:
        """Give the keys of now, the signing one first; raises DeliveryError for a file that holds none."""
        contents = [file.read() for file in self._files]
        self._parsed = {pem: self._parsed.get(pem) or signing_key(pem, self._setting) for pem in contents}
        return list(self._parsed.values())


def jwks(every: Iterable[SigningKeys]) -> dict[str, Any]:
    """Turn the keys of all that we sign for into a JWK Set of their public halves; raises DeliveryError."""
    public = {key.kid: key.public for keys in every for key in keys.current()}
    return {"keys": list(public.values())}


def signing_key(pem: bytes, setting: str) -> SigningKey:
    """Turn a PEM private key into one that signs: RS384 for RSA of 2048 bits or more, ES384 for P-384."""
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unusable(setting) from None
    if isinstance(private, RSAPrivateKey) and private.key_size >= SMALLEST_RSA:
        return _named(private, "RS384", RSAAlgorithm.to_jwk(private.public_key(), as_dict=True))
    if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP384R1):
        return _named(private, "ES384", ECAlgorithm.to_jwk(private.public_key(), as_dict=True))
    raise _unusable(setting)


def _unusable(setting: str) -> DeliveryError:
    rule = f"{setting}: give PEM private keys without a password, RSA of 2048 bits or more, or EC P-384"
    return DeliveryError(Answer(rule=rule))


def _named(private: PrivateKey, algorithm: str, jwk: dict[str, Any]) -> SigningKey:
    members = {name: jwk[name] for name in _THUMBPRINT[jwk["kty"]]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    kid = urlsafe_b64encode(sha256(canonical).digest()).rstrip(b"=").decode()
    return SigningKey(private, algorithm, {**members, "kid": kid, "alg": algorithm, "use": "sig"})
