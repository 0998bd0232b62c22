"""The public keys of an issuer of tokens: from a file, or from the address that the site named; never elsewhere."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapter.outcome import AdapterError

ALGORITHMS = {"RS256": "RSA", "RS384": "RSA", "ES256": "secp256r1", "ES384": "secp384r1"}
"""What a token may be signed by -> the kind of key that it needs; none and HS* are not among them."""
SMALLEST_RSA = 2048
"""Bits."""
REFRESH_EVERY = 60.0
"""Seconds between two requests for keys, however many tokens name one that is not known."""
KEEP = 3600.0
"""Seconds that fetched keys are used without another look."""

PublicKey = RSAPublicKey | EllipticCurvePublicKey


class KeysUnavailableError(AdapterError):
    """The issuer's keys cannot be had now; nothing is known of a token then."""


class IssuerKeys(Protocol):
    """Who knows an issuer's keys."""

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        """Give the key of this name that fits the algorithm; raises KeysUnavailableError."""
        ...


class FileKeys:
    """A JWK Set in a file, read again when it changes; raises KeysUnavailableError when made from a faulty one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._keys: list[dict[str, Any]] = []
        self._read()

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        """Give the key of this name that fits the algorithm; a file that became faulty leaves the former keys."""
        try:
            self._read()
        except KeysUnavailableError:
            if not self._keys:
                raise
        return fitting(self._keys, kid, algorithm)

    def _read(self) -> None:
        try:
            status = self._file.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen != self._seen:
                self._keys, self._seen = key_set(self._file.read_bytes()), seen
        except OSError as error:
            raise KeysUnavailableError(f"cannot be read: {error.strerror}") from None


class FetchedKeys:
    """A JWK Set behind one address, fetched when it is first needed, hourly, and for a name that is new."""

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: list[dict[str, Any]] = []
        self._asked: float | None = None
        self._fetched: float | None = None
        self._asking = asyncio.Lock()

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        """Give the key of this name that fits the algorithm."""
        async with self._asking:
            is_old = self._fetched is None or self._clock() - self._fetched > KEEP
            if is_old or fitting(self._keys, kid, algorithm) is None:
                await self._refresh()
        if self._fetched is None:
            raise KeysUnavailableError("the issuer's keys cannot be fetched")
        return fitting(self._keys, kid, algorithm)

    async def _refresh(self) -> None:
        """Keys that were fetched before stay in use while the issuer does not answer."""
        if self._asked is not None and self._clock() - self._asked < REFRESH_EVERY:
            return
        self._asked = self._clock()
        try:
            self._keys = key_set(await self._fetch())
        except AdapterError:
            return
        self._fetched = self._clock()


def key_set(text: bytes) -> list[dict[str, Any]]:
    """Turn a JWK Set into its keys; raises KeysUnavailableError for anything else."""
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeysUnavailableError("is no JWK Set") from None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise KeysUnavailableError("is no JWK Set")
    return keys


def fitting(keys: list[dict[str, Any]], kid: str, algorithm: str) -> PublicKey | None:
    """Turn a set into the key of this name, if it is one that may verify this algorithm."""
    for key in keys:
        if key.get("kid") != kid or key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
            continue
        public = _public(key)
        if public is not None and _fits(public, algorithm):
            return public
    return None


def _public(key: dict[str, Any]) -> PublicKey | None:
    if key.get("kty") not in ("RSA", "EC") or "d" in key:
        return None
    try:
        found = jwt.PyJWK(key).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return found if isinstance(found, RSAPublicKey | EllipticCurvePublicKey) else None


def _fits(key: PublicKey, algorithm: str) -> bool:
    if isinstance(key, RSAPublicKey):
        return ALGORITHMS.get(algorithm) == "RSA" and key.key_size >= SMALLEST_RSA
    return ALGORITHMS.get(algorithm) == key.curve.name
